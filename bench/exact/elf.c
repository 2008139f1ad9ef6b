#include "bench/exact/elf.h"

#include <string.h>

enum { IDENT_BYTES = 16, PT_LOAD = 1 };

/* A number of the file: its offset and width in bytes. */
struct field {
    size_t at, width;
};

/* Where the two classes keep what is needed here: first in the file's header, then in a segment's.
 */
static const struct layout {
    size_t header_bytes, segment_bytes;
    struct field segments_at, segment_size, segment_count;
    struct field type, offset, filesz;
} layouts[] = {
    {52, 32, {28, 4}, {42, 2}, {44, 2}, {0, 4}, {4, 4}, {16, 4}},
    {64, 56, {32, 8}, {54, 2}, {56, 2}, {0, 4}, {8, 8}, {32, 8}},
};

static uint64_t number(const unsigned char *from, struct field field, bool big_endian) {
    uint64_t value = 0;
    for (size_t i = 0; i < field.width; i++)
        value = value << 8 | from[field.at + (big_endian ? i : field.width - 1 - i)];
    return value;
}

static bool fits(uint64_t at, uint64_t bytes, size_t size_bytes) {
    return at <= size_bytes && bytes <= size_bytes - at;
}

bool c4_elf_loaded_bytes(const unsigned char *bytes, size_t size_bytes, uint64_t *loaded_bytes) {
    if (size_bytes < IDENT_BYTES || memcmp(bytes, "\177ELF", 4) != 0) return false;
    unsigned class = bytes[4], order = bytes[5];
    if (class < 1 || class > 2 || order < 1 || order > 2) return false;
    const struct layout *of = &layouts[class - 1];
    const bool big = order == 2;
    if (size_bytes < of->header_bytes) return false;
    uint64_t at = number(bytes, of->segments_at, big), size = number(bytes, of->segment_size, big);
    uint64_t count = number(bytes, of->segment_count, big), sum = 0;
    if (size < of->segment_bytes || !fits(at, size * count, size_bytes)) return false;
    for (uint64_t i = 0; i < count; i++) {
        const unsigned char *segment = bytes + at + i * size;
        uint64_t filesz = number(segment, of->filesz, big);
        if (number(segment, of->type, big) != PT_LOAD) continue;
        if (!fits(number(segment, of->offset, big), filesz, size_bytes)) return false;
        sum += filesz;
    }
    if (sum > 0) *loaded_bytes = sum;
    return sum > 0;
}
