/* The size of a program, from its ELF headers. */
#ifndef C4_BENCH_EXACT_ELF_H
#define C4_BENCH_EXACT_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *loaded_bytes = the sum of p_filesz of the PT_LOAD segments of an ELF file of either class and
 * byte order: code and data as the file has them. Names and debug information are not loaded, so
 * that stripping changes nothing. False, and *loaded_bytes untouched, if the bytes are not those of
 * a whole ELF file with such segments. */
bool c4_elf_loaded_bytes(const unsigned char *bytes, size_t size_bytes, uint64_t *loaded_bytes);

#endif
