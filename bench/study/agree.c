#include "bench/study/agree.h"

#include <inttypes.h>

#define KEYS "run, epoch, quantity, layer, reference, images, statistics, n"
#define ROWS                                                                                       \
    "FROM result AS a JOIN peer.result AS b USING(" KEYS ") JOIN run ON run.key = a.run WHERE "

/* What may differ, and why: bench/study/peers/README.md. */
static const struct {
    const char *what, *query;
    double allowed, allowed_mean;
} groups[C4_AGREE_GROUPS] = {
    [C4_AGREE_START_CKA] = {"CKA of initial networks",
                            "a.value, b.value " ROWS
                            "source IS NULL AND epoch = 0 AND quantity LIKE 'cka%'",
                            1e-4, 1e-4},
    [C4_AGREE_START_ACCURACY] = {"accuracies of initial networks, in images",
                                 "a.value * n, b.value * n " ROWS
                                 "source IS NULL AND epoch = 0 AND quantity LIKE '%accuracy%'",
                                 1, 0.5},
    [C4_AGREE_FIRST_LOSS] = {"loss of the first epoch",
                             "a.value, b.value " ROWS
                             "source IS NULL AND epoch = 1 AND quantity = 'loss'",
                             0.01, 0.005},
    [C4_AGREE_END_CKA] = {"CKA after the last epoch",
                          "a.value, b.value " ROWS "epoch = epochs AND quantity LIKE 'cka%'", 0.15,
                          0.02},
    [C4_AGREE_END_ACCURACY] = {"accuracies after the last epoch",
                               "a.value, b.value " ROWS
                               "epoch = epochs AND quantity LIKE '%accuracy%'",
                               0.07, 0.014},
};

static enum c4_status fail(const struct c4_study_tables *tables, const char *peer) {
    return c4_fail(sqlite3_errcode(tables->db) == SQLITE_NOMEM ? C4_ERR_MEMORY : C4_ERR_DATA,
                   "%s: %s", peer, sqlite3_errmsg(tables->db));
}

/* The columns of a query that has one row. */
static enum c4_status ask(const struct c4_study_tables *tables, const char *peer, const char *query,
                          double *columns, int count) {
    sqlite3_stmt *row = NULL;
    enum c4_status status = C4_OK;
    if (sqlite3_prepare_v2(tables->db, query, -1, &row, NULL) != SQLITE_OK ||
        sqlite3_step(row) != SQLITE_ROW)
        status = fail(tables, peer);
    for (int i = 0; i < count && status == C4_OK; i++) columns[i] = sqlite3_column_double(row, i);
    sqlite3_finalize(row);
    return status;
}

static enum c4_status compare(const struct c4_study_tables *tables, const char *peer,
                              struct c4_study_agreement *agreement) {
    double found[4];
    C4_TRY(ask(tables, peer,
               "SELECT count(*) FROM result AS a LEFT JOIN peer.result AS b USING(" KEYS
               ") WHERE b.run IS NULL",
               found, 1));
    agreement->missing = (int64_t)found[0];
    C4_TRY(ask(tables, peer,
               "SELECT count(*) FROM peer.result AS b LEFT JOIN result AS a USING(" KEYS
               ") WHERE a.run IS NULL",
               found, 1));
    agreement->added = (int64_t)found[0];
    for (int i = 0; i < C4_AGREE_GROUPS; i++) {
        struct c4_text query = {0};
        enum c4_status status = c4_text_add(
            &query,
            "WITH two(a, b) AS (SELECT %s) SELECT count(*), count((a IS NULL) <> (b IS NULL) OR"
            " NULL), coalesce(max(abs(a - b)), 0), coalesce(avg(abs(a - b)), 0) FROM two",
            groups[i].query);
        if (status == C4_OK) status = ask(tables, peer, query.bytes, found, 4);
        c4_text_free(&query);
        C4_TRY(status);
        agreement->group[i].what = groups[i].what;
        agreement->group[i].allowed = groups[i].allowed;
        agreement->group[i].allowed_mean = groups[i].allowed_mean;
        agreement->group[i].rows = (int64_t)found[0];
        agreement->group[i].undefined = (int64_t)found[1];
        agreement->group[i].largest = found[2];
        agreement->group[i].mean = found[3];
    }
    return C4_OK;
}

enum c4_status c4_study_agree(const struct c4_study_tables *tables, const char *peer,
                              struct c4_study_agreement *agreement) {
    sqlite3_stmt *attach = NULL;
    *agreement = (struct c4_study_agreement){0};
    bool attached =
        sqlite3_prepare_v2(tables->db, "ATTACH ? AS peer", -1, &attach, NULL) == SQLITE_OK &&
        sqlite3_bind_text(attach, 1, peer, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(attach) == SQLITE_DONE;
    enum c4_status status = attached ? C4_OK : fail(tables, peer);
    sqlite3_finalize(attach);
    if (status == C4_OK) status = compare(tables, peer, agreement);
    return status;
}

bool c4_study_agrees(const struct c4_study_agreement *agreement, struct c4_text *reason) {
    if (agreement->missing || agreement->added) {
        c4_text_add(reason,
                    "it did another study: it lacks %" PRId64 " rows and has %" PRId64 " others",
                    agreement->missing, agreement->added);
        return false;
    }
    for (int i = 0; i < C4_AGREE_GROUPS; i++) {
        if (agreement->group[i].largest <= agreement->group[i].allowed &&
            agreement->group[i].mean <= agreement->group[i].allowed_mean &&
            agreement->group[i].undefined == 0)
            continue;
        c4_text_add(reason,
                    "%s differ by up to %.2g, on average %.2g (allowed are %g and %g), and %" PRId64
                    " are undefined on one side only",
                    agreement->group[i].what, agreement->group[i].largest, agreement->group[i].mean,
                    agreement->group[i].allowed, agreement->group[i].allowed_mean,
                    agreement->group[i].undefined);
        return false;
    }
    return true;
}
