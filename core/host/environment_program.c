/* The part of the disclosure block that describes the program and what it runs on and under. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hwloc.h>
#include <sqlite3.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "core/host/environment_block.h"
#include "core/host/fpenv.h"
#include "core/host/hwloc_open.h"
#include "core/host/sysfile.h"

extern char **environ;

/* The build system defines these two; a manual build may lack them. */
#ifndef C4_BUILD_TYPE
#define C4_BUILD_TYPE ""
#endif
#ifndef C4_BUILD_FLAGS
#define C4_BUILD_FLAGS ""
#endif

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER ""
#endif

#ifndef __has_feature
#define __has_feature(x) 0
#endif

static void add_build(struct c4_block *b) {
    bool optimised = false, assertions = true, sanitizer = false;
#ifdef __OPTIMIZE__
    optimised = true;
#endif
#ifdef NDEBUG
    assertions = false;
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
    sanitizer = true;
#endif
    c4_block_text(b, "build", "compiler", COMPILER, "The compiler does not name itself.");
    c4_block_text(b, "build", "flags", C4_BUILD_FLAGS, "The build did not define C4_BUILD_FLAGS.");
    c4_block_text(b, "build", "type", C4_BUILD_TYPE, "The build did not define C4_BUILD_TYPE.");
    c4_block_value(b, "build", "optimised", json_boolean(optimised));
    c4_block_value(b, "build", "assertions", json_boolean(assertions));
    c4_block_value(b, "build", "sanitizer", json_boolean(sanitizer));
    if (!optimised || sanitizer || strcmp(C4_BUILD_TYPE, "Debug") == 0)
        c4_block_warn(b, "This is not a release build (%s); its timings mean nothing.",
                      sanitizer ? "with a sanitizer" : "not optimised, or a debug build");
}

/* Adds the names of the OpenMP runtimes that are loaded, as "libgomp.so.1.0.0"; returns how many.
 */
static int find_openmp_runtimes(const char *root, struct c4_text *names) {
    static const char *const prefixes[] = {"libgomp", "libomp", "libiomp"};
    FILE *maps = c4_sysfile_open(root, "/proc/self/maps");
    if (!maps) return 0;
    char *line = NULL;
    size_t capacity = 0;
    int count = 0;
    while (getline(&line, &capacity, maps) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        const char *name = strrchr(line, '/');
        if (!name) continue;
        name++;
        for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
            if (strncmp(name, prefixes[i], strlen(prefixes[i])) != 0 ||
                strstr(c4_text_string(names), name))
                continue;
            c4_text_add_word(names, ", ", name);
            count++;
            break;
        }
    }
    free(line);
    fclose(maps);
    return count;
}

static void add_libraries(struct c4_block *b) {
    struct c4_text text = {0}, runtimes = {0};
    unsigned api = hwloc_get_api_version();
    c4_text_add(&text, "%s (interface %u.%u.%u)", HWLOC_VERSION, api >> 16, api >> 8 & 0xff,
                api & 0xff);
    c4_block_built(b, "libraries", "hwloc", &text, "");
    c4_block_text(b, "libraries", "sqlite", sqlite3_libversion(), "SQLite has no version.");
#if JANSSON_VERSION_HEX >= 0x020d00
    c4_block_text(b, "libraries", "jansson", jansson_version_str(), "jansson has no version.");
#else
    c4_block_text(b, "libraries", "jansson", JANSSON_VERSION, "jansson has no version.");
#endif
    c4_block_integer(b, "libraries", "openmp", _OPENMP);
    int count = find_openmp_runtimes(b->root, &runtimes);
    c4_block_built(b, "libraries", "openmp_runtime", &runtimes,
                   "/proc/self/maps shows no shared OpenMP runtime.");
    if (count > 1)
        c4_block_warn(b, "%d OpenMP runtimes are loaded (%s) and will compete for the cores.",
                      count, c4_text_string(&runtimes));
#ifdef __GLIBC__
    c4_text_clear(&text);
    c4_text_add(&text, "glibc %s", gnu_get_libc_version());
    c4_block_built(b, "libraries", "libc", &text, "");
#else
    c4_block_null(b, "libraries", "libc", "This C library does not report its version.");
#endif
    c4_text_free(&text);
    c4_text_free(&runtimes);
}

static void add_variables(struct c4_block *b) {
    static const char *const prefixes[] = {"OMP_",      "GOMP_",  "KMP_",  "ONEDNN_", "DNNL_",
                                           "OPENBLAS_", "HWLOC_", "ATEN_", "C4_",     "BENCHMARK_"};
    if (json_object_set_new(b->object, "variables", json_object()) != 0) b->incomplete = true;
    for (char **entry = environ; entry && *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        for (size_t i = 0; equals && i < sizeof prefixes / sizeof *prefixes; i++) {
            if (strncmp(*entry, prefixes[i], strlen(prefixes[i])) != 0) continue;
            struct c4_text name = {0};
            if (c4_text_add(&name, "%.*s", (int)(equals - *entry), *entry) == C4_OK)
                c4_block_variable(b, name.bytes, equals + 1);
            else
                b->incomplete = true;
            c4_text_free(&name);
        }
    }
    const char *value,
        *ignored; /* set by the caller, and no longer in this process's environment */
    for (int i = 0; (ignored = c4_hwloc_ignored(i, &value)) != NULL; i++)
        c4_block_variable(b, ignored, value);
    static const char *const caps[] = {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA",
                                       "OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY", "C4_CPU_MASK"};
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++)
        if (getenv(caps[i]))
            c4_block_warn(b, "%s=%s may keep a library from using this CPU's fastest code.",
                          caps[i], getenv(caps[i]));
}

static void add_floating_point(struct c4_block *b) {
    struct c4_fpenv state = c4_fpenv_read();
    c4_block_value(b, "floating_point", "subnormal_results_flushed",
                   json_boolean(state.flush_results));
    c4_block_value(b, "floating_point", "subnormal_inputs_flushed",
                   json_boolean(state.flush_inputs));
    c4_block_text(b, "floating_point", "rounding", c4_fpenv_rounding_name(state.rounding), "");
    if (c4_fpenv_check() != C4_OK) c4_block_warn(b, "%s", c4_error());
}

void c4_block_add_program(struct c4_block *b) {
    add_build(b);
    add_libraries(b);
    add_variables(b);
    add_floating_point(b);
}
