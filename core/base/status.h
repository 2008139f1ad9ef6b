/* Status codes and error sentences.
 *
 * A function that can fail returns enum c4_status. On failure it has called c4_fail() once, which
 * keeps one sentence for the calling thread: what went wrong, where, and what to do about it. The
 * sentence is valid until the thread's next c4_fail(). Library code never prints and never exits;
 * only the command line does, with c4_status_exit_code(). */
#ifndef C4_BASE_STATUS_H
#define C4_BASE_STATUS_H

enum c4_status {
    C4_OK = 0,
    C4_ERR_FAILED,      /* the operation was tried and failed (disk full, a NaN loss, ...) */
    C4_ERR_MEMORY,      /* out of memory */
    C4_ERR_USAGE,       /* the caller asked for something that does not exist */
    C4_ERR_DATA,        /* a file is missing, truncated, corrupt or not what it claims to be */
    C4_ERR_CLAIM,       /* a claim of the paper does not hold (--strict-claims only) */
    C4_ERR_REGRESSION,  /* slower than the baseline */
    C4_ERR_ENVIRONMENT, /* this machine or build cannot do it (CPU, library, permission) */
    C4_ERR_RESULT,      /* a result differs from its reference */
    C4_ERR_UNFINISHED, /* the time is up; work done so far is saved, and the same command goes on */
    C4_ERR_INTERRUPTED, /* SIGINT; work done so far is saved */
    C4_ERR_TERMINATED   /* SIGTERM; work done so far is saved */
};

/* Keeps the sentence (printf form, no trailing newline) and returns `status`. If there is no memory
 * for a long one, it is cut and ends in "[...]". */
__attribute__((format(printf, 2, 3))) enum c4_status c4_fail(enum c4_status status,
                                                             const char *format, ...);

#ifdef __clang_analyzer__ /* which does not see in status.c that the status is returned */
#define c4_fail(status, ...) ((c4_fail)(status, __VA_ARGS__), (status))
#endif

/* The sentence of this thread's last c4_fail(); "" before the first one. */
const char *c4_error(void);

/* 0 ok, 1 failed (and out of memory), 2 usage, 3 data, 4 claim, 5 regression, 6 environment,
 * 7 wrong result, 75 unfinished (EX_TEMPFAIL of sysexits.h, at which batch systems and scripts try
 * again), 130 interrupted, 143 terminated. */
int c4_status_exit_code(enum c4_status status);

/* Returns a failure to the caller. */
#define C4_TRY(expr)                                                                               \
    do {                                                                                           \
        enum c4_status c4_try_status_ = (expr);                                                    \
        if (c4_try_status_ != C4_OK) return c4_try_status_;                                        \
    } while (0)

#endif
