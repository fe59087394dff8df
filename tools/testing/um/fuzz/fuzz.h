/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fuzz target has LLVMFuzzerTestOneInput(), which a fuzzer calls.  Without one, main()
 * of here gives it the files that are named, or standard input.
 */
#ifndef UMTEST_FUZZ_H
#define UMTEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What always holds. */
#define must(condition) do {							\
	if (!(condition)) {							\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);	\
		abort();							\
	}									\
} while (0)

#ifdef FUZZ_MAIN
static void fuzz_file(FILE *f)
{
	static uint8_t buf[1 << 20];
	size_t size = fread(buf, 1, sizeof(buf), f);
	uint8_t *copy = malloc(size ?: 1);
	size_t i;

	/* Exactly as long, so that the sanitizer sees its end. */
	for (i = 0; i < size; i++)
		copy[i] = buf[i];
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

int main(int argc, char **argv)
{
	int i;

	if (argc == 1)
		fuzz_file(stdin);
	for (i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");

		if (!f) {
			perror(argv[i]);
			return 1;
		}
		fuzz_file(f);
		fclose(f);
	}
	return 0;
}
#endif

#endif
