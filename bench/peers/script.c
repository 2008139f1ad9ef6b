#include "bench/peers/script.h"

#include "core/base/text.h"
#include "core/file/file.h"

C4_PEER_SCRIPT(peers, protocol);

static enum c4_status write_script(const char *folder, const struct c4_peer_script *script) {
    struct c4_text path = {0};
    enum c4_status status = c4_text_add(&path, "%s/%s", folder, script->name);
    if (status == C4_OK)
        status =
            c4_file_write_atomic(path.bytes, script->begin, (size_t)(script->end - script->begin));
    c4_text_free(&path);
    return status;
}

enum c4_status c4_peer_scripts_write(const char *folder,
                                     const struct c4_peer_script *const *scripts) {
    C4_TRY(write_script(folder, &protocol_script));
    for (int i = 0; scripts[i]; i++) C4_TRY(write_script(folder, scripts[i]));
    return C4_OK;
}
