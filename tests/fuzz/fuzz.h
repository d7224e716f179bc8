/*
 * fuzz: what each target needs. A target is a libFuzzer entry that gives one
 * input to a parser and checks what must hold of whatever comes out; replay.c
 * runs it over tests/corpus/TARGET without libFuzzer.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A property. Its failure is a crash, which is what the fuzzer looks for. */
#define require(cond)                                                                    \
	do {                                                                             \
		if (!(cond)) {                                                           \
			fprintf(stderr, "# %s:%d: %s\n", __FILE__, __LINE__, #cond);     \
			abort();                                                         \
		}                                                                        \
	} while (0)

/* Of several texts in one input, each ends at a form feed: no parser cares for it, and the corpus stays text. */
#define FUZZ_SEP '\f'

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Take the next text, "" at the end. In a block of its own length, so that reading on is seen. To be freed. */
static inline char *fuzz_text(const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size ? memchr(*data, FUZZ_SEP, *size) : NULL;
	size_t len = end ? (size_t)(end - *data) : *size;
	char *text = malloc(len + 1);

	if (!text)
		abort();
	if (len)
		memcpy(text, *data, len);
	text[len] = '\0';
	*data += len + (end != NULL);
	*size -= len + (end != NULL);
	return text;
}

#endif
