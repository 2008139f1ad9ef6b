#define _GNU_SOURCE /* sched_getaffinity() */
#include "repro/ranks/launch.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/host/program.h"

#ifndef C4_LIBRARY_FOLDER /* of an installed program, seen from its own */
#define C4_LIBRARY_FOLDER "../lib/conv4"
#endif

static const char plugin_name[] = "conv4_mpi.so";

/* A number in a variable; -1: none. */
static int number_of(const char *variable) {
    const char *text = getenv(variable);
    char *end;
    if (!text || !*text) return -1;
    long number = strtol(text, &end, 10);
    return *end || number < 0 || number > 1000000 ? -1 : (int)number;
}

void c4_launch_read(struct c4_launch *launch) {
    static const struct {
        const char *mark, *ranks, *rank; /* all three are set */
    } launchers[] = {
        {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
        {"PMI_SIZE", "PMI_SIZE", "PMI_RANK"},
        {"MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"},
        {"PMIX_RANK", "SLURM_STEP_NUM_TASKS", "PMIX_RANK"},
        {"PMIX_RANK", "SLURM_NTASKS", "PMIX_RANK"},
    };
    *launch = (struct c4_launch){.ranks = 1};
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
        int ranks = number_of(launchers[i].ranks), rank = number_of(launchers[i].rank);
        if (number_of(launchers[i].mark) < 0 || ranks < 1 || rank < 0 || rank >= ranks) continue;
        if (ranks > 1) *launch = (struct c4_launch){ranks, rank, launchers[i].ranks};
        return;
    }
}

/* Sets *path to the plug-in's where there is one, else to the place beside the program. */
static enum c4_status find_plugin(struct c4_text *path) {
    static const char *const folders[] = {C4_LIBRARY_FOLDER, "."};
    struct c4_text program = {0};
    enum c4_status status = c4_program_path(&program);
    const char *slash = strrchr(c4_text_string(&program), '/');
    int length = slash ? (int)(slash - c4_text_string(&program)) : 0;
    for (int i = 0; status == C4_OK && i < 2; i++) {
        c4_text_clear(path);
        status = strcmp(folders[i], ".") == 0
                     ? c4_text_add(path, "%.*s/%s", length, c4_text_string(&program), plugin_name)
                     : c4_text_add(path, "%.*s/%s/%s", length, c4_text_string(&program), folders[i],
                                   plugin_name);
        if (status == C4_OK && access(c4_text_string(path), R_OK) == 0) break;
    }
    c4_text_free(&program);
    return status;
}

/* The plug-in stays loaded as long as the process lives, as MPI wants it. */
static enum c4_status load_plugin(struct c4_text *path, void **plugin) {
    *plugin = NULL;
    C4_TRY(find_plugin(path));
    if (access(c4_text_string(path), R_OK) != 0)
        return c4_fail(C4_ERR_ENVIRONMENT, "there is no %s; install libopenmpi-dev and build again",
                       c4_text_string(path));
    /* Open MPI's own plug-ins look for its symbols among all that are loaded. */
    *plugin = dlopen(c4_text_string(path), RTLD_NOW | RTLD_GLOBAL);
    if (*plugin) return C4_OK;
    return c4_fail(C4_ERR_ENVIRONMENT, "%s cannot be loaded: %s", c4_text_string(path), dlerror());
}

enum c4_status c4_launch_plugin(struct c4_text *path, struct c4_text *library) {
    void *plugin;
    c4_transport_library_fn *name = NULL;
    C4_TRY(load_plugin(path, &plugin));
    /* ISO C has no conversion from the pointer to a function. */
    *(void **)&name = dlsym(plugin, C4_TRANSPORT_LIBRARY);
    return c4_text_set(library, name ? name() : "unknown");
}

enum c4_status c4_launch_join(const struct c4_launch *launch, struct c4_transport *transport) {
    struct c4_text path = {0};
    void *plugin;
    c4_transport_open_fn *join = NULL;
    enum c4_status status = load_plugin(&path, &plugin);
    if (status == C4_OK) *(void **)&join = dlsym(plugin, C4_TRANSPORT_OPEN);
    if (status == C4_ERR_ENVIRONMENT)
        status = c4_fail(status,
                         "%s says that this is one of %d ranks, which cannot talk to one another: "
                         "%s; or let each do a part of the study with --shard",
                         launch->variable, launch->ranks, c4_error());
    else if (status == C4_OK && (!join || !join(C4_TRANSPORT_VERSION, transport)))
        status = c4_fail(C4_ERR_ENVIRONMENT, "%s: %s", c4_text_string(&path),
                         join ? transport->why : "it is no plug-in of this program");
    else if (status == C4_OK && transport->size != launch->ranks)
        status = c4_fail(C4_ERR_ENVIRONMENT,
                         "%s says that this is one of %d ranks, and the MPI of %s finds %d; start "
                         "the program with that MPI's own mpirun, or with srun --mpi=pmix",
                         launch->variable, launch->ranks, c4_text_string(&path), transport->size);
    c4_text_free(&path);
    return status;
}

enum c4_status c4_launch_neighbours(struct c4_transport *transport, int *on_machine,
                                    int *overlapping) {
    enum { BYTES = 1024 }; /* CPUs / 8 */
    static unsigned long mask[BYTES / sizeof(unsigned long)];
    unsigned char *all;
    int self;
    /* A mask that cannot be read counts as all CPUs. */
    if (sched_getaffinity(0, sizeof mask, (cpu_set_t *)mask) < 0) memset(mask, 255, sizeof mask);
    if (!transport->gather_machine(transport, mask, sizeof mask, &all, on_machine, &self))
        return c4_fail(C4_ERR_FAILED, "the ranks of this machine: %s", transport->why);
    *overlapping = 0;
    for (int i = 0; i < *on_machine; i++) {
        bool shares = i == self;
        for (int k = 0; k < BYTES; k++)
            shares = shares || (all[(size_t)i * BYTES + (size_t)k] &
                                all[(size_t)self * BYTES + (size_t)k]) != 0;
        *overlapping += shares;
    }
    free(all);
    return C4_OK;
}
