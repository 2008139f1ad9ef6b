#include "simd/onednn/slots.h"

#include <math.h>

static enum c4_status call(enum c4_op_slot slot, const struct c4_conv_shape *shape,
                           const float *first, const float *second, float *out) {
    const struct c4_prepared_api *api = &c4_prepared_onednn;
    struct c4_prepared *prepared;
    C4_TRY(api->open(slot, shape, &prepared));
    enum c4_status status = api->load(prepared, first, second);
    if (status == C4_OK) status = api->run(prepared);
    if (status == C4_OK) status = api->store(prepared, out);
    api->close(prepared);
    return status;
}

static void call_or_spoil(enum c4_op_slot slot, const struct c4_conv_shape *shape,
                          const float *first, const float *second, float *out, size_t out_count) {
    enum c4_status status = call(slot, shape, first, second, out);
    for (size_t i = 0; status != C4_OK && i < out_count; i++) out[i] = NAN;
}

static size_t pixels(const struct c4_conv_shape *shape) {
    return (size_t)shape->n * (size_t)shape->h * (size_t)shape->w;
}

void c4_dnn_conv_fwd_direct(const struct c4_conv_shape *shape, const float *x, const float *w,
                            float *y) {
    call_or_spoil(C4_SLOT_conv_fwd_direct, shape, x, w, y, pixels(shape) * C4_CHANNELS);
}

void c4_dnn_conv_bwd_data_direct(const struct c4_conv_shape *shape, const float *dy,
                                 const float *wt, float *dx) {
    call_or_spoil(C4_SLOT_conv_bwd_data_direct, shape, dy, wt, dx,
                  pixels(shape) * (size_t)shape->ci);
}

void c4_dnn_conv_bwd_weights_direct(const struct c4_conv_shape *shape, const float *x,
                                    const float *dy, float *dw) {
    call_or_spoil(C4_SLOT_conv_bwd_weights_direct, shape, x, dy, dw,
                  9 * (size_t)shape->ci * C4_CHANNELS);
}
