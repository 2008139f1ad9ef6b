/* Names that another machine has made. A client of a network file system keeps what it has looked
 * up, also that a name is not there; on Linux's NFS for up to a minute (acdirmax), unless it hears
 * that the folder has changed. */
#ifndef C4_FILE_REFRESH_H
#define C4_FILE_REFRESH_H

/* Opens every folder on the way to the file `path`, the first one first, and has the file server
 * asked for its state (statx with AT_STATX_FORCE_SYNC where there is one, else fstat): a folder
 * that has changed forgets the names that were looked up in it. The file is not touched. What
 * cannot be opened is passed over: opening the file says why. */
void c4_path_refresh(const char *path);

#endif
