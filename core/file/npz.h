/* NPZ files: the zip archives of NPY arrays that numpy.savez and numpy.savez_compressed write. */
#ifndef C4_FILE_NPZ_H
#define C4_FILE_NPZ_H

#include "core/base/status.h"
#include "core/file/arrays.h"

#include <stdbool.h>

/* Without libarchive c4_npz_read() is C4_ERR_ENVIRONMENT. */
bool c4_npz_available(void);

/* Reads all members into *arrays, which is empty; the name of "a/b.npy" is "a/b". Members that hold
 * no numbers (text, objects, dates, records; files that are not NPY arrays) are passed over and
 * named in arrays->left_out; sound ones of numbers that c4_npy_take() does not read are in
 * arrays->unreadable. C4_ERR_DATA: a directory at the end of the archive that is missing or
 * damaged, a member that is damaged (its CRC-32), encrypted, cut or longer than announced, one that
 * c4_npy_take() refuses for another reason (corrupt), two of one name, none that holds numbers,
 * sizes that the file cannot hold or that exceed this machine's memory; the sentence names the
 * member. A PyTorch file, which is a zip archive too, is named as such. C4_ERR_MEMORY. *arrays is
 * released with c4_arrays_free(), also on failure. */
enum c4_status c4_npz_read(const char *path, struct c4_arrays *arrays);

#endif
