#include "bench/scale/roofs.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/measure/calibrate.h"
#include "bench/scale/bandwidth.h"
#include "bench/scale/command.h"
#include "core/file/json.h"
#include "core/host/clock.h"
#include "core/host/team.h"

static const double sample_seconds = 0.02, turn_seconds = 0.001;

/* Each thread counts its own turns: like processes that train, none waits for the slowest. */
static double peak_gflops(const struct c4_peak *peak, double seconds) {
    double rate = 0;
    float sum = 0;
    int64_t rounds = (int64_t)((double)peak->rounds * turn_seconds / sample_seconds) + 1;
#pragma omp parallel num_threads(peak->threads) reduction(+ : rate, sum)
    {
#pragma omp barrier
        double flops = 0;
        int64_t start_ns = c4_clock_ns(), now_ns;
        do {
            sum += peak->loop->run(rounds);
            flops += (double)rounds * peak->loop->round_flops;
            now_ns = c4_clock_ns();
        } while ((double)(now_ns - start_ns) * 1e-9 < seconds);
        rate += flops / (double)(now_ns - start_ns);
    }
    volatile float sink = sum;
    (void)sink;
    return rate;
}

static json_t *pus_json(const struct c4_team *team) {
    json_t *pus = json_array();
    for (int i = 0; i < team->threads; i++) c4_json_append(&pus, json_integer(team->pu[i]));
    return pus;
}

enum c4_status c4_roofs_measure(int threads, double seconds, json_t **object) {
    struct c4_topology topology;
    struct c4_team team;
    struct c4_peak peak = {0};
    double triad = 0;
    struct c4_caches caches;
    *object = NULL;
    C4_TRY(c4_topology_load(NULL, &topology));
    const double bytes = c4_triad_bytes(&topology);
    c4_topology_free(&topology);
    C4_TRY(c4_team_start_on_cores(threads, C4_PIN_ALWAYS, &team, &caches));
    c4_peak_start_best(&peak, threads, sample_seconds);
    double gflops = peak_gflops(&peak, seconds);
    enum c4_status status = c4_triad_measure(threads, bytes, seconds, &triad);
    if (status == C4_OK) status = c4_team_verify(&team);
    if (status == C4_OK)
        *object = json_pack("{s:i, s:b, s:o, s:s, s:o, s:o, s:o}", "threads", threads, "bound",
                            (int)team.bound, "pus", pus_json(&team), "loop", peak.loop->name,
                            "gflops", c4_json_real(gflops), "triad_gbytes_per_s",
                            c4_json_real(triad), "triad_bytes", c4_json_real(bytes));
    c4_team_free(&team);
    if (status == C4_OK && !*object) return c4_fail(C4_ERR_MEMORY, "out of memory");
    return status;
}

static int compare(const void *a, const void *b) {
    const int *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static enum c4_status read_pus(const json_t *list, struct c4_text *text) {
    size_t count = json_array_size(list);
    int *pu = calloc(count + 1, sizeof *pu);
    if (!pu) return c4_fail(C4_ERR_MEMORY, "out of memory for a list of PUs");
    for (size_t i = 0; i < count; i++) pu[i] = (int)json_integer_value(json_array_get(list, i));
    qsort(pu, count, sizeof *pu, compare);
    for (size_t i = 0; i < count; i++) c4_text_add(text, "%s%d", i ? " " : "", pu[i]);
    free(pu);
    return c4_text_add(text, "%s", "");
}

static enum c4_status read_back(const json_t *told, struct c4_roofs *roofs) {
    const json_t *gflops = json_object_get(told, "gflops");
    const json_t *triad = json_object_get(told, "triad_gbytes_per_s");
    const char *loop = json_string_value(json_object_get(told, "loop"));
    if (!json_is_number(gflops) || !json_is_number(triad) || !loop)
        return c4_fail(C4_ERR_FAILED, "the process that measures the peak printed something else");
    roofs->gflops = json_number_value(gflops);
    roofs->gbytes_per_s = json_number_value(triad);
    roofs->bytes = json_number_value(json_object_get(told, "triad_bytes"));
    roofs->bound = json_is_true(json_object_get(told, "bound"));
    C4_TRY(c4_text_set(&roofs->loop, loop));
    return read_pus(json_object_get(told, "pus"), &roofs->pu);
}

enum c4_status c4_roofs_run(const char *program, const int *pu, int count, double seconds,
                            const char *log, struct c4_roofs *roofs) {
    char threads[16], window[32];
    json_t *told = NULL;
    *roofs = (struct c4_roofs){.bound = false};
    snprintf(threads, sizeof threads, "%d", count);
    snprintf(window, sizeof window, "%.3f", seconds);
    const char *argv[] = {program, "bench", "scale", "--roofs", threads, "--seconds", window, NULL};
    C4_TRY(
        c4_command_json((char *const *)argv, pu, count, log, "the measurement of the peak", &told));
    enum c4_status status = read_back(told, roofs);
    json_decref(told);
    return status;
}

void c4_roofs_free(struct c4_roofs *roofs) {
    c4_text_free(&roofs->loop);
    c4_text_free(&roofs->pu);
}
