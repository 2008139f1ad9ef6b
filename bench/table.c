#include "bench/table.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const json_t *file, *step;
    int threads, batch;
    double rate, best_peer; /* images/s; NaN: none */
};

struct table {
    struct row *rows;
    int count;
};

static double best_peer(const json_t *steps) {
    double best = NAN;
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        double rate = c4_result_number(step, "images_per_s");
        if (json_is_true(json_object_get(step, "peer")) && !(rate <= best) && !isnan(rate))
            best = rate;
    }
    return best;
}

static enum c4_status add_file(struct table *table, const json_t *file, const char *path) {
    const json_t *steps = json_object_get(file, "steps");
    if (strcmp(c4_result_text(file, "benchmark", ""), "step") != 0 || json_array_size(steps) == 0)
        return c4_fail(C4_ERR_DATA, "%s has no training steps: give results of bench step", path);
    struct row *more =
        realloc(table->rows, ((size_t)table->count + json_array_size(steps)) * sizeof *more);
    if (!more) return c4_fail(C4_ERR_MEMORY, "no memory for the table");
    table->rows = more;
    double best = best_peer(steps);
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        struct row row = {.file = file,
                          .step = step,
                          .threads = (int)json_integer_value(json_object_get(file, "threads")),
                          .batch = (int)json_integer_value(json_object_get(file, "batch")),
                          .rate = c4_result_number(step, "images_per_s"),
                          .best_peer = best};
        bool told = !isnan(row.rate) || c4_result_text(step, "reason", NULL);
        if (row.threads < 1 || row.batch < 1 || !c4_result_text(step, "backend", NULL) || !told)
            return c4_fail(C4_ERR_DATA, "%s: row %zu lacks its backend, speed, threads or batch",
                           path, i + 1);
        table->rows[table->count++] = row;
    }
    return C4_OK;
}

/* What has to be the same of the rows of one table. */
static void heading(const struct row *row, char *text, size_t size) {
    snprintf(text, size, "%s (%s), conv4 %s, block order %s",
             c4_result_text(row->file, "environment.cpu.model_name", "unknown CPU"),
             c4_result_text(row->file, "environment.cpu.features", "?"),
             c4_result_text(row->file, "conv4", "?"), c4_result_text(row->file, "order", "?"));
}

static int by_heading_threads_batch_rate(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    char left[512], right[512];
    heading(x, left, sizeof left);
    heading(y, right, sizeof right);
    int order = strcmp(left, right);
    if (order != 0) return order;
    if (x->threads != y->threads) return x->threads - y->threads;
    if (x->batch != y->batch) return x->batch - y->batch;
    double p = isnan(x->rate) ? -1 : x->rate, q = isnan(y->rate) ? -1 : y->rate;
    return (p < q) - (p > q);
}

/* A cell: a bar would end it. */
static void write_cell(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '|') fputc('\\', out);
        fputc(*text == '\n' ? ' ' : *text, out);
    }
}

static void write_how(const struct row *row, FILE *out) {
    const char *reason = c4_result_text(row->step, "reason", NULL);
    if (isnan(row->rate)) {
        fprintf(out, "%s: ", c4_result_text(row->step, "state", "absent"));
        write_cell(out, reason);
        return;
    }
    write_cell(out, c4_result_text(row->step, "variant", ""));
    if (json_is_true(json_object_get(row->step, "peer")) && c4_result_at(row->step, "versions"))
        return; /* its variant says all */
    fprintf(out, ", %s", c4_result_text(row->step, "algorithm", "?"));
}

static void write_row(const struct row *row, FILE *out) {
    fprintf(out, "| `%s` | %d | %d | ", c4_result_text(row->step, "backend", "?"), row->threads,
            row->batch);
    if (isnan(row->rate)) {
        fputs("– | – | – | ", out);
    } else {
        fprintf(out, "%.0f (%.0f-%.0f) | %.0f %% | ", row->rate,
                c4_result_number(row->step, "images_per_s_low"),
                c4_result_number(row->step, "images_per_s_high"),
                c4_result_number(row->step, "percent_of_peak"));
        if (isnan(row->best_peer))
            fputs("– | ", out);
        else
            fprintf(out, "%.2f | ", row->rate / row->best_peer);
    }
    write_how(row, out);
    fputs(" |\n", out);
}

/* The peaks of all files behind the rows first..last-1, so that the percentages can be judged. */
static void write_peaks(const struct row *rows, int count, FILE *out) {
    fputs("FMA peak in the same runs: ", out);
    const char *before = "";
    for (int i = 0; i < count; i++) {
        const json_t *file = rows[i].file;
        bool seen = false;
        for (int k = 0; k < i; k++) seen = seen || rows[k].file == file;
        if (seen) continue;
        fprintf(out, "%s%.0f GFLOP/s (%.0f-%.0f) on %d thread%s%s", before,
                c4_result_number(file, "peak.gflops"), c4_result_number(file, "peak.gflops_low"),
                c4_result_number(file, "peak.gflops_high"), rows[i].threads,
                rows[i].threads == 1 ? "" : "s",
                json_is_true(json_object_get(file, "bound")) ? "" : ", not bound");
        before = "; ";
    }
    fputs(".\n", out);
}

static void write_table(const struct row *rows, int count, const char *title, FILE *out) {
    fprintf(out, "%s. Training steps, images/s: median (lowest-highest).\n", title);
    write_peaks(rows, count, out);
    fputs("\n| backend or peer | threads | batch | images/s | of FMA peak | to best peer | how |\n"
          "| --- | --- | --- | --- | --- | --- | --- |\n",
          out);
    for (int i = 0; i < count; i++) write_row(&rows[i], out);
}

enum c4_status c4_table_write(const struct c4_results *results, FILE *out) {
    struct table table = {0};
    enum c4_status status = C4_OK;
    for (int i = 0; i < results->count && status == C4_OK; i++)
        status = add_file(&table, results->file[i], results->path[i]);
    if (status == C4_OK && table.count > 0)
        qsort(table.rows, (size_t)table.count, sizeof *table.rows, by_heading_threads_batch_rate);
    for (int first = 0, last; status == C4_OK && first < table.count; first = last) {
        char title[512], next[512];
        heading(&table.rows[first], title, sizeof title);
        for (last = first + 1; last < table.count; last++) {
            heading(&table.rows[last], next, sizeof next);
            if (strcmp(title, next) != 0) break;
        }
        if (first > 0) fputc('\n', out);
        write_table(table.rows + first, last - first, title, out);
    }
    free(table.rows);
    return status;
}
