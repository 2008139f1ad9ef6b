#include "core/data/format.h"

#include "core/data/pickle.h"
#include "core/data/record.h"
#include "core/data/svhn_mat.h"

#include <stddef.h>

const struct c4_format c4_format_records = {
    .count = c4_record_count, .read = c4_record_read, .labels = c4_record_labels};

const struct c4_format c4_format_pickle = {
    .count = c4_pickle_count, .read = c4_pickle_read, .labels = c4_pickle_labels, .hashed = true};

const struct c4_format c4_format_mat = {
    .count = c4_svhn_mat_count,
    .read = c4_svhn_mat_read,
    .hashed = true,
    .available = c4_svhn_mat_available,
    .name = ".mat",
    .needs = "libmatio-dev and zlib1g-dev",
};

bool c4_format_available(const struct c4_format *format) {
    return format->available == NULL || format->available();
}
