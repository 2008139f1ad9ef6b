/* "Did you mean ...?" */
#ifndef C4_CLI_SUGGEST_H
#define C4_CLI_SUGGEST_H

#include <stddef.h>

/* Edits that turn a into b: insert, delete or replace a character, or swap two neighbours (optimal
 * string alignment). Texts of 64 bytes or more are only compared for equality. */
size_t c4_edit_distance(const char *a, const char *b);

/* Remembers the nearest of the names offered so far; start with C4_SUGGESTION(word). */
struct c4_suggestion {
    const char *word;
    const char
        *nearest; /* NULL: no name was near enough (a third of the word's length, at least 2) */
    size_t distance;
};
#define C4_SUGGESTION(w) ((struct c4_suggestion){.word = (w)})

/* Offers a name. One that begins with the word also counts as near. Of equally near names the first
 * wins. */
void c4_suggest(struct c4_suggestion *suggestion, const char *name);

#endif
