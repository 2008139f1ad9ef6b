#include "bench/exact/exact.h"

#include <stdlib.h>

#include "bench/exact/elf.h"
#include "bench/exact/parts.h"
#include "bench/exact/run.h"
#include "core/file/file.h"

enum c4_status c4_exact_size(struct c4_exact_work *work) {
    unsigned char *bytes;
    size_t size_bytes;
    uint64_t loaded_bytes;
    enum c4_status status = c4_file_read(work->program, &bytes, &size_bytes);
    if (status == C4_ERR_MEMORY) return status;
    if (status != C4_OK) return c4_exact_note(work->exact, "its size is unknown: %s", c4_error());
    bool known = c4_elf_loaded_bytes(bytes, size_bytes, &loaded_bytes);
    free(bytes);
    if (!known)
        return c4_exact_note(work->exact, "%s: its size is unknown, as it is no ELF file",
                             work->program);
    return c4_exact_add(work->exact, "", "size",
                        (struct c4_exact_value){.benchmark = "program",
                                                .unit = "bytes",
                                                .value = (double)loaded_bytes});
}

static enum c4_status find_program(struct c4_exact_work *work) {
    C4_TRY(c4_exact_locate(work->request->program, &work->program));
    if (work->program) return C4_OK;
    return c4_fail(C4_ERR_DATA, "%s: there is no such program; give the path of a conv4 program",
                   work->request->program);
}

static enum c4_status measure(struct c4_exact_work *work) {
    static enum c4_status (*const parts[])(struct c4_exact_work * work) = {
        c4_exact_size, c4_exact_hash, c4_exact_arena, c4_exact_choose, c4_exact_step, c4_exact_ops};
    const struct c4_exact_request *request = work->request;
    const int of = sizeof parts / sizeof *parts;
    C4_TRY(find_program(work));
    for (int i = 0; i < of; i++) {
        C4_TRY(parts[i](work));
        if (request->tick) request->tick(request->context, i + 1, of);
    }
    return C4_OK;
}

enum c4_status c4_exact_measure(const struct c4_exact_request *request, struct c4_exact *exact) {
    struct c4_exact_work work = {.request = request, .exact = exact};
    *exact = (struct c4_exact){0};
    enum c4_status status = measure(&work);
    free(work.program);
    free(work.counted);
    return status;
}
