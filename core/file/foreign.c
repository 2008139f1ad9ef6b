#include "core/file/foreign.h"

#include <string.h>

#define SAVE "save its arrays with numpy.save, numpy.savez or safetensors"
#define UNPACK "unpack it and name the file inside"

/* No file of arrays is shorter: safetensors has 8 bytes of length, NPY 8 of magic and version. */
enum { LEAST_BYTES = 8 };

/* Marks of other formats, each at its offset. */
static const struct {
    size_t at, size;
    const char *mark, *what, *remedy;
} kinds[] = {
    {0, 8, "\x89HDF\r\n\x1a\n", "an HDF5 file (.h5, .keras, netCDF)", SAVE},
    {512, 8, "\x89HDF\r\n\x1a\n", "a MATLAB file of version 7.3", SAVE},
    {0, 10, "MATLAB 5.0", "a MATLAB file (.mat)", "load it with scipy.io.loadmat and " SAVE},
    {0, 10, "MATLAB 7.3", "a MATLAB file of version 7.3", SAVE},
    {0, 2, "\x1f\x8b", "a gzip file", UNPACK},
    {0, 3, "BZh", "a bzip2 file", UNPACK},
    {0, 6,
     "\xfd"
     "7zXZ\0",
     "an xz file", UNPACK},
    {0, 4, "\x28\xb5\x2f\xfd", "a Zstandard file", UNPACK},
    {0, 6, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK},
    {257, 5, "ustar", "a tar archive", UNPACK},
    {0, 4, "GGUF", "a GGUF model", SAVE},
    {0, 4, "PAR1", "a Parquet table", SAVE},
    {0, 6, "ARROW1", "an Arrow (Feather) table", SAVE},
    {0, 15, "SQLite format 3", "an SQLite database", "name a file of arrays"},
    {0, 4, "\x89PNG", "a PNG image", "name a file of arrays"},
    {0, 3, "\xff\xd8\xff", "a JPEG image", "name a file of arrays"},
    {0, 4,
     "\x7f"
     "ELF",
     "a program", "name a file of arrays"},
    {0, 7, "%PDF-1.", "a PDF document", "name a file of arrays"},
    {0, 42, "version https://git-lfs.github.com/spec/v1", "a Git LFS pointer, not the file itself",
     "get the file with 'git lfs pull'"},
    {0, 9, "<!DOCTYPE", "a web page, not a file of arrays",
     "the download went wrong; get it again"},
    {0, 9, "<!doctype", "a web page, not a file of arrays",
     "the download went wrong; get it again"},
    {0, 5, "<html", "a web page, not a file of arrays", "the download went wrong; get it again"},
};

/* The first opcode and a protocol of 2 to 5. */
static int is_pickle(const unsigned char *head, size_t size_bytes) {
    return size_bytes > 2 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5;
}

/* torch.save wrote pickles before its version 1.6, with this number in front. */
static int is_torch_pickle(const unsigned char *head, size_t size_bytes) {
    static const unsigned char magic[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20};
    return size_bytes > 2 + sizeof magic && memcmp(head + 2, magic, sizeof magic) == 0;
}

static int is_text(const unsigned char *head, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; i++)
        if ((head[i] < ' ' && (head[i] == '\0' || strchr("\t\r\n\f", head[i]) == NULL)) ||
            head[i] == 127)
            return 0;
    return 1;
}

enum c4_status c4_fail_foreign(const char *path, const unsigned char *head, size_t size_bytes) {
    if (size_bytes == 0)
        return c4_fail(C4_ERR_DATA,
                       "%s: is empty; whatever wrote it did not finish, so write or "
                       "get it again",
                       path);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (size_bytes >= kinds[i].at + kinds[i].size &&
            memcmp(head + kinds[i].at, kinds[i].mark, kinds[i].size) == 0)
            return c4_fail(C4_ERR_DATA, "%s: looks like %s; %s", path, kinds[i].what,
                           kinds[i].remedy);
    if (is_pickle(head, size_bytes))
        return c4_fail(C4_ERR_DATA,
                       "%s: looks like a %s pickle, which can run code when it is loaded; load it "
                       "in Python if you trust it and " SAVE,
                       path, is_torch_pickle(head, size_bytes) ? "PyTorch" : "Python");
    if (size_bytes < LEAST_BYTES)
        return c4_fail(C4_ERR_DATA,
                       "%s: has %zu bytes, too few for an NPY, an NPZ or a safetensors file; "
                       "whatever wrote it did not finish, so write or get it again",
                       path, size_bytes);
    if (is_text(head, size_bytes))
        return c4_fail(C4_ERR_DATA,
                       "%s: looks like text; load its numbers in Python (numpy.loadtxt) and " SAVE,
                       path);
    return c4_fail(C4_ERR_DATA,
                   "%s: is neither an NPY, an NPZ nor a safetensors file, or its beginning is "
                   "damaged; get it again, or " SAVE,
                   path);
}
