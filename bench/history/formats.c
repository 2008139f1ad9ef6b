#include "bench/history/report.h"
#include "core/file/json.h"

const char *const c4_history_formats[] = {"text",  "markdown", "csv",    "json",
                                          "otava", "github",   "gbench", NULL};

typedef enum c4_status write_text(const struct c4_trends *trends, FILE *out);
typedef enum c4_status make_json(const struct c4_trends *trends, json_t **json);

/* Each either as text or as JSON. */
static const struct {
    write_text *text;
    make_json *json;
} writers[] = {{NULL, NULL}, /* text */
               {c4_history_markdown, NULL},
               {c4_history_csv, NULL},
               {NULL, c4_history_json},
               {c4_history_otava, NULL},
               {NULL, c4_history_github},
               {NULL, c4_history_gbench}};

_Static_assert(sizeof writers / sizeof *writers + 1 ==
                   sizeof c4_history_formats / sizeof *c4_history_formats,
               "each format has a writer");

enum c4_status c4_history_write(int format, const struct c4_trends *trends, bool utf8, FILE *out) {
    json_t *json = NULL;
    if (format == 0) return c4_history_text(trends, utf8, out);
    if (writers[format].text) return writers[format].text(trends, out);
    C4_TRY(writers[format].json(trends, &json));
    json_dumpf(json, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(json);
    return C4_OK;
}

json_t *c4_history_name(const struct c4_trends *trends, const struct c4_trend *trend) {
    if (trends->machines == 1) return c4_json_text(trend->title);
    return json_sprintf("%s (%s)", trend->title, trend->newest->environment);
}
