#include "bench/results/table.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/results/machines.h"

struct row {
    const json_t *file, *step;
    char *heading, *how; /* its table's; what was run, or why it was not */
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

/* What all rows of a table share, including instruction-set limits set for libraries. */
static void write_heading(const json_t *file, const char *machine, FILE *out) {
    static const char *const limits[] = {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA",
                                         "ATEN_CPU_CAPABILITY"};
    fprintf(out, "%s, conv4 %s, block order %s", machine, c4_result_text(file, "conv4", "?"),
            c4_result_text(file, "order", "?"));
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        char way[64];
        snprintf(way, sizeof way, "environment.variables.%s", limits[i]);
        const char *value = c4_result_text(file, way, NULL);
        if (value) fprintf(out, ", %s=%s", limits[i], value);
    }
    fprintf(out, ". %s", c4_result_mode(file));
}

static const char *name_of(const struct row *row) {
    return c4_result_text(row->step, "backend", "?");
}

/* Writes words with Markdown's bars escaped and newlines as blanks. */
static void write_words(const char *words, FILE *out) {
    for (; *words; words++) {
        if (*words == '|') fputc('\\', out);
        fputc(*words == '\n' ? ' ' : *words, out);
    }
}

/* What was run, or why it was not. */
static void write_how(const struct row *row, FILE *out) {
    if (isnan(row->rate)) {
        write_words(c4_result_text(row->step, "state", "absent"), out);
        write_words(": ", out);
        write_words(c4_result_text(row->step, "reason", ""), out);
        return;
    }
    write_words(c4_result_text(row->step, "variant", ""), out);
    if (json_is_true(json_object_get(row->step, "peer")) && c4_result_at(row->step, "versions"))
        return; /* its variant says it all */
    write_words(", ", out);
    write_words(c4_result_text(row->step, "algorithm", "?"), out);
}

/* The texts by which rows are sorted and grouped. */
static bool make_texts(struct row *row, const char *machine) {
    size_t size;
    FILE *out = open_memstream(&row->heading, &size);
    if (!out) return false;
    write_heading(row->file, machine, out);
    bool complete = fclose(out) == 0;
    out = open_memstream(&row->how, &size);
    if (!out) return false;
    write_how(row, out);
    return fclose(out) == 0 && complete;
}

static enum c4_status add_file(struct table *table, const json_t *file, const char *path,
                               const char *machine) {
    const json_t *steps = json_object_get(file, "steps");
    if (strcmp(c4_result_text(file, "benchmark", ""), "step") != 0)
        return c4_fail(C4_ERR_DATA, "%s has no steps: give results of bench step", path);
    struct row *more =
        realloc(table->rows, ((size_t)table->count + json_array_size(steps)) * sizeof *more);
    if (!more) return c4_fail(C4_ERR_MEMORY, "no memory for the table");
    table->rows = more;
    double best = best_peer(steps);
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        struct row *row = &table->rows[table->count++];
        *row = (struct row){.file = file,
                            .step = step,
                            .threads = c4_result_whole(file, "threads"),
                            .batch = c4_result_whole(file, "batch"),
                            .rate = c4_result_number(step, "images_per_s"),
                            .best_peer = best};
        if (!make_texts(row, machine)) return c4_fail(C4_ERR_MEMORY, "no memory for the table");
    }
    return C4_OK;
}

static int by_heading_threads_batch_rate(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    int order = strcmp(x->heading, y->heading);
    if (order != 0) return order;
    if (x->threads != y->threads) return x->threads - y->threads;
    if (x->batch != y->batch) return x->batch - y->batch;
    double p = isnan(x->rate) ? -1 : x->rate, q = isnan(y->rate) ? -1 : y->rate;
    return (p < q) - (p > q);
}

/* Rows that belong in the same line. */
static bool same_line(const struct row *a, const struct row *b) {
    return strcmp(name_of(a), name_of(b)) == 0 && strcmp(a->how, b->how) == 0;
}

static bool same_column(const struct row *a, const struct row *b) {
    return a->threads == b->threads && a->batch == b->batch;
}

static void write_threads(const struct row *row, FILE *out) {
    fprintf(out, "%d thread%s", row->threads, row->threads == 1 ? "" : "s");
}

/* The peaks of all files behind the rows, so that the percentages can be judged. */
static void write_peaks(const struct row *rows, int count, FILE *out) {
    fputs("FMA peak in the same runs: ", out);
    const char *before = "";
    for (int i = 0; i < count; i++) {
        const json_t *file = rows[i].file;
        bool seen = false;
        for (int k = 0; k < i; k++) seen = seen || rows[k].file == file;
        if (seen) continue;
        fprintf(out, "%s%.0f GFLOP/s (%.0f-%.0f) on ", before,
                c4_result_number(file, "peak.gflops"), c4_result_number(file, "peak.gflops_low"),
                c4_result_number(file, "peak.gflops_high"));
        write_threads(&rows[i], out);
        before = "; ";
    }
    fputs(".\n\n", out);
}

static void write_cell(const struct row *row, FILE *out) {
    if (!row || isnan(row->rate)) {
        fputs(" – |", out);
        return;
    }
    fprintf(out, " %.0f (%.0f-%.0f) %.0f %%", row->rate,
            c4_result_number(row->step, "images_per_s_low"),
            c4_result_number(row->step, "images_per_s_high"),
            c4_result_number(row->step, "percent_of_peak"));
    if (!isnan(row->best_peer)) fprintf(out, " %.2fx", row->rate / row->best_peer);
    fputs(" |", out);
}

static const struct row *at(const struct row *rows, int count, const struct row *line,
                            const struct row *column) {
    for (int i = 0; i < count; i++)
        if (same_column(&rows[i], column) && same_line(&rows[i], line)) return &rows[i];
    return NULL;
}

/* Writes sorted rows of one heading. */
static void write_table(const struct row *rows, int count, FILE *out) {
    fprintf(out,
            "%s, images/s: median (lowest-highest), percentage of the FMA peak, "
            "ratio to the fastest peer of the same run.\n",
            rows->heading);
    write_peaks(rows, count, out);
    fputs("| backend or peer |", out);
    int columns = 0;
    for (int i = 0; i < count; i++) {
        if (i > 0 && same_column(&rows[i], &rows[i - 1])) continue;
        columns++;
        fputc(' ', out);
        write_threads(&rows[i], out);
        fprintf(out, ", batch %d |", rows[i].batch);
    }
    fputs(" how |\n| --- |", out);
    for (int i = 0; i <= columns; i++) fputs(" --- |", out);
    fputc('\n', out);
    for (int i = 0; i < count; i++) {
        bool seen = false;
        for (int k = 0; k < i; k++) seen = seen || same_line(&rows[k], &rows[i]);
        if (seen) continue;
        fprintf(out, "| `%s` |", name_of(&rows[i]));
        for (int k = 0; k < count; k++)
            if (k == 0 || !same_column(&rows[k], &rows[k - 1]))
                write_cell(at(rows, count, &rows[i], &rows[k]), out);
        fprintf(out, " %s |\n", rows[i].how);
    }
}

/* Two results for one cell are refused: either might be the right one. */
static enum c4_status refuse_doubles(const struct row *rows, int count) {
    for (int i = 0; i < count; i++)
        for (int k = 0; k < i; k++)
            if (same_column(&rows[i], &rows[k]) && same_line(&rows[i], &rows[k]))
                return c4_fail(
                    C4_ERR_DATA,
                    "%s on %d thread(s) with batch %d is in two of the files: give only one",
                    name_of(&rows[i]), rows[i].threads, rows[i].batch);
    return C4_OK;
}

static enum c4_status write_tables(const struct row *rows, int count, FILE *out) {
    for (int first = 0, last; first < count; first = last) {
        for (last = first + 1; last < count; last++)
            if (strcmp(rows[first].heading, rows[last].heading) != 0) break;
        C4_TRY(refuse_doubles(rows + first, last - first));
        if (first > 0) fputc('\n', out);
        write_table(rows + first, last - first, out);
    }
    return C4_OK;
}

enum c4_status c4_table_write(const struct c4_results *results, FILE *out) {
    struct table table = {0};
    struct c4_machines machines;
    enum c4_status status = C4_OK;
    c4_machines_of(results, &machines);
    for (int i = 0; i < results->count && status == C4_OK; i++) {
        char machine[C4_MACHINE_BYTES];
        c4_machine_name(&machines, machines.of[i], machine);
        status = add_file(&table, results->file[i], results->path[i], machine);
    }
    if (status == C4_OK && table.count > 0) {
        qsort(table.rows, (size_t)table.count, sizeof *table.rows, by_heading_threads_batch_rate);
        status = write_tables(table.rows, table.count, out);
    }
    for (int i = 0; i < table.count; i++) {
        free(table.rows[i].heading);
        free(table.rows[i].how);
    }
    free(table.rows);
    return status;
}
