/* NPZ files: the zip archives of NPY arrays that numpy.savez and numpy.savez_compressed write. */
#ifndef C4_FILE_NPZ_H
#define C4_FILE_NPZ_H

#include "core/base/status.h"
#include "core/file/arrays.h"

#include <stdbool.h>

/* Whether this build has libarchive; without it c4_npz_read() is C4_ERR_ENVIRONMENT. */
bool c4_npz_available(void);

/* Reads all members into *arrays, which must be empty; member "a/b.npy" becomes array "a/b".
 * Members that hold no numbers (text, objects, dates, records; files that are not NPY arrays) are
 * skipped and named in arrays->left_out. Valid arrays of numbers that c4_npy_take() does not
 * support are listed in arrays->unreadable. C4_ERR_DATA: the directory at the archive's end is
 * missing or damaged; a member is damaged (CRC-32), encrypted, shorter or longer than declared, or
 * corrupt for c4_npy_take(); two have the same name; none holds numbers; sizes exceed what the file
 * can hold or this machine's memory. The sentence names the member. A PyTorch file, also a zip
 * archive, is recognised and refused. C4_ERR_MEMORY. Release *arrays with c4_arrays_free(), also on
 * failure. */
enum c4_status c4_npz_read(const char *path, struct c4_arrays *arrays);

#endif
