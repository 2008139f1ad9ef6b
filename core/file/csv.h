/* A table built in memory and saved as comma-separated values (RFC 4180, but lines end in \n). */
#ifndef C4_FILE_CSV_H
#define C4_FILE_CSV_H

#include "core/base/status.h"

#include <stddef.h>
#include <stdint.h>

/* A zeroed struct is an empty table. `text` holds `size_bytes` bytes (no NUL). Adding reports no
 * failure: once memory runs out the rest is dropped, and c4_csv_save() fails. One thread at a time.
 */
struct c4_csv {
    char *text;
    size_t size_bytes, capacity_bytes;
    int row_started, out_of_memory;
};

/* Append one cell. Text is quoted if it holds a comma, a quote or a line break. A real becomes the
 * shortest decimal that strtod() reads back as the same double; NaN and infinities become an empty
 * cell. The decimal point is '.' also in locales with a comma. */
void c4_csv_text(struct c4_csv *csv, const char *text);
void c4_csv_real(struct c4_csv *csv, double value);
void c4_csv_integer(struct c4_csv *csv, int64_t value);

/* Ends the row. */
void c4_csv_end_row(struct c4_csv *csv);

/* Saves atomically (core/file/file.h). C4_ERR_MEMORY if an earlier call ran out of memory. */
enum c4_status c4_csv_save(const struct c4_csv *csv, const char *path);

/* Releases and zeroes the table. */
void c4_csv_free(struct c4_csv *csv);

#endif
