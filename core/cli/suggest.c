#include "core/cli/suggest.h"

#include <string.h>

enum { LONGEST = 64 };

static size_t min2(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t c4_edit_distance(const char *a, const char *b) {
    size_t rows = strlen(a), columns = strlen(b);
    if (rows >= LONGEST || columns >= LONGEST) return strcmp(a, b) == 0 ? 0 : LONGEST;
    size_t table[3][LONGEST]; /* rows i - 2, i - 1 and i of the distance table */
    for (size_t j = 0; j <= columns; j++) table[0][j] = j;
    for (size_t i = 1; i <= rows; i++) {
        size_t *row = table[i % 3], *above = table[(i + 2) % 3], *above2 = table[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t changed = a[i - 1] != b[j - 1];
            row[j] = min2(above[j - 1] + changed, 1 + min2(above[j], row[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min2(row[j], above2[j - 2] + 1);
        }
    }
    return table[rows % 3][columns];
}

void c4_suggest(struct c4_suggestion *suggestion, const char *name) {
    size_t length = strlen(suggestion->word);
    size_t limit = length / 3 > 2 ? length / 3 : 2;
    size_t distance = c4_edit_distance(suggestion->word, name);
    if (distance > limit && length >= 2 && strncmp(name, suggestion->word, length) == 0)
        distance = limit;
    /* If all of the word is replaced, the two have nothing in common. */
    if (distance > limit || distance >= length) return;
    if (suggestion->nearest == NULL || distance < suggestion->distance) {
        suggestion->nearest = name;
        suggestion->distance = distance;
    }
}
