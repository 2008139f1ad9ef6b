#include "repro/planning/forecast_memory.h"

#include <string.h>

#include "repro/run/comparison.h"

/* Fitted to the peak of Anonymous in smaps_rollup of workers with 500 to 4,000 images for CKA, in
 * batches of 32 and 256, in both block orders, and then raised so that every one lies below.
 * Per image of a batch: a plan's tape and scratch, twice as references have a plan of their own.
 * Per image of CKA: features, and packed strips beside them; with the square of their number, Gram
 * matrices of five layers, of a network and of a reference that is being made. */
enum {
    PROCESS_BYTES = 24000000,
    OWN_BYTES = 48000000,
    THREAD_BYTES = 9400000,
    CKA_IMAGE_BYTES = 98000,
    CKA_PAIR_BYTES = 44,
    DENSE_STEM_BYTES = 440000 /* of the tape of relu-bn */
};

/* Fitted in the same way to VmPeak beyond these and the images: libraries, a heap's reserve for
 * each further thread, and the reference that is read. */
enum { LIBRARIES_BYTES = 120000000, THREAD_ADDRESS_BYTES = 80000000, REFERENCE_PAIR_BYTES = 20 };

/* Per image of a batch, for two plans. */
static uint64_t batch_image_bytes(const struct c4_runner *runner) {
    const uint64_t stem = runner->protocol->order == C4_RELU_BN ? DENSE_STEM_BYTES : 0;
    if (runner->wide) return stem + 4900000; /* every layer of a step in double */
    if (strcmp(runner->backend, "ref") == 0) return stem + 2400000;
    if (strcmp(runner->backend, "onednn") == 0) return stem + 2000000;
    return stem + 245000;
}

/* The most images that CKA is measured over. */
static uint64_t most_images(const struct c4_runner *runner) {
    struct c4_row_counts counts = {.count = 0};
    c4_reference_rows(runner, UINT32_MAX, true, &counts);
    return c4_row_counts_most(&counts);
}

static uint64_t worker_bytes(const struct c4_runner *runner) {
    const uint64_t most = most_images(runner);
    return PROCESS_BYTES + THREAD_BYTES * (uint64_t)runner->threads +
           batch_image_bytes(runner) * runner->protocol->batch + CKA_IMAGE_BYTES * most +
           CKA_PAIR_BYTES * most * most;
}

static uint64_t address_bytes(const struct c4_runner *runner, uint64_t images_bytes) {
    const uint64_t most = most_images(runner), others = (uint64_t)runner->threads - 1;
    return worker_bytes(runner) + images_bytes + LIBRARIES_BYTES + THREAD_ADDRESS_BYTES * others +
           REFERENCE_PAIR_BYTES * most * most;
}

void c4_forecast_memory(const struct c4_runner *runner, int workers, int copies,
                        uint64_t images_bytes, uint64_t available_bytes,
                        struct c4_memory_forecast *forecast) {
    const int each = (workers + copies - 1) / copies; /* workers of a node */
    *forecast = (struct c4_memory_forecast){
        .worker_bytes = worker_bytes(runner),
        .address_bytes = address_bytes(runner, images_bytes),
        .images_bytes = images_bytes,
        .references_bytes =
            (uint64_t)copies * c4_reference_cache_limit(runner->protocol, runner->scale, each,
                                                        available_bytes / (uint64_t)copies),
        .own_bytes = OWN_BYTES};
}

uint64_t c4_forecast_memory_sum(const struct c4_memory_forecast *forecast, int workers) {
    return forecast->own_bytes + forecast->images_bytes + forecast->references_bytes +
           forecast->worker_bytes * (uint64_t)workers;
}

int c4_forecast_memory_fit(const struct c4_runner *runner, int wanted, int copies,
                           uint64_t images_bytes, const struct c4_memory_limit *limit) {
    struct c4_memory_forecast forecast;
    for (int workers = wanted; workers > 0; workers--) {
        c4_forecast_memory(runner, workers, copies, images_bytes, limit->bytes, &forecast);
        if (limit->process_bytes > 0 && limit->process_bytes < forecast.address_bytes) return 0;
        if (limit->by == C4_MEMORY_UNKNOWN ||
            c4_forecast_memory_sum(&forecast, workers) <= limit->bytes)
            return workers;
    }
    return 0;
}
