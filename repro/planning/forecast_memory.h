/* Predicted memory of a study: of each worker, of what all of them share, and how many fit. */
#ifndef C4_REPRO_PLANNING_FORECAST_MEMORY_H
#define C4_REPRO_PLANNING_FORECAST_MEMORY_H

#include "core/host/memory_limit.h"
#include "repro/run/run.h"

struct c4_memory_forecast {
    uint64_t worker_bytes;     /* private to each worker, at most at any time */
    uint64_t address_bytes;    /* address space of a worker, with the images and libraries */
    uint64_t images_bytes;     /* shared, once per machine */
    uint64_t references_bytes; /* shared, at most; grows with the number of workers */
    uint64_t own_bytes;        /* of the process that starts the workers */
};

/* Of a study on `workers` workers of runner->threads threads. `images_bytes` is what the images
 * take; `available_bytes` what there is, of which references take at most a quarter; 0: unknown.
 * References have `copies` (c4_node_reference_copies()). */
void c4_forecast_memory(const struct c4_runner *runner, int workers, int copies,
                        uint64_t images_bytes, uint64_t available_bytes,
                        struct c4_memory_forecast *forecast);

/* Of all processes together. */
uint64_t c4_forecast_memory_sum(const struct c4_memory_forecast *forecast, int workers);

/* The largest number of workers, up to `wanted`, whose memory lies within the limit; 0: not even
 * one. `wanted` if nothing limits. */
int c4_forecast_memory_fit(const struct c4_runner *runner, int wanted, int copies,
                           uint64_t images_bytes, const struct c4_memory_limit *limit);

#endif
