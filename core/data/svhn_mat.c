#include "core/data/svhn_mat.h"

#include "core/data/dataset.h"
#include "core/data/mat5.h"

#if C4_HAVE_MATIO

#include <matio.h>

bool c4_svhn_mat_available(void) {
    return true;
}

/* Library code never prints; each failure becomes one sentence below. */
static void stay_silent(int level, const char *message) {
    (void)level;
    (void)message;
}

/* Older versions of matio pass the message without const. */
typedef int old_log_init(const char *program, void (*log)(int level, char *message));
static void stay_silent_old(int level, char *message) {
    stay_silent(level, message);
}

static mat_t *open_mat(const char *path) {
    Mat_LogInitFunc("conv4", _Generic(&Mat_LogInitFunc, old_log_init *
                                      : stay_silent_old, default
                                      : stay_silent));
    return Mat_Open(path, MAT_ACC_RDONLY);
}

static enum c4_status damaged(const char *path, const char *what) {
    return c4_fail(C4_ERR_DATA,
                   "%s: %s; the file is damaged or not SVHN's (format 2, cropped digits): get it "
                   "again",
                   path, what);
}

static enum c4_status images_shape(const char *path, const matvar_t *x, uint32_t *count) {
    if (x == NULL) return damaged(path, "there is no variable X");
    if (x->class_type != MAT_C_UINT8 || x->isComplex) return damaged(path, "X is not uint8");
    if (x->rank != 4 || x->dims[0] != C4_IMAGE_SIDE || x->dims[1] != C4_IMAGE_SIDE ||
        x->dims[2] != 3) {
        return damaged(path, "X is not 32 x 32 x 3 x N");
    }
    if (x->dims[3] < 1 || x->dims[3] > 1000000) {
        return damaged(path, "X has no images, or more than a million");
    }
    *count = (uint32_t)x->dims[3];
    return C4_OK;
}

enum c4_status c4_svhn_mat_count(const char *path, uint32_t *count) {
    C4_TRY(c4_mat5_check(path, C4_MAT5_ELEMENTS));
    mat_t *mat = open_mat(path);
    if (mat == NULL) return damaged(path, "matio cannot open it");
    matvar_t *x = Mat_VarReadInfo(mat, "X");
    enum c4_status status = images_shape(path, x, count);
    Mat_VarFree(x);
    Mat_Close(mat);
    return status;
}

/* X(row, column, plane, image) with row fastest, to image, plane, row, column. */
static void transpose(const uint8_t *x, uint32_t count, uint8_t *images) {
    for (size_t plane = 0; plane < (size_t)count * 3; plane++) {
        const uint8_t *from = x + plane * C4_PLANE_BYTES;
        uint8_t *to = images + plane * C4_PLANE_BYTES;
        for (int row = 0; row < C4_IMAGE_SIDE; row++) {
            for (int column = 0; column < C4_IMAGE_SIDE; column++) {
                to[row * C4_IMAGE_SIDE + column] = from[column * C4_IMAGE_SIDE + row];
            }
        }
    }
}

static enum c4_status read_images(mat_t *mat, const char *path, uint32_t count, uint32_t *total,
                                  uint8_t *images) {
    matvar_t *x = Mat_VarReadInfo(mat, "X");
    enum c4_status status = images_shape(path, x, total);
    if (status == C4_OK && *total < count) status = damaged(path, "X has too few images");
    if (status == C4_OK) {
        bool whole = Mat_VarReadDataAll(mat, x) == 0 && x->data != NULL &&
                     x->nbytes == (size_t)*total * C4_IMAGE_BYTES;
        if (whole) {
            transpose(x->data, count, images);
        } else {
            status = damaged(path, "X cannot be read to its end");
        }
    }
    Mat_VarFree(x);
    return status;
}

/* Bytes of a label of that class, or 0 if the class is not numeric. */
static size_t label_bytes(enum matio_classes class_type) {
    switch (class_type) {
    case MAT_C_INT8:
    case MAT_C_UINT8:
        return 1;
    case MAT_C_INT16:
    case MAT_C_UINT16:
        return 2;
    case MAT_C_INT32:
    case MAT_C_UINT32:
    case MAT_C_SINGLE:
        return 4;
    case MAT_C_INT64:
    case MAT_C_UINT64:
    case MAT_C_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

static double label_at(const matvar_t *y, size_t i) {
    switch (y->class_type) {
    case MAT_C_INT8:
        return ((const int8_t *)y->data)[i];
    case MAT_C_UINT8:
        return ((const uint8_t *)y->data)[i];
    case MAT_C_INT16:
        return ((const int16_t *)y->data)[i];
    case MAT_C_UINT16:
        return ((const uint16_t *)y->data)[i];
    case MAT_C_INT32:
        return ((const int32_t *)y->data)[i];
    case MAT_C_UINT32:
        return ((const uint32_t *)y->data)[i];
    case MAT_C_INT64:
        return (double)((const int64_t *)y->data)[i];
    case MAT_C_UINT64:
        return (double)((const uint64_t *)y->data)[i];
    case MAT_C_SINGLE:
        return ((const float *)y->data)[i];
    default:
        return ((const double *)y->data)[i];
    }
}

static enum c4_status convert_labels(const char *path, const matvar_t *y, uint32_t count,
                                     uint32_t total, uint8_t *labels) {
    size_t bytes = label_bytes(y->class_type);
    if (bytes == 0 || y->isComplex) return damaged(path, "y does not hold numbers");
    if (y->data == NULL || y->rank != 2 || y->dims[0] * y->dims[1] != total ||
        y->nbytes != total * bytes) {
        return damaged(path, "y does not have one label for each image of X");
    }
    for (uint32_t i = 0; i < count; i++) {
        double label = label_at(y, i);
        if (!(label >= 1 && label <= 10) || label != (int)label) {
            return c4_fail(C4_ERR_DATA, "%s: label %u of y is %g, labels are 1 to 10", path, i,
                           label);
        }
        labels[i] = (uint8_t)((int)label % 10);
    }
    return C4_OK;
}

static enum c4_status read_labels(mat_t *mat, const char *path, uint32_t count, uint32_t total,
                                  uint8_t *labels) {
    matvar_t *y = Mat_VarRead(mat, "y");
    if (y == NULL) return damaged(path, "there is no readable variable y");
    enum c4_status status = convert_labels(path, y, count, total, labels);
    Mat_VarFree(y);
    return status;
}

enum c4_status c4_svhn_mat_read(const char *path, uint32_t count, uint8_t *images,
                                uint8_t *labels) {
    C4_TRY(c4_mat5_check(path, C4_MAT5_STREAMS));
    mat_t *mat = open_mat(path);
    if (mat == NULL) return damaged(path, "matio cannot open it");
    uint32_t total = 0;
    enum c4_status status = read_images(mat, path, count, &total, images);
    if (status == C4_OK) status = read_labels(mat, path, count, total, labels);
    Mat_Close(mat);
    return status;
}

#else

bool c4_svhn_mat_available(void) {
    return false;
}

static enum c4_status absent(const char *path) {
    return c4_fail(
        C4_ERR_ENVIRONMENT,
        "%s: this build reads no .mat files; install libmatio-dev and zlib1g-dev and build again",
        path);
}

enum c4_status c4_svhn_mat_count(const char *path, uint32_t *count) {
    *count = 0;
    return absent(path);
}

enum c4_status c4_svhn_mat_read(const char *path, uint32_t count, uint8_t *images,
                                uint8_t *labels) {
    (void)count;
    (void)images;
    (void)labels;
    return absent(path);
}

#endif
