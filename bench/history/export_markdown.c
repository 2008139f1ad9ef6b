#include <stdlib.h>

#include "bench/history/report.h"
#include "bench/history/words.h"

static void write_row(const struct c4_trend *trend, FILE *out) {
    fputs("| ", out);
    c4_write_cell(out, trend->title);
    fprintf(out, " | %d | ", trend->series->points);
    c4_write_value(out, trend->newest->unit, trend->newest->median);
    fputs(" | ", out);
    c4_write_percent(out, trend->newest_change, true);
    fprintf(out, " | %d |\n", trend->changes);
}

static void write_changes(const struct c4_trend *trend, FILE *out) {
    for (int i = 0; i < trend->changes; i++) {
        const struct c4_history_change *change = &trend->change[i];
        fputs("- ", out);
        c4_write_cell(out, trend->title);
        fputs(": ", out);
        c4_write_change(out, trend, i);
        fputc('\n', out);
        for (int k = 0; k < change->commits->count; k++) {
            fputs("  - ", out);
            c4_write_cell(out, change->commits->line[k]);
            fputc('\n', out);
        }
        if (change->commits->more > 0) fprintf(out, "  - and %d more\n", change->commits->more);
    }
}

static void write_machine(const struct c4_trends *trends, int first, int last, FILE *out) {
    int changes = 0;
    fputs("### ", out);
    c4_write_cell(out, trends->trend[first].newest->machine);
    fputs("\n\n| row | commits | newest | change | change points |\n"
          "| --- | ---: | ---: | ---: | ---: |\n",
          out);
    for (int i = first; i < last; i++) {
        write_row(&trends->trend[i], out);
        changes += trends->trend[i].changes;
    }
    if (changes > 0) fputc('\n', out);
    for (int i = first; i < last; i++) write_changes(&trends->trend[i], out);
}

enum c4_status c4_history_markdown(const struct c4_trends *trends, FILE *out) {
    for (int first = 0, last; first < trends->count; first = last) {
        for (last = first + 1; last < trends->count; last++)
            if (c4_trend_opens_machine(trends, last)) break;
        if (first > 0) fputc('\n', out);
        write_machine(trends, first, last, out);
    }
    return C4_OK;
}
