#!/bin/sh
# What is promised of the product and of its sources, whatever it does.
. "${0%/*}/lib.sh"
# a guest has no more of the tree than the other tests look at
need cmd:make

TOP=$(cd "$TESTS/.." && pwd)
export TOP
# the caller's make is none of the business of those started here
unset MAKEFLAGS MFLAGS MAKELEVEL
cat >>"$TMP/.env" <<'EOF'
# the sources alone, without what was built of them
copy_tree()
{
	mkdir -p "$1"
	(cd "$TOP" && tar cf - Makefile LICENSE applets core scripts tests) | (cd "$1" && tar xf -)
}
EOF

if test_need cmd:readelf 'the product is static and stripped'; then
	test_ok 'the product has no interpreter' '
		readelf -lW "$NB" | grep -q LOAD
		not sh -c "readelf -lW \"\$NB\" | grep INTERP"
	'
	test_ok 'the product needs no library' '
		readelf -dW "$NB" | grep -q "There is no dynamic section"
		not sh -c "readelf -dW \"\$NB\" | grep NEEDED"
	'
	test_ok 'the product is stripped' '
		readelf -SW "$NB" | grep -q "\.text"
		not sh -c "readelf -SW \"\$NB\" | grep -E \"symtab|debug\""
	'
	test_ok 'the product names no folder of the machine that built it' '
		not grep -qF -e "$TOP" "$NB"
	'
fi
if test_need root 'the product runs in an empty root'; then
	test_ok 'the product runs in an empty root' '
		mkdir "$TMP/empty"
		cp "$NB" "$TMP/empty"
		chroot "$TMP/empty" /nestbox --version
	'
fi

test_ok 'core looks downwards only, prints nothing and exits nowhere' '"$TOP/scripts/check-layers"'
test_ok 'the control: violations of the layers are found' '
	copy_tree "$TMP/bad"
	cd "$TMP/bad"
	printf "#include \"core/mnt.h\"\nvoid f(void);\nvoid f(void)\n{\n\tprintf(\"\");\n}\n" >core/ns_bad.c
	not scripts/check-layers >said
	grep -q "^core/ns_bad.c:1: .*sideways" said
	grep -q "^core/ns_bad.c:5: core calls printf" said
'
test_ok 'nothing is left for later' '
	cd "$TOP"
	not grep -rnwE "TO""DO|FIX""ME|X""XX" Makefile applets core scripts tests
'
test_ok 'every test can be run by itself' '
	for t in "$TESTS"/*.t; do
		test -x "$t"
		head -n 1 "$t" | grep -qx "#!/bin/sh"
	done
'
if test_need cmd:shellcheck 'shellcheck'; then
	test_ok 'shellcheck has nothing against the scripts' '
		cd "$TOP"
		for f in scripts/*; do
			# what is only sourced is looked at with those who do (-a)
			case $(head -n 1 "$f") in
			"#!/bin/sh"* | "# bash completion"*) shellcheck -x -a -S warning "$f" ;;
			esac
		done
	'
	test_ok 'shellcheck has nothing against the tests' '
		cd "$TESTS"
		shellcheck -S warning -e SC1090,SC1091 lib.sh ./*.t
	'
fi
if test_need cmd:mandoc 'manual pages'; then
	test_ok 'mandoc has nothing against the manual pages' '
		cd "$TOP"
		mandoc -Tlint -W warning applets/*.1
	'
	test_ok 'the control: mandoc finds an unknown macro' '
		printf ".Dd November 24, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n.No-such\n" >"$TMP/x.1"
		not mandoc -Tlint -W warning "$TMP/x.1"
	'
fi

test_ok '--install makes hard links and --install -s symbolic ones, and each is its applet' '
	mkdir "$TMP/hard" "$TMP/soft"
	# a hard link cannot leave its file system
	cp "$NB" "$TMP/hard/nestbox"
	"$TMP/hard/nestbox" --install "$TMP/hard"
	nestbox --install -s "$TMP/soft"
	for a in $(nestbox --list links); do
		test ! -L "$TMP/hard/$a"
		test "$(stat -c %i "$TMP/hard/$a")" = "$(stat -c %i "$TMP/hard/nestbox")"
		test "$(readlink "$TMP/soft/$a")" = "$NB"
		"$TMP/hard/$a" --help | grep -q "^Usage: $a"
		"$TMP/soft/$a" --help | grep -q "^Usage: $a"
	done
	nestbox --install -s "$TMP/soft"
	"$TMP/hard/nestbox" --install "$TMP/hard"
'
test_ok '--install leaves the files of others alone' '
	mkdir "$TMP/others"
	echo mine >"$TMP/others/setpriv"
	not nestbox --install -s "$TMP/others" 2>"$TMP/said"
	grep -q "setpriv: make link: File exists" "$TMP/said"
	grep -qx mine "$TMP/others/setpriv"
'
test_fails 125 '^nestbox: --install: wants \[-s\] DIR$' '--install without a folder' 'nestbox --install'
test_fails 125 '^nestbox: .*no-such-folder: No such file or directory$' '--install into nowhere' 'nestbox --install "$TMP/no-such-folder"'

# a copy of the libraries too, or make might make those of this tree anew
if [ ! -e "$TOP/build/deps/stamp" ]; then
	test_skip 'two folders, the same bytes' 'no libraries in build/deps here'
elif test_need cmd:make 'two folders, the same bytes'; then
	test_limit=180
	test_ok 'two builds in two folders give the same bytes' '
		for d in "$TMP/one" "$TMP/a much/longer/path/two"; do
			copy_tree "$d"
			mkdir "$d/build"
			cp -a "$TOP/build/deps" "$d/build"
			touch -d "2001-01-01" "$d/core/err.c"
			make -C "$d" -s -j "$(nproc)" >/dev/null &
		done
		wait
		cmp "$TMP/one/build/nestbox" "$TMP/a much/longer/path/two/build/nestbox"
	'
	test_ok 'make install: program, links, manual pages, completion; and nothing is left by uninstall' '
		cd "$TMP/one"
		mkdir -p "$TMP/dest/usr/bin"
		echo mine >"$TMP/dest/usr/bin/setpriv"
		make -s install DESTDIR="$TMP/dest" PREFIX=/usr >"$TMP/said"
		cmp build/nestbox "$TMP/dest/usr/bin/nestbox"
		grep -q "setpriv is another program" "$TMP/said"
		grep -qx mine "$TMP/dest/usr/bin/setpriv"
		"$TMP/dest/usr/bin/unshare" --help | grep -q "^Usage: unshare"
		test ! -e "$TMP/dest/usr/bin/run"
		for a in $(nestbox --list); do
			test -s "$TMP/dest/usr/share/man/man1/nestbox-$a.1"
		done
		test -s "$TMP/dest/usr/share/man/man1/nestbox.1"
		cmp scripts/nestbox.bash "$TMP/dest/usr/share/bash-completion/completions/nestbox"
		make -s uninstall DESTDIR="$TMP/dest" PREFIX=/usr
		test "$(find "$TMP/dest" ! -type d)" = "$TMP/dest/usr/bin/setpriv"
	'
fi
# set -e passes over "! command": as a line of its own in a snippet it asserts nothing
test_ok 'no test negates a command where nobody looks' '
	if grep -nE "^[[:space:]]*! [^|&]*$" "$TESTS"/*.t; then exit 1; fi
'
done_testing
