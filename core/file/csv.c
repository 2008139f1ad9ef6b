#include "core/file/csv.h"

#include "core/file/file.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(struct c4_csv *csv, const char *text, size_t size_bytes) {
    if (csv->out_of_memory || size_bytes == 0) return;
    if (csv->capacity_bytes - csv->size_bytes < size_bytes) {
        size_t capacity = 2 * csv->capacity_bytes + size_bytes + 256;
        char *larger = realloc(csv->text, capacity);
        if (larger == NULL) {
            csv->out_of_memory = 1;
            return;
        }
        csv->text = larger;
        csv->capacity_bytes = capacity;
    }
    memcpy(csv->text + csv->size_bytes, text, size_bytes);
    csv->size_bytes += size_bytes;
}

static void begin_cell(struct c4_csv *csv) {
    if (csv->row_started) append(csv, ",", 1);
    csv->row_started = 1;
}

void c4_csv_text(struct c4_csv *csv, const char *text) {
    begin_cell(csv);
    if (strpbrk(text, ",\"\r\n") == NULL) {
        append(csv, text, strlen(text));
        return;
    }
    append(csv, "\"", 1);
    for (; *text != '\0'; text++) {
        if (*text == '"') append(csv, "\"", 1);
        append(csv, text, 1);
    }
    append(csv, "\"", 1);
}

void c4_csv_real(struct c4_csv *csv, double value) {
    char text[40] = "";
    begin_cell(csv);
    if (!isfinite(value)) return;
    /* 17 digits always suffice. */
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    char *point = strpbrk(text, ",");
    if (point != NULL) *point = '.';
    append(csv, text, strlen(text));
}

void c4_csv_integer(struct c4_csv *csv, int64_t value) {
    char text[24];
    begin_cell(csv);
    snprintf(text, sizeof text, "%" PRId64, value);
    append(csv, text, strlen(text));
}

void c4_csv_end_row(struct c4_csv *csv) {
    append(csv, "\n", 1);
    csv->row_started = 0;
}

enum c4_status c4_csv_save(const struct c4_csv *csv, const char *path) {
    if (csv->out_of_memory)
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory for the table, which was not written",
                       path);
    return c4_file_write_atomic(path, csv->text, csv->size_bytes);
}

void c4_csv_free(struct c4_csv *csv) {
    free(csv->text);
    memset(csv, 0, sizeof *csv);
}
