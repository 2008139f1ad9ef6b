/* Whether a launcher (mpirun, mpiexec, srun --mpi=pmix) has started this program several times, and
 * joining the others. */
#ifndef C4_REPRO_RANKS_LAUNCH_H
#define C4_REPRO_RANKS_LAUNCH_H

#include "core/base/status.h"
#include "core/base/text.h"
#include "repro/ranks/transport.h"

/* What the launcher's variables say: of Open MPI, of MPICH and its relatives, of MVAPICH, and of
 * Slurm with PMIx. Tasks of Slurm without PMIx are not ranks, as nothing connects them. */
struct c4_launch {
    int ranks, rank;      /* 1 and 0 without a launcher */
    const char *variable; /* that says how many; NULL: none */
};
void c4_launch_read(struct c4_launch *launch);

/* The plug-in with the transport (conv4_mpi.so): its path, beside the program's file or, if
 * installed, in the folder of libraries; and the name of the library behind it. C4_ERR_ENVIRONMENT:
 * it is missing, or cannot be loaded. */
enum c4_status c4_launch_plugin(struct c4_text *path, struct c4_text *library);

/* Joins the other ranks, which all do so. C4_ERR_ENVIRONMENT: there is no plug-in, or it is of
 * another MPI than the launcher; the sentence says what to do. */
enum c4_status c4_launch_join(const struct c4_launch *launch, struct c4_transport *transport);

/* How many ranks are on this machine, and how many of them may run on a CPU of this one's: both
 * with this one. Every rank calls it. C4_ERR_FAILED. */
enum c4_status c4_launch_neighbours(struct c4_transport *transport, int *on_machine,
                                    int *overlapping);

#endif
