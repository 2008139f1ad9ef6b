#include "bench/results/machines.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/sha256.h"

static const char unknown_cpu[] = "unknown-cpu";

static const char *const ways[] = {"environment.cpu.architecture",
                                   "environment.cpu.model_name",
                                   "environment.cpu.family",
                                   "environment.cpu.model",
                                   "environment.cpu.stepping",
                                   "environment.cpu.features",
                                   "environment.cpu.hypervisor",
                                   "environment.topology.packages",
                                   "environment.topology.logical_cpus",
                                   "environment.topology.l2_bytes",
                                   "environment.topology.l3_bytes"};

bool c4_same_machine(const json_t *a, const json_t *b) {
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const json_t *x = c4_result_at(a, ways[i]), *y = c4_result_at(b, ways[i]);
        if (x != y && !json_equal(x, y)) return false;
    }
    return true;
}

/* The value as compact JSON, or null. */
static void write_member(const json_t *file, const char *way, FILE *out) {
    const json_t *value = c4_result_at(file, way);
    if (value)
        json_dumpf(value, out, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    else
        fputs("null", out);
    fputc('\n', out);
}

static void write_text(const json_t *file, FILE *out) {
    int cpus = c4_result_whole(file, "environment.topology.logical_cpus");
    fprintf(out, "%s (%s), %d CPU%s, %s %s",
            c4_result_text(file, "environment.cpu.model_name", "unknown CPU"),
            c4_result_text(file, "environment.cpu.features", "?"), cpus, cpus == 1 ? "" : "s",
            c4_result_text(file, "environment.build.compiler", "unknown compiler"),
            c4_result_text(file, "environment.build.flags", ""));
}

enum c4_status c4_machine_key(const json_t *file, char key[C4_MACHINE_KEY_SIZE], char **text) {
    char *members = NULL, hex[C4_SHA256_HEX_SIZE];
    size_t size, ignored;
    FILE *out = open_memstream(&members, &size), *named = open_memstream(text, &ignored);
    for (size_t i = 0; out && i < sizeof ways / sizeof *ways; i++) write_member(file, ways[i], out);
    if (out) write_member(file, "environment.build.compiler", out);
    if (out) write_member(file, "environment.build.flags", out);
    if (named) write_text(file, named);
    bool whole = out && named;
    if (out && fclose(out) != 0) whole = false;
    if (named && fclose(named) != 0) whole = false;
    enum c4_status status = whole ? c4_sha256_hex(members, size, hex)
                                  : c4_fail(C4_ERR_MEMORY, "out of memory for a machine's name");
    free(members);
    if (status == C4_OK) snprintf(key, C4_MACHINE_KEY_SIZE, "%.*s", C4_MACHINE_KEY_SIZE - 1, hex);
    return status;
}

char *c4_machine_file_name(const json_t *file) {
    const char *model = c4_result_text(file, "environment.cpu.model_name", "");
    char *name = malloc(strlen(model) + sizeof unknown_cpu);
    size_t used = 0;
    if (!name) return NULL;
    for (; *model; model++) {
        unsigned char c = (unsigned char)*model;
        if (c < 0x80 && isalnum(c))
            name[used++] = (char)tolower(c);
        else if (used > 0 && name[used - 1] != '-')
            name[used++] = '-';
    }
    while (used > 0 && name[used - 1] == '-') used--;
    name[used] = '\0';
    if (used == 0) memcpy(name, unknown_cpu, sizeof unknown_cpu);
    return name;
}

void c4_machines_of(const struct c4_results *results, struct c4_machines *machines) {
    machines->count = 0;
    for (int i = 0; i < results->count; i++) {
        int k = 0;
        while (k < machines->count && !c4_same_machine(machines->one[k], results->file[i])) k++;
        if (k == machines->count) machines->one[machines->count++] = results->file[i];
        machines->of[i] = k;
    }
}

static void plain_name(const json_t *file, char name[C4_MACHINE_BYTES]) {
    snprintf(name, C4_MACHINE_BYTES, "%s (%s)",
             c4_result_text(file, "environment.cpu.model_name", "unknown CPU"),
             c4_result_text(file, "environment.cpu.features", "?"));
}

void c4_machine_name(const struct c4_machines *machines, int machine, char name[C4_MACHINE_BYTES]) {
    char other[C4_MACHINE_BYTES];
    bool unique = true;
    plain_name(machines->one[machine], name);
    for (int i = 0; i < machines->count; i++) {
        plain_name(machines->one[i], other);
        if (i != machine && strcmp(name, other) == 0) unique = false;
    }
    size_t length = strlen(name);
    if (!unique) snprintf(name + length, C4_MACHINE_BYTES - length, ", machine %d", machine + 1);
}
