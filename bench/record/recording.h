/* Measuring one program, or taking what its processes have printed, for the history. */
#ifndef C4_BENCH_RECORD_RECORDING_H
#define C4_BENCH_RECORD_RECORDING_H

#include "bench/compare/pairs.h"
#include "bench/compare/program.h"
#include "bench/exact/exact.h"
#include "bench/results/machines.h"

struct c4_recording_run {
    const char *program;
    struct c4_program_setting setting;
    int processes;
    /* Before the first process and after each. */
    void (*tick)(void *context, int done, int of);
    void *context;
};

/* What a history says of one commit on one machine. */
struct c4_recording {
    struct c4_comparison rows; /* their times on side C4_NEW, one for each process */
    const char *benchmark;     /* of all rows */
    int batch, threads;        /* 0: unknown */
    struct c4_exact exact;     /* empty until c4_exact_measure() */
    char key[C4_MACHINE_KEY_SIZE];
    char *machine; /* the same for people */
    char *model;   /* c4_machine_file_name() */
};

/* Runs the processes one after the other. C4_ERR_DATA: one failed or printed no results;
 * C4_ERR_INTERRUPTED, C4_ERR_TERMINATED, C4_ERR_FAILED, C4_ERR_MEMORY: nothing is to be recorded.
 * c4_recording_free() in every case. */
enum c4_status c4_recording_run(const struct c4_recording_run *run, struct c4_recording *record);

/* The same from files, each the JSON output of one process of the same benchmark: of conv4 or of
 * Google Benchmark, whose context tells the machine. C4_ERR_DATA: a file is none, or of another
 * benchmark or machine than the first. */
enum c4_status c4_recording_read(char *const *paths, int count, struct c4_recording *record);

struct c4_recording_identity {
    const char *commit, *committed_utc;
    const char *accepted; /* why larger values are accepted; NULL: they are not */
};

/* Appends a line for each row and exact value; *lines is how many. Statuses of
 * c4_history_append(). */
enum c4_status c4_recording_append(const struct c4_recording *record,
                                   const struct c4_recording_identity *identity, const char *path,
                                   int *lines);

void c4_recording_free(struct c4_recording *record);

#endif
