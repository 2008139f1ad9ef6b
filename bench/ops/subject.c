#include "bench/ops/subject.h"

/* The arrays of c4_op_arrays() that a prepared convolution reads and writes. */
static const struct arrays {
    bool convolution;
    int first, second, out;
} arrays[C4_SLOT_COUNT] = {
    [C4_SLOT_conv_fwd_direct] = {true, 0, 1, 2},
    [C4_SLOT_conv_bwd_data_direct] = {true, 0, 1, 2},
    [C4_SLOT_conv_bwd_weights_direct] = {true, 0, 1, 2},
    [C4_SLOT_conv_fwd_winograd] = {true, 0, 4, 2},
    [C4_SLOT_conv_bwd_data_winograd] = {true, 0, 4, 2},
    [C4_SLOT_conv_bwd_weights_winograd] = {true, 0, 1, 3},
};

static enum c4_status open_prepared(const struct c4_prepared_api *api, enum c4_op_slot slot,
                                    const struct c4_op_size *size, struct c4_prepared **prepared) {
    const struct c4_conv_shape shape = {size->n, size->h, size->w, size->ci};
    return api->open(slot, &shape, prepared);
}

enum c4_status c4_op_subject_exists(const struct c4_backend *backend, enum c4_op_slot slot,
                                    const struct c4_op_size *size, bool *exists) {
    struct c4_prepared *prepared;
    *exists = c4_op_function(backend, slot) != NULL;
    if (*exists || !backend->prepared || !arrays[slot].convolution) return C4_OK;
    enum c4_status status = open_prepared(backend->prepared, slot, size, &prepared);
    *exists = status == C4_OK;
    if (*exists) backend->prepared->close(prepared);
    return status == C4_ERR_ENVIRONMENT ? C4_OK : status;
}

enum c4_status c4_op_subject_open(struct c4_op_subject *subject, const struct c4_backend *backend,
                                  const struct c4_op_work *work) {
    *subject =
        (struct c4_op_subject){.work = work, .function = c4_op_function(backend, work->slot)};
    if (!backend->prepared || !arrays[work->slot].convolution) return C4_OK;
    C4_TRY(open_prepared(backend->prepared, work->slot, &work->size, &subject->prepared));
    subject->api = backend->prepared;
    return C4_OK;
}

void c4_op_subject_close(struct c4_op_subject *subject) {
    if (subject->api) subject->api->close(subject->prepared);
    *subject = (struct c4_op_subject){0};
}

static void *data(const struct c4_op_subject *subject, int i) {
    return subject->work->array[i].data;
}

enum c4_status c4_op_subject_load(struct c4_op_subject *subject) {
    const struct arrays *of = &arrays[subject->work->slot];
    if (!subject->api) return C4_OK;
    return subject->api->load(subject->prepared, data(subject, of->first),
                              data(subject, of->second));
}

enum c4_status c4_op_subject_run(struct c4_op_subject *subject) {
    if (subject->api) return subject->api->run(subject->prepared);
    c4_op_work_call(subject->work, subject->function);
    return C4_OK;
}

enum c4_status c4_op_subject_store(struct c4_op_subject *subject) {
    if (!subject->api) return C4_OK;
    return subject->api->store(subject->prepared, data(subject, arrays[subject->work->slot].out));
}

enum c4_status c4_op_subject_count(struct c4_op_subject *subject) {
    enum c4_status status = c4_op_subject_run(subject);
    __asm__ volatile("" ::: "memory"); /* a jump into the op would end the count before it began */
    return status;
}
