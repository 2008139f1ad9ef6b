/* How an agent finds out that it works on the same study as rank 0. */
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/file/file.h"
#include "core/file/refresh.h"
#include "core/host/clock.h"
#include "repro/ranks/agent_parts.h"

enum c4_status c4_agent_study(struct c4_agent *agent, struct c4_rank_study *study) {
    struct c4_rank_build own;
    while (!agent->build) {
        C4_TRY(c4_agent_check_ended(agent));
        C4_TRY(c4_agent_step(agent, C4_AGENT_WAIT_MS));
    }
    const struct c4_rank_build *build = agent->build;
    c4_rank_build_of_this(&own);
    if (strncmp(build->version, own.version, sizeof own.version) != 0)
        return c4_fail(C4_ERR_FAILED,
                       "this is conv4 %s, and rank 0 is %.32s; all ranks need the same program",
                       own.version, build->version);
    if (build->arithmetic != own.arithmetic || build->similarity != own.similarity)
        return c4_fail(C4_ERR_FAILED,
                       "the program computes with arithmetic %d and similarity %d, rank 0 with %d "
                       "and %d; all ranks need the same program",
                       own.arithmetic, own.similarity, build->arithmetic, build->similarity);
    if (memcmp(build, &own, sizeof own) != 0 || agent->study_bytes != sizeof own + sizeof *study)
        return c4_fail(C4_ERR_FAILED,
                       "another build of the program than rank 0's, whose messages differ; all "
                       "ranks need the same program");
    memcpy(study, build + 1, sizeof *study);
    return C4_OK;
}

static enum c4_status compare_images(const struct c4_rank_folder *shown,
                                     const struct c4_images *images) {
    for (int i = 0; i < C4_SETS_MAX; i++)
        for (int k = 0; k < C4_SPLITS; k++) {
            const struct c4_dataset *own = &images->set[i].split[k];
            if (strcmp(own->count > 0 ? own->sha256 : "", shown->sha256[i][k]) == 0) continue;
            return c4_fail(C4_ERR_DATA,
                           "the images of %s are not those of rank 0; all ranks need the same "
                           "--data",
                           own->count > 0 ? own->name : c4_sets[i].title);
        }
    return C4_OK;
}

/* Whether what one machine writes there is seen by no other machine, so that there is nothing to
 * wait for; asked of the nearest folder that exists. */
static bool is_local(const char *folder) {
    static const long kinds[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC,
                                 OVERLAYFS_SUPER_MAGIC};
    char path[C4_STORE_PATH_SIZE];
    struct statfs info;
    snprintf(path, sizeof path, "%s", folder);
    while (statfs(path, &info) != 0) {
        char *slash = strrchr(path, '/');
        if (strcmp(path, ".") == 0 || strcmp(path, "/") == 0) return false;
        if (slash)
            slash[slash == path] = '\0';
        else
            snprintf(path, sizeof path, ".");
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if ((long)info.f_type == kinds[i]) return true;
    return false;
}

/* Whether the folder's mark has rank 0's number. It may have been looked for before it was there.
 */
static bool is_marked(const char *path, const char *number) {
    unsigned char *bytes;
    size_t size_bytes;
    c4_path_refresh(path);
    if (c4_file_read(path, &bytes, &size_bytes) != C4_OK) return false;
    bool same = size_bytes == strlen(number) && memcmp(bytes, number, size_bytes) == 0;
    free(bytes);
    return same;
}

static enum c4_status await_mark(struct c4_agent *agent, const char *folder) {
    enum { LOOK_MS = 200, SAY_SECONDS = 5, LOCAL_SECONDS = 5, SHARED_SECONDS = 90 };
    char path[C4_STORE_PATH_SIZE];
    int64_t start_ns = c4_clock_ns(), looked_ns = 0;
    bool said = false;
    C4_TRY(c4_path_join(path, sizeof path, folder, "study.ranks"));
    for (;;) {
        int64_t now_ns = c4_clock_ns();
        double waited_seconds = 1e-9 * (double)(now_ns - start_ns);
        if (now_ns - looked_ns > LOOK_MS * INT64_C(1000000)) {
            looked_ns = now_ns;
            if (is_marked(path, agent->shown->number)) return C4_OK;
            if (waited_seconds > (is_local(folder) ? LOCAL_SECONDS : SHARED_SECONDS))
                return c4_fail(C4_ERR_ENVIRONMENT,
                               "%s is not the study's folder that rank 0 has; all ranks need one "
                               "shared folder",
                               folder);
        }
        if (!said && waited_seconds > SAY_SECONDS) {
            said = true;
            C4_TRY(c4_agent_note(agent, "the study's folder is not seen yet; waiting"));
        }
        C4_TRY(c4_agent_step(agent, C4_AGENT_WAIT_MS));
        C4_TRY(c4_agent_check_ended(agent));
    }
}

enum c4_status c4_agent_folder(struct c4_agent *agent, const char *folder,
                               const struct c4_images *images) {
    while (!agent->shown) {
        C4_TRY(c4_agent_check_ended(agent));
        C4_TRY(c4_agent_step(agent, C4_AGENT_WAIT_MS));
    }
    C4_TRY(compare_images(agent->shown, images));
    C4_TRY(await_mark(agent, folder));
    return c4_folder_open(folder, &agent->folder);
}
