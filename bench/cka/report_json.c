/* The JSON of bench cka. */
#include <stddef.h>

#include "bench/cka/figures.h"
#include "bench/cka/subject.h"
#include "core/file/json.h"

static void add_reals(json_t *object, const struct c4_cka_bench *bench, int index) {
    const struct c4_cka_row *row = &bench->rows[index];
    struct c4_cka_figures f;
    c4_cka_figures_of(bench, row, &f);
    const struct {
        const char *key;
        double value;
    } values[] = {{"whole_seconds", f.whole.median},
                  {"whole_seconds_low", f.whole.low},
                  {"whole_seconds_high", f.whole.high},
                  {"whole_flops", row->whole_flops},
                  {"whole_gflops", f.whole_gflops},
                  {"whole_percent_of_peak", f.whole_percent},
                  {"ratio", c4_cka_row_ratio(bench, index)},
                  {"seconds", f.compare.median},
                  {"seconds_low", f.compare.low},
                  {"seconds_high", f.compare.high},
                  {"flops", row->flops},
                  {"bytes", row->bytes},
                  {"gflops", f.compare_gflops},
                  {"percent_of_peak", f.compare_percent},
                  {"prepare_seconds", f.prepare},
                  {"product_seconds", f.product},
                  {"pack_seconds", f.pack},
                  {"rest_seconds", f.rest},
                  {"product_flops", c4_cka_row_product_flops(row)},
                  {"product_gflops", f.product_gflops},
                  {"product_percent_of_peak", f.product_percent}};
    for (size_t k = 0; k < sizeof values / sizeof *values; k++)
        json_object_set_new(object, values[k].key, c4_json_real(values[k].value));
}

static json_t *samples_of(const struct c4_cka_row *row, size_t offset) {
    json_t *samples = json_array();
    for (int k = 0; k < row->measured; k++)
        json_array_append_new(
            samples, c4_json_real(*(const double *)((const char *)&row->samples[k] + offset)));
    return samples;
}

static void add_samples(json_t *object, const struct c4_cka_row *row) {
    json_object_set_new(object, "samples_whole_seconds",
                        samples_of(row, offsetof(struct c4_cka_sample, whole)));
    if (row->group.subject == C4_CKA_FILES) return;
    if (row->backend) {
        json_object_set_new(object, "samples_seconds",
                            samples_of(row, offsetof(struct c4_cka_sample, compare)));
        json_object_set_new(object, "samples_prepare_seconds",
                            samples_of(row, offsetof(struct c4_cka_sample, prepare)));
    } else {
        json_object_set_new(object, "samples_asked_seconds",
                            samples_of(row, offsetof(struct c4_cka_sample, asked)));
    }
}

json_t *c4_cka_bench_json(const struct c4_cka_bench *bench) {
    json_t *rows = json_array();
    for (int i = 0; i < bench->count; i++) {
        const struct c4_cka_row *row = &bench->rows[i];
        const bool product = row->group.subject == C4_CKA_PRODUCT;
        json_t *object = json_pack(
            "{s:s, s:s, s:s, s:I, s:I, s:i, s:s, s:s, s:b, s:s, s:b}", "name", row->name, "subject",
            c4_cka_subject_name(row->group.subject), "layer",
            product ? c4_cka_product_name : c4_layer_name[row->group.layer], "n",
            (json_int_t)row->group.n, "p", (json_int_t)row->p, "threads", row->group.threads,
            "backend", row->backend ? row->backend->name : c4_cka_peer_names[row->peer], "origin",
            row->backend ? row->origin : c4_text_string(&row->told), "peer", row->peer >= 0,
            "state", c4_peer_state_name(row->state), "checked",
            row->state == C4_PEER_MEASURED && row->measured > 0);
        json_object_set_new(object, "method",
                            row->backend ? json_string(c4_cka_method_name(row->method))
                                         : json_null());
        if (row->state != C4_PEER_MEASURED)
            json_object_set_new(object, row->backend ? "fault" : "reason",
                                c4_json_text(c4_text_string(&row->reason)));
        if (row->measured > 0) {
            add_reals(object, bench, i);
            add_samples(object, row);
        }
        json_array_append_new(rows, object);
    }
    return rows;
}
