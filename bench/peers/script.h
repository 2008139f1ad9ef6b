/* Peers' scripts, which are embedded in the program. */
#ifndef C4_BENCH_PEERS_SCRIPT_H
#define C4_BENCH_PEERS_SCRIPT_H

#include "core/base/status.h"

struct c4_peer_script {
    const char *name, *begin, *end;
};

/* Defines the script bench/ROOM/NAME.py as NAME##_script; of a room's folder "peers", ROOM is
 * ROOM_peers. */
#define C4_PEER_SCRIPT(room, name_)                                                                \
    extern const char c4_embed_bench_##room##_##name_##_py[],                                      \
        c4_embed_bench_##room##_##name_##_py_end[];                                                \
    static const struct c4_peer_script name_##_script = {                                          \
        .name = #name_ ".py",                                                                      \
        .begin = c4_embed_bench_##room##_##name_##_py,                                             \
        .end = c4_embed_bench_##room##_##name_##_py_end}

/* Writes the scripts, whose list ends with NULL, and protocol.py, which they import, to the folder.
 */
enum c4_status c4_peer_scripts_write(const char *folder,
                                     const struct c4_peer_script *const *scripts);

#endif
