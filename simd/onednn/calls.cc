// The guard around oneDNN's functions. No exception crosses it.
#include "simd/onednn/calls.h"

#include <new>

namespace {

template <auto *call> struct guard;

template <typename... Arguments, dnnl_status_t (*call)(Arguments...)> struct guard<call> {
    static dnnl_status_t guarded(Arguments... arguments) {
        try {
            return call(arguments...);
        } catch (const std::bad_alloc &) {
            return dnnl_out_of_memory;
        } catch (...) {
            return dnnl_runtime_error;
        }
    }
};

} // namespace

extern "C" const struct c4_dnn_calls c4_dnn_guarded = {
#define X(name) &guard<&name>::guarded,
    C4_DNN_CALLS(X)
#undef X
};
