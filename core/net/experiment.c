#include "core/net/experiment.h"

#include "core/file/tensor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum c4_status c4_experiment_set(struct c4_experiment *experiment, const char *name,
                                 const char *format, ...) {
    char text[C4_EXPERIMENT_TEXT_SIZE], shown[C4_NAME_SHOWN_SIZE];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    int at = 0;
    while (at < experiment->count && strcmp(experiment->value[at].name, name) != 0) at++;
    if (length < 0 || (size_t)length >= sizeof text || at == C4_EXPERIMENT_MOST ||
        strlen(name) >= C4_EXPERIMENT_NAME_SIZE)
        return c4_fail(
            C4_ERR_FAILED,
            "value '%s' of a training cannot be kept: at most %d values of %d bytes each",
            c4_name_show(name, shown), C4_EXPERIMENT_MOST, C4_EXPERIMENT_TEXT_SIZE - 1);
    struct c4_experiment_value *value = &experiment->value[at];
    snprintf(value->name, sizeof value->name, "%s", name);
    snprintf(value->text, sizeof value->text, "%s", text);
    if (at == experiment->count) experiment->count++;
    return C4_OK;
}

enum c4_status c4_experiment_set_real(struct c4_experiment *experiment, const char *name,
                                      double value) {
    char text[32] = "";
    for (int digits = 1; digits <= 17; digits++) { /* 17 always suffice */
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    return c4_experiment_set(experiment, name, "%s", text);
}

const char *c4_experiment_find(const struct c4_experiment *experiment, const char *name) {
    for (int i = 0; i < experiment->count; i++)
        if (strcmp(experiment->value[i].name, name) == 0) return experiment->value[i].text;
    return NULL;
}

enum c4_status c4_experiment_differences(const struct c4_experiment *began,
                                         const struct c4_experiment *now, char **text) {
    size_t size;
    *text = NULL;
    FILE *out = open_memstream(text, &size);
    if (out == NULL) return c4_fail(C4_ERR_MEMORY, "out of memory for a message");
    const char *between = "";
    char shown[C4_NAME_SHOWN_SIZE]; /* `began` may come from a file */
    for (int i = 0; i < now->count; i++) {
        const struct c4_experiment_value *value = &now->value[i];
        const char *before = c4_experiment_find(began, value->name);
        if (before != NULL && strcmp(before, value->text) == 0) continue;
        fprintf(out, "%s%s %s, now %s", between, value->name,
                before != NULL ? c4_name_show(before, shown) : "unknown", value->text);
        between = "; ";
    }
    if (fclose(out) == 0) return C4_OK;
    free(*text);
    *text = NULL;
    return c4_fail(C4_ERR_MEMORY, "out of memory for a message");
}
