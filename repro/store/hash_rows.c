#include "repro/store/hash_rows.h"

#include <string.h>

#include "core/file/sha256.h"
#include "repro/store/sql.h"

enum { INTEGER_BYTES = 8 };

static enum c4_status add_bits(struct c4_sha256 *hash, uint64_t bits) {
    unsigned char bytes[INTEGER_BYTES];
    for (int i = 0; i < INTEGER_BYTES; i++) bytes[i] = (unsigned char)(bits >> 8 * i);
    return c4_sha256_update(hash, bytes, sizeof bytes);
}

static enum c4_status add_value(struct c4_sha256 *hash, sqlite3_stmt *row, int column) {
    uint64_t bits = UINT64_C(0x7ff8000000000000);
    double value = sqlite3_column_double(row, column);
    if (sqlite3_column_type(row, column) != SQLITE_NULL) memcpy(&bits, &value, sizeof bits);
    return add_bits(hash, bits);
}

static enum c4_status add_text(struct c4_sha256 *hash, sqlite3_stmt *row, int column) {
    const unsigned char *text = sqlite3_column_text(row, column);
    return c4_sha256_update(hash, text ? (const char *)text : "",
                            text ? strlen((const char *)text) + 1 : 1);
}

/* A column's letter: i integer, t text, v value; in the order of schema.h. */
static const char columns[] = "itttttitivvvv";

static enum c4_status add_row(struct c4_sha256 *hash, sqlite3_stmt *row) {
    for (int i = 0; columns[i]; i++) {
        if (columns[i] == 'i')
            C4_TRY(add_bits(hash, (uint64_t)sqlite3_column_int64(row, i)));
        else
            C4_TRY((columns[i] == 't' ? add_text : add_value)(hash, row, i));
    }
    return C4_OK;
}

static enum c4_status add_rows(const char *path, sqlite3 *db, const char *run,
                               struct c4_sha256 *hash) {
    sqlite3_stmt *statement;
    int row;
    C4_TRY(c4_sql_prepare(path, db, &statement,
                          "SELECT epoch, quantity, layer, reference, images, statistics, n, "
                          "measure, similarity_version, value, standard_error, null_mean, "
                          "null_quantile FROM result WHERE run = ? ORDER BY epoch, quantity, "
                          "layer, reference, images, statistics, n",
                          "t", run));
    enum c4_status status;
    while ((status = c4_sql_step(path, statement, &row)) == C4_OK && row)
        if ((status = add_row(hash, statement)) != C4_OK) break;
    sqlite3_finalize(statement);
    return status;
}

enum c4_status c4_hash_rows(const char *path, sqlite3 *db, const char *run) {
    struct c4_sha256 hash;
    char hex[C4_SHA256_HEX_SIZE] = "";
    C4_TRY(c4_sha256_init(&hash));
    enum c4_status status = add_rows(path, db, run, &hash);
    if (status == C4_OK) status = c4_sha256_final(&hash, hex);
    c4_sha256_free(&hash);
    C4_TRY(status);
    return c4_sql_do(path, db, "UPDATE run SET rows_sha256 = ? WHERE key = ?", "tt", hex, run);
}
