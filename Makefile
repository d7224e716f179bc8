# make		build/nestbox; gets what it needs first
# make check	unit tests, tests, and these once more in guests; TESTS='tests/pivot.t' runs only these
# make check-guests	those in QEMU; KERNELS='6.1 6.12 sid' says under which of Debian's,
#			sid-brief under unstable's the tests that a kernel may matter to
# make demo	a container start, step by step
# make initramfs	build/initramfs.cpio.gz: two containers on a bare kernel; make boot shows it
# make install	below $(DESTDIR)$(PREFIX)
# make san	make check with ASan and UBSan, by glibc, in build/san
# make trap	a guest whose nestbox, musl's, ends at what UBSan finds: build/trap
# make lint	clang-tidy, cppcheck, shellcheck, mandoc
# make fuzz	SECONDS=60 for each of TARGETS='caps users ...'; make corpus keeps the finds
# V=1 shows the commands; CROSS=aarch64-linux-musl- builds with that compiler.

VERSION = 0.1.0

PREFIX = /usr/local
# nothing unwinds a stack in C, and nobody debugs a stripped program: an eighth of its bytes
CFLAGS = -Os -fno-asynchronous-unwind-tables
WERROR = -Werror

# A variant of the build (a cross build here) has its own folder $(B), its own
# libraries $(DEPS), compiler and flags; the rules below are the same for all.
B := build$(if $(CROSS),/$(CROSS:%-=%))
DEPS := build/deps$(if $(CROSS),-$(CROSS:%-=%))
O := $(B)/obj
BIN := $(B)/nestbox

# The host's own compiler where it makes musl programs already (Alpine).
musl_host := $(findstring musl,$(shell cc -dumpmachine 2>/dev/null))
CC := $(or $(CROSS:%=%gcc),$(if $(musl_host),cc,musl-gcc))

# Not -static-pie: Debian's musl-gcc makes a dynamic program of it.
LINK := -static -fno-pie -no-pie -s
FLAGS := -std=gnu11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	-fno-pie -ffunction-sections -fdata-sections -ffile-prefix-map='$(CURDIR)'=. \
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wformat=2 -Wvla -Wno-missing-field-initializers $(WERROR) \
	-I. -isystem $(DEPS)/include -isystem $(DEPS)/uapi

# Sorted: the order of the objects is part of the product's bytes.
sources = $(sort $(wildcard $(1)/*.c))
objects = $(patsubst %.c,$(O)/%.o,$(call sources,$(1)))
core := $(call objects,core)
applets := $(call objects,applets)
units := $(patsubst tests/%.c,$(B)/%,$(call sources,tests/unit))

# what tests call besides, here and in guests
tools := $(patsubst tests/tools/%.c,$(B)/%,$(call sources,tests/tools))

# Each fuzzer's corpus is a test too: replay.c has the main() that libFuzzer has else.
REPLAY = $(O)/tests/fuzz/replay.o
TARGETS := $(patsubst tests/fuzz/%.c,%,$(filter-out %/replay.c,$(call sources,tests/fuzz)))
replays := $(TARGETS:%=$(B)/fuzz/%)

# Each kernel is one more test: a guest that runs tests/*.t under it. One takes
# ten minutes of a processor, -brief two and a half.
KERNELS = 6.1 6.12
guests = $(KERNELS:%=$(B)/guest/%)

# these are about the product's own bytes, and boot it alone, which a variant cannot
PRODUCT = tests/boot.t tests/build.t tests/size.t
TESTS = $(units) $(replays) $(filter-out $(SKIP),$(sort $(wildcard tests/*.t))) $(guests)

ifdef V
say = @:
else
.SILENT:
say = @printf '  %-6s %s\n'
endif

all: $(BIN)

deps := $(addprefix deps-,bench build demo fuzz lint san test)
.PHONY: all bench boot check check-guests clean corpus demo $(deps) distclean fuzz fuzzers initramfs install layers lint san trap uninstall
# Objects stay though only a pattern rule mentions them, and half a file never does.
.SECONDARY:
.DELETE_ON_ERROR:

$(deps):
	CROSS='$(CROSS)' scripts/deps $(@:deps-%=%)

# one after the other, also with -j
$(filter-out deps-build,$(deps)): | deps-build

# deps-build always runs and so must not make objects old; the Makefile does, as
# it has the flags and the version, and scripts/deps, as it makes the libraries.
$(O)/%.o: %.c Makefile scripts/deps | deps-build
	$(say) CC $<
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# renamed into its place: somebody may be running the one that is there
link = $(CC) $(LINK) $(LDFLAGS) -Wl,--gc-sections -o $@.$$$$ $(filter %.o,$^) -L$(DEPS)/lib -lcap -lmnl -ljson-c && mv $@.$$$$ $@

$(BIN): $(core) $(applets) Makefile
	$(say) LINK $@
	$(link)

# Unit tests link core alone, as a layer that needs the one above it would not
# link; those of applets do without the applets' main().
$(B)/unit/%: $(O)/tests/unit/%.o $(core)
	$(say) LINK $@
	@mkdir -p $(@D)
	$(link)

$(B)/unit/applet_%: $(O)/tests/unit/applet_%.o $(core) $(filter-out $(O)/applets/main.o,$(applets))
	$(say) LINK $@
	@mkdir -p $(@D)
	$(link)

$(B)/fuzz/%: $(O)/tests/fuzz/%.o $(REPLAY) $(core)
	$(say) LINK $@
	@mkdir -p $(@D)
	$(link)

$(B)/fuzz/applet_%: $(O)/tests/fuzz/applet_%.o $(REPLAY) $(core) $(filter-out $(O)/applets/main.o,$(applets))
	$(say) LINK $@
	@mkdir -p $(@D)
	$(link)

# prove runs each file itself: a test of either kind is a program that prints TAP.
check: deps-test $(BIN) $(tools) $(filter $(units) $(replays) $(guests),$(TESTS))
	NB='$(abspath $(BIN))' KERNELS='$(KERNELS)' prove $(PROVEFLAGS) -e '' $(TESTS)

check-guests:
	+$(again) TESTS='$(guests)' check

$(tools): $(B)/%: $(O)/tests/tools/%.o $(core)
	$(say) LINK $@
	$(link)

# scripts/guest takes the name that it is called by for the kernel's
$(B)/guest/%: scripts/guest $(tools) | deps-test
	@mkdir -p $(@D)
	scripts/kernel $(*:%-brief=%)
	ln -sf '$(CURDIR)/scripts/guest' $@

$(B)/initramfs.cpio.gz: $(BIN) scripts/initramfs scripts/cpio $(wildcard initramfs/*) | deps-demo
	$(say) IMAGE $@
	NB='$(abspath $(BIN))' scripts/initramfs >$@

initramfs: $(B)/initramfs.cpio.gz

MEMORY = 80M
boot: $(B)/initramfs.cpio.gz | deps-test
	scripts/qemu $(lastword $(filter-out %-brief,$(KERNELS))) $< -m $(MEMORY) -serial stdio

demo: deps-demo $(BIN)
	PATH='$(CURDIR)/$(B)':"$$PATH" scripts/demo

# The variants: these rules once more, with other flags and a folder of their own.
# -isystem and -L of a folder that is not there leave glibc's own libraries.
again = $(MAKE) --no-print-directory
SAN = -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all

san: deps-test deps-san
	+$(again) B=build/san DEPS=build/san/deps CC=gcc WERROR= SKIP='$(PRODUCT)' KERNELS= \
		CFLAGS='$(SAN) -include tests/san.h -fsanitize=address,undefined' \
		LINK='-no-pie -fsanitize=address,undefined' check

trap:
	+$(again) B=build/trap CFLAGS='-Os -fsanitize=undefined -fsanitize-undefined-trap-on-error' \
		KERNELS='$(firstword $(KERNELS))' check-guests

fuzzers: $(replays)

SECONDS = 60
FUZZ = $(again) B=build/fuzz DEPS=build/fuzz/deps CC=clang WERROR= REPLAY= \
	CFLAGS='$(SAN) -Wno-format-nonliteral -fsanitize=fuzzer-no-link,address,undefined' LINK='-no-pie -fsanitize=fuzzer,address,undefined'
fuzz: deps-san deps-fuzz
	+$(FUZZ) fuzzers
	for t in $(TARGETS); do \
		scripts/fuzz run build/fuzz/fuzz/$$t $(SECONDS) || exit; \
	done

corpus: deps-san deps-fuzz
	+$(FUZZ) fuzzers
	for t in $(TARGETS); do \
		scripts/fuzz merge build/fuzz/fuzz/$$t || exit; \
	done

lint: deps-lint
	scripts/lint

layers:
	scripts/check-layers

# the bare system calls, and what times it all: nothing of the product's
$(B)/floor $(B)/timer: $(B)/%: tests/bench/%.c Makefile | deps-build
	$(say) CC $<
	$(CC) $(LINK) -O2 -D_GNU_SOURCE -Wall -Wextra -isystem $(DEPS)/uapi -o $@ $<

bench: deps-bench $(BIN) $(B)/floor $(B)/timer $(B)/filter
	B='$(B)' scripts/bench

dest = $(DESTDIR)$(PREFIX)
completion = $(dest)/share/bash-completion/completions/nestbox
man1 = $(dest)/share/man/man1

# A program of that name that is not ours stays: PREFIX=/usr must not cost a
# machine its util-linux.
install: $(BIN)
	install -D -m 755 $(BIN) '$(dest)/bin/nestbox'
	for a in $$($(BIN) --list links); do \
		l='$(dest)/bin/'$$a; \
		if [ "$$(readlink "$$l")" != nestbox ] && { [ -e "$$l" ] || [ -L "$$l" ]; }; then \
			echo "$$l is another program's, no link made"; \
		else \
			ln -sf nestbox "$$l" || exit; \
		fi; \
	done
	install -d '$(man1)'
	install -m 644 $(wildcard applets/*.1) '$(man1)'
	install -D -m 644 scripts/nestbox.bash '$(completion)'

uninstall:
	for l in '$(dest)/bin'/*; do \
		[ "$$(readlink "$$l")" != nestbox ] || rm -f "$$l"; \
	done
	rm -f '$(dest)/bin/nestbox' '$(completion)' \
		$(patsubst applets/%,'$(man1)/%',$(wildcard applets/*.1))

# what came over the network stays
clean:
	[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name 'deps*' ! -name 'debian-root*' ! -name kernels -exec rm -rf {} +

distclean:
	rm -rf build

-include $(wildcard $(O)/*/*.d $(O)/*/*/*.d)
