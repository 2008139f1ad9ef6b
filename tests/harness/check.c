#include "tests/harness/check.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "simd/dispatch.h"
#include "tests/harness/check_memory.h"

enum { SHOWN_DIFFERENCES = 8, ALIGN = 64 };

uint64_t c4_check_seed(void) {
    const char *text = getenv("C4_CHECK_SEED");
    return text && *text ? strtoull(text, NULL, 0) : 1;
}

struct c4_check_rng c4_check_rng_start(uint64_t seed, const char *label) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *label; label++) hash = (hash ^ (unsigned char)*label) * 16777619u;
    return (struct c4_check_rng){.seed = seed, .stream = hash};
}

uint32_t c4_check_rng_word(struct c4_check_rng *rng) {
    uint64_t i = rng->index++;
    if (i % 4 == 0) rng->block = c4_rng_draw(rng->seed, C4_RNG_TEST, rng->stream, i / 4);
    return rng->block.word[i % 4];
}

double c4_check_rng_unit(struct c4_check_rng *rng) {
    return c4_rng_unit(c4_check_rng_word(rng));
}

int c4_check_rng_between(struct c4_check_rng *rng, int first, int last) {
    return first + (int)c4_rng_below(c4_check_rng_word(rng), (uint32_t)(last - first) + 1);
}

/* Poison of the first and second call: for floats a NaN that no arithmetic produces, then a number;
 * for integers and bytes two values that no test expects. */
static void poison(enum c4_op_type type, int call, void *out, size_t count) {
    static const unsigned char pattern[2][4] = {{0xad, 0xdb, 0xf5, 0xff}, {0xaa, 0xaa, 0xaa, 0xaa}};
    size_t bytes = count * c4_op_type_bytes(type);
    unsigned char *to = out;
    /* A double's upper half is the float's pattern, so it is a NaN, too. */
    size_t done = bytes < 4 ? bytes : 4;
    memcpy(to, pattern[call], done);
    for (size_t more; done < bytes; done += more) {
        more = done < bytes - done ? done : bytes - done;
        memcpy(to + done, to, more);
    }
}

static uint64_t element_bits(enum c4_op_type type, const void *values, size_t i) {
    uint64_t eight;
    uint32_t four;
    switch (c4_op_type_bytes(type)) {
    case sizeof eight:
        memcpy(&eight, (const unsigned char *)values + i * sizeof eight, sizeof eight);
        return eight;
    case sizeof four:
        memcpy(&four, (const unsigned char *)values + i * sizeof four, sizeof four);
        return four;
    default:
        return ((const unsigned char *)values)[i];
    }
}

static bool is_poison(enum c4_op_type type, int call, const void *values, size_t i) {
    unsigned char want[8] = {0};
    poison(type, call, want, 1);
    return element_bits(type, values, i) == element_bits(type, want, 0);
}

double c4_check_value(enum c4_op_type type, const void *values, size_t i) {
    switch (type) {
    case C4_OP_F32:
        return (double)((const float *)values)[i];
    case C4_OP_F64:
        return ((const double *)values)[i];
    case C4_OP_I64:
        return (double)((const int64_t *)values)[i];
    case C4_OP_U8:
        break;
    }
    return (double)((const uint8_t *)values)[i];
}

/* Bit for bit, but all NaNs are equal. */
static bool same(enum c4_op_type type, const void *a, const void *b, size_t i) {
    if (element_bits(type, a, i) == element_bits(type, b, i)) return true;
    bool real = type == C4_OP_F32 || type == C4_OP_F64;
    return real && isnan(c4_check_value(type, a, i)) && isnan(c4_check_value(type, b, i));
}

/* --- the case --- */

void *c4_check_add(struct c4_check_case *c, const struct c4_op_array_spec *spec) {
    if (c->array_count >= C4_OP_ARRAYS || spec->count < 1) return NULL;
    struct c4_check_array *a = &c->array[c->array_count];
    size_t element = c4_op_type_bytes(spec->type);
    *a = (struct c4_check_array){.spec = *spec};
    if (a->spec.align_bytes < element) a->spec.align_bytes = element;
    a->content = calloc(spec->count, element);
    if (a->content) c->array_count++;
    return a->content;
}

void c4_check_free(struct c4_check_case *c) {
    for (int i = 0; i < c->array_count; i++) {
        free(c->array[i].content);
        free(c->array[i].expect);
    }
    c->array_count = 0;
}

/* --- reporting --- */

__attribute__((format(printf, 2, 3))) static void append(struct c4_check_result *r,
                                                         const char *format, ...) {
    size_t used = strlen(r->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->text + used, sizeof r->text - used, format, arguments);
    va_end(arguments);
}

/* Begins the report line: what failed, and how to repeat it. Returns false for the caller to
 * return. */
static bool fail(struct c4_check_result *r, const struct c4_check_case *c,
                 enum c4_check_fault fault) {
    const char *slot = c4_slot_name(c->slot);
    r->fault = fault;
    r->text[0] = 0;
    append(r,
           "FAILED %s: backend=%s slot=%s shape='%s' data=%s; repeat with C4_CHECK_SEED=%llu "
           "C4_CHECK_ONLY=%s/%s: ",
           c4_check_fault_name(fault), c->backend, slot, c->shape, c->data,
           (unsigned long long)c->seed, c->backend, slot);
    return false;
}

const char *c4_check_fault_name(enum c4_check_fault fault) {
    static const char *const names[] = {"passed",    "signal", "control", "band",    "input",
                                        "unwritten", "value",  "state",   "vacuous", "setup"};
    return names[fault];
}

static void show_element(struct c4_check_result *r, const struct c4_check_array *a, size_t i,
                         const void *got, const void *want) {
    int digits = (int)(2 * c4_op_type_bytes(a->spec.type));
    append(r, "\n  %s[%zu] got %0*llx (%.9g) want %0*llx (%.9g)", a->spec.name, i, digits,
           (unsigned long long)element_bits(a->spec.type, got, i),
           c4_check_value(a->spec.type, got, i), digits,
           (unsigned long long)element_bits(a->spec.type, want, i),
           c4_check_value(a->spec.type, want, i));
}

/* Reports all elements that `wrong` marks; true if there are none. */
static bool no_differences(struct c4_check_result *r, const struct c4_check_case *c,
                           const struct c4_check_array *a, enum c4_check_fault fault,
                           const char *what, const void *got, const void *want,
                           const unsigned char *wrong) {
    size_t count = 0, first = 0;
    for (size_t i = 0; i < a->spec.count; i++)
        if (wrong[i] && count++ == 0) first = i;
    if (count == 0) return true;
    fail(r, c, fault);
    append(r, "%s: %s in %zu of %zu elements, first at %zu", a->spec.name, what, count,
           a->spec.count, first);
    size_t shown = 0;
    for (size_t i = first; i < a->spec.count && shown < SHOWN_DIFFERENCES; i++)
        if (wrong[i]) {
            show_element(r, a, i, got, want);
            shown++;
        }
    return false;
}

/* --- calls --- */

struct call {
    const struct c4_check_case *c;
    c4_op_fn *kernel;
    void *pointers[C4_OP_ARRAYS];
};

static void make_call(void *context) {
    struct call *call = context;
    c4_op_call(call->c->slot, call->kernel, &call->c->size, call->pointers);
}

/* Sets contents and poison before a call. */
static void prepare(const struct c4_check_case *c, int call, void *const *pointers) {
    for (int i = 0; i < c->array_count; i++) {
        const struct c4_check_array *a = &c->array[i];
        size_t bytes = a->spec.count * c4_op_type_bytes(a->spec.type);
        if (a->spec.role == C4_OP_IN || a->spec.role == C4_OP_INOUT)
            memcpy(pointers[i], a->content, bytes);
        else
            poison(a->spec.type, call, pointers[i], a->spec.count);
    }
}

bool c4_check_expect(struct c4_check_case *c, c4_op_fn *reference) {
    struct call call = {.c = c, .kernel = reference};
    bool ok = true;
    for (int i = 0; i < c->array_count; i++) {
        size_t bytes = c->array[i].spec.count * c4_op_type_bytes(c->array[i].spec.type);
        free(c->array[i].expect);
        c->array[i].expect = aligned_alloc(ALIGN, (bytes + ALIGN - 1) / ALIGN * ALIGN);
        ok = ok && c->array[i].expect;
        call.pointers[i] = c->array[i].expect;
    }
    if (!ok) return false;
    prepare(c, 0, call.pointers);
    make_call(&call);
    return true;
}

/* Names the element at a faulting address: "y[4096]". */
static void name_address(struct c4_check_result *r, const struct c4_check_case *c,
                         const struct c4_guarded *g, const void *address) {
    const unsigned char *at = address;
    for (int i = 0; i < c->array_count; i++)
        if (at >= g[i].map && at < g[i].map + g[i].map_bytes) {
            append(
                r, ", %s[%lld] of %zu", c->array[i].spec.name,
                (long long)((at - g[i].data) / (ptrdiff_t)c4_op_type_bytes(c->array[i].spec.type)),
                c->array[i].spec.count);
            return;
        }
}

static bool check_norm(const struct c4_check_case *c, const struct c4_check_array *a,
                       const void *got, struct c4_check_result *r) {
    double error = 0, signal = 0, sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < a->spec.count; i++) {
        double want = c4_check_value(a->spec.type, a->expect, i),
               have = c4_check_value(a->spec.type, got, i);
        if (isnan(want) && isnan(have)) continue; /* a gap between rows, which is left alone */
        double difference = have - want;
        count++;
        error += difference * difference;
        signal += want * want;
        sum += want;
    }
    double n = (double)count, variance = signal / n - (sum / n) * (sum / n);
    /* The tolerance must be far below the spread of the elements. */
    if (count > 1 && !(100 * c->tolerance * sqrt(signal / n) <= sqrt(variance))) {
        fail(r, c, C4_CHECK_VACUOUS);
        append(r, "%s: the tolerance %g hides the signal", a->spec.name, c->tolerance);
        return false;
    }
    if (sqrt(error) <= c->tolerance * sqrt(signal)) return true; /* false for a NaN */
    fail(r, c, C4_CHECK_VALUE);
    append(r, "%s: relative norm of the error %.3g, allowed %.3g", a->spec.name,
           sqrt(error / signal), c->tolerance);
    return false;
}

/* Compares one output of the two calls with the reference. `kept` holds the first call's. */
static bool check_output(const struct c4_check_case *c, const struct c4_check_array *a,
                         const void *kept, const void *got, unsigned char *wrong,
                         struct c4_check_result *r) {
    bool out = a->spec.role == C4_OP_OUT;
    memset(wrong, 0, a->spec.count);
    for (size_t i = 0; i < a->spec.count; i++)
        wrong[i] = out && is_poison(a->spec.type, 0, kept, i) &&
                   is_poison(a->spec.type, 1, got, i) && !is_poison(a->spec.type, 0, a->expect, i);
    if (!no_differences(r, c, a, C4_CHECK_UNWRITTEN, "not written", kept, a->expect, wrong))
        return false;

    bool integer = a->spec.type == C4_OP_I64 || a->spec.type == C4_OP_U8;
    if (c->tolerance > 0 && !integer) {
        if (!check_norm(c, a, kept, r)) return false;
    } else if (memcmp(kept, a->expect, a->spec.count * c4_op_type_bytes(a->spec.type)) != 0) {
        for (size_t i = 0; i < a->spec.count; i++)
            wrong[i] = !same(a->spec.type, kept, a->expect, i);
        if (!no_differences(r, c, a, C4_CHECK_VALUE, "differs", kept, a->expect, wrong))
            return false;
    }

    /* Elements that the reference leaves alone must keep the second call's poison. */
    for (size_t i = 0; i < a->spec.count; i++)
        wrong[i] = out && is_poison(a->spec.type, 0, a->expect, i)
                       ? !is_poison(a->spec.type, 1, got, i)
                       : !same(a->spec.type, got, kept, i);
    return no_differences(r, c, a, C4_CHECK_STATE, "the second call differs from the first", got,
                          kept, wrong);
}

static bool check_surroundings(const struct c4_check_case *c, const struct c4_guarded *g,
                               unsigned char *wrong, struct c4_check_result *r) {
    for (int i = 0; i < c->array_count; i++) {
        const struct c4_check_array *a = &c->array[i];
        ptrdiff_t offset;
        if (!c4_guarded_whole(&g[i], &offset)) {
            fail(r, c, C4_CHECK_BAND);
            append(r, "wrote at byte %lld of %s, which has %zu", (long long)offset, a->spec.name,
                   g[i].data_bytes);
            return false;
        }
        if (a->spec.role != C4_OP_IN) continue;
        if (memcmp(g[i].data, a->content, g[i].data_bytes) == 0) continue;
        for (size_t k = 0; k < a->spec.count; k++)
            wrong[k] = element_bits(a->spec.type, g[i].data, k) !=
                       element_bits(a->spec.type, a->content, k);
        if (!no_differences(r, c, a, C4_CHECK_INPUT, "input changed", g[i].data, a->content, wrong))
            return false;
    }
    return true;
}

/* Copies of the first call's arrays, one after the other, and a mark for each element. */
struct notes {
    unsigned char *kept, *wrong;
    size_t at[C4_OP_ARRAYS]; /* bytes; each copy is aligned */
};

static bool notes_make(struct notes *notes, const struct c4_check_case *c) {
    size_t largest = 1, bytes = 0;
    for (int i = 0; i < c->array_count; i++) {
        const struct c4_check_array *a = &c->array[i];
        if (!a->content || !a->expect) return false;
        notes->at[i] = bytes;
        bytes += (a->spec.count * c4_op_type_bytes(a->spec.type) + ALIGN - 1) / ALIGN * ALIGN;
        if (a->spec.count > largest) largest = a->spec.count;
    }
    if (bytes == 0) return false;
    notes->kept = aligned_alloc(ALIGN, bytes);
    notes->wrong = calloc(largest, 1);
    return notes->kept && notes->wrong;
}

static void notes_free(struct notes *notes) {
    free(notes->kept);
    free(notes->wrong);
}

/* Two calls in a row on guarded arrays. */
static bool run_placed(struct call *call, const struct c4_guarded *g, const struct notes *notes,
                       struct c4_check_result *r) {
    const struct c4_check_case *c = call->c;
    for (int turn = 0; turn < 2; turn++) {
        prepare(c, turn, call->pointers);
        struct c4_fp_control before = c4_fp_control_get();
        const void *address = NULL;
        int number = c4_catch_signals(make_call, call, &address);
        struct c4_fp_control after = c4_fp_control_get();
        c4_fp_control_set(before);
        if (number != 0) {
            fail(r, c, C4_CHECK_SIGNAL);
            append(r, "signal %d (%s)", number, strsignal(number));
            if (number == SIGSEGV || number == SIGBUS) name_address(r, c, g, address);
            return false;
        }
        if (before.word != after.word || before.rounding != after.rounding) {
            fail(r, c, C4_CHECK_CONTROL);
            append(r, "floating-point control %llx became %llx, rounding mode %x became %x",
                   (unsigned long long)before.word, (unsigned long long)after.word,
                   (unsigned)before.rounding, (unsigned)after.rounding);
            return false;
        }
        if (!check_surroundings(c, g, notes->wrong, r)) return false;
        for (int i = 0; turn == 0 && i < c->array_count; i++)
            memcpy(notes->kept + notes->at[i], g[i].data, g[i].data_bytes);
    }
    for (int i = 0; i < c->array_count; i++) {
        const struct c4_check_array *a = &c->array[i];
        if (a->spec.role != C4_OP_OUT && a->spec.role != C4_OP_INOUT) continue;
        if (!check_output(c, a, notes->kept + notes->at[i], g[i].data, notes->wrong, r))
            return false;
    }
    return true;
}

/* The reference's own outputs must have something to compare. */
static bool check_zeros(const struct c4_check_case *c, struct c4_check_result *r) {
    size_t zeros = 0, all = 0;
    for (int i = 0; i < c->array_count; i++) {
        const struct c4_check_array *a = &c->array[i];
        if (a->spec.role != C4_OP_OUT && a->spec.role != C4_OP_INOUT) continue;
        all += a->spec.count;
        for (size_t k = 0; k < a->spec.count; k++)
            zeros += c4_check_value(a->spec.type, a->expect, k) == 0;
    }
    if ((double)zeros <= c->max_zeros * (double)all) return true;
    fail(r, c, C4_CHECK_VACUOUS);
    append(r, "%zu of %zu expected outputs are zero", zeros, all);
    return false;
}

static bool out_of_memory(const struct c4_check_case *c, struct c4_check_result *r) {
    fail(r, c, C4_CHECK_SETUP);
    append(r, "no arrays, no expected values or no memory");
    return false;
}

static bool run_at(const struct c4_check_case *c, c4_op_fn *kernel, enum c4_placement placement,
                   const struct notes *notes, struct c4_check_result *r) {
    struct call call = {.c = c, .kernel = kernel};
    struct c4_guarded guarded[C4_OP_ARRAYS] = {{0}};
    bool memory = true;
    for (int i = 0; memory && i < c->array_count; i++) {
        const struct c4_check_array *a = &c->array[i];
        memory = c4_guarded_make(&guarded[i], a->spec.count * c4_op_type_bytes(a->spec.type),
                                 a->spec.align_bytes, placement);
        call.pointers[i] = guarded[i].data;
    }
    bool passed = memory ? run_placed(&call, guarded, notes, r) : out_of_memory(c, r);
    for (int i = 0; i < c->array_count; i++) c4_guarded_free(&guarded[i]);
    return passed;
}

bool c4_check_run(const struct c4_check_case *c, c4_op_fn *kernel, struct c4_check_result *result) {
    *result = (struct c4_check_result){.fault = C4_CHECK_PASSED};
    struct notes notes = {.kept = NULL};
    bool passed = notes_make(&notes, c) ? check_zeros(c, result) : out_of_memory(c, result);
    passed = passed && run_at(c, kernel, C4_PLACE_AT_END, &notes, result) &&
             run_at(c, kernel, C4_PLACE_AT_START, &notes, result);
    notes_free(&notes);
    return passed;
}

bool c4_check_against(const struct c4_check_case *c, double *const *want, double tolerance,
                      struct c4_check_result *result) {
    *result = (struct c4_check_result){.fault = C4_CHECK_PASSED};
    for (int i = 0; i < c->array_count; i++) {
        const struct c4_check_array *a = &c->array[i];
        if (!want[i]) continue;
        double error = 0, signal = 0;
        for (size_t k = 0; k < a->spec.count; k++) {
            double got = c4_check_value(a->spec.type, a->expect, k), difference = got - want[i][k];
            if (isnan(want[i][k]) && is_poison(a->spec.type, 0, a->expect, k)) continue;
            error += difference * difference;
            signal += want[i][k] * want[i][k];
            if (tolerance > 0 || got == want[i][k]) continue;
            fail(result, c, C4_CHECK_VALUE);
            append(result, "%s[%zu] is %.17g, independent arithmetic gives %.17g", a->spec.name, k,
                   got, want[i][k]);
            return false;
        }
        if (sqrt(error) <= tolerance * sqrt(signal)) continue;
        fail(result, c, C4_CHECK_VALUE);
        append(result, "%s: relative norm of the error %.3g against independent arithmetic",
               a->spec.name, sqrt(error / signal));
        return false;
    }
    return true;
}

bool c4_check_wanted(const char *backend, const char *slot) {
    const char *only = getenv("C4_CHECK_ONLY");
    if (!only || !*only) return true;
    size_t length = strlen(backend);
    return strncmp(only, backend, length) == 0 && only[length] == '/' &&
           strcmp(only + length + 1, slot) == 0;
}

void c4_check_count(struct c4_check_tally *tally, const struct c4_check_result *result, FILE *out) {
    tally->cases++;
    if (result->fault == C4_CHECK_PASSED) return;
    tally->failures++;
    fprintf(out, "%s\n", result->text);
}

bool c4_check_passed(const struct c4_check_tally *tally) {
    return tally->cases > 0 && tally->failures == 0;
}
