#include "core/data/files.h"

#include "core/data/standing.h"

enum c4_status c4_data_file_count(const struct c4_data_file *file, uint32_t *count) {
    C4_TRY(file->format->count(file->path, count));
    if (file->required > 0 && *count != file->required) {
        return c4_fail(C4_ERR_DATA, "%s: %u records instead of %u; get the file again", file->path,
                       *count, file->required);
    }
    if (*count > file->most) {
        return c4_fail(C4_ERR_DATA,
                       "%s: %u images, the official file has %u; this is a different file",
                       file->path, *count, file->most);
    }
    return C4_OK;
}

enum c4_status c4_data_file_read(const struct c4_data_file *file, uint32_t total, uint32_t count,
                                 uint8_t *images, uint8_t *labels, struct c4_judged *judged) {
    C4_TRY(file->format->read(file->path, count, images, labels));
    return c4_data_file_judge(file, NULL, total, count, images, labels, judged);
}
