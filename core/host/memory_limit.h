/* How much memory this process and those that it starts may use, who says so, and whether the
 * system has killed processes for want of it. */
#ifndef C4_HOST_MEMORY_LIMIT_H
#define C4_HOST_MEMORY_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who limits: nobody that is known; what the machine has left; a control group. */
enum c4_memory_limiter { C4_MEMORY_UNKNOWN, C4_MEMORY_MACHINE, C4_MEMORY_CGROUP };

/* "unknown", "memory that the machine has left", "memory limit of the control group". */
extern const char *const c4_memory_limiter_names[];

struct c4_memory_limit {
    /* Bytes that all processes of this group together may still allocate: the smaller of
     * MemAvailable and, of the control group and its ancestors, memory.max (version 2) or
     * memory.limit_in_bytes (version 1) less what is in use and cannot be dropped. 0 with
     * C4_MEMORY_UNKNOWN. */
    uint64_t bytes;
    enum c4_memory_limiter by;
    uint64_t set_bytes;     /* the smallest limit of a control group itself; 0: none */
    uint64_t process_bytes; /* RLIMIT_AS: address space of each process; 0: no limit */
};

/* `root` as in sysfile.h; RLIMIT_AS is always this process's. */
void c4_memory_limit(const char *root, struct c4_memory_limit *limit);

/* Processes that were killed for want of memory so far: of this process's control group (oom_kill
 * of memory.events or memory.oom_control) and of the machine (oom_kill of /proc/vmstat). -1:
 * unknown.
 */
struct c4_memory_kills {
    int64_t group, machine;
};
void c4_memory_kills(const char *root, struct c4_memory_kills *kills);

/* Writes why signal 9 has probably killed a process of this group: memory, if such a kill was
 * counted since `before`, or else perhaps memory, with what is left of it, if that is less than 1
 * GB; "" otherwise. Cut at `size`. */
void c4_memory_explain_kill(const char *root, const struct c4_memory_kills *before, char *why,
                            size_t size);

/* Asks the system to kill this process, and those that it starts from now on, before others where
 * memory runs out: they count as if half of the memory were theirs besides (oom_score_adj, proc(5);
 * to raise it is always allowed). A process that is never to be killed (-1000) stays so. Where the
 * file cannot be read or written, nothing changes. */
void c4_memory_go_first(const char *root);

#endif
