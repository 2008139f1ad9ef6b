/* conv4 report: draws a study's figures, judges its claims and writes its report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/file/json.h"
#include "repro/report/publish.h"

static const struct c4_option options[] = {
    {.name = "out",
     .type = C4_OPTION_PATH,
     .value = "DIR",
     .initial = "./conv4-study",
     .help = "folder of the study"},
    {.name = "figures",
     .type = C4_OPTION_STRING,
     .value = "LIST",
     .help = "which figures, such as 2,3a (default: all)"},
    {.name = "seeds",
     .type = C4_OPTION_STRING,
     .value = "LIST",
     .help = "only these seeds, such as 1-3 or 1,4 (default: all that the study has)"},
    {.name = "protocol",
     .type = C4_OPTION_STRING,
     .value = "NAME",
     .help = "paper or authors, if the folder has runs of both"},
    {.name = "set",
     .type = C4_OPTION_STRING,
     .value = "KEY=VALUE,...",
     .help = "override values that the study was made with, such as sizes=64,256"},
    {.name = "study",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "the description that the study was made with, if not the built-in paper.ini"},
    {.name = "plain",
     .type = C4_OPTION_FLAG,
     .help = "draw figures without the notes below them, for use in papers; the report still has "
             "the notes"},
    {.name = "strict-claims",
     .type = C4_OPTION_FLAG,
     .help = "exit with status 4 if a claim of the paper fails"},
    {.name = "json", .type = C4_OPTION_FLAG, .help = "also print report.json to standard output"},
    {.name = "quiet",
     .letter = 'q',
     .type = C4_OPTION_FLAG,
     .help = "print only the report's path"},
    {.name = NULL},
};

static const char *const examples[] = {"conv4 report --out conv4-study",
                                       "conv4 report --figures 3a,4a --seeds 1-3",
                                       "conv4 report --strict-claims --quiet", NULL};

struct request {
    struct c4_study study;
    struct c4_scale scale;
    bool selected[C4_STUDY_FIGURES];
    struct c4_publication publication;
};

/* Takes the values that distinguish the protocol's runs from those of others in the same folder. */
static void use_variant(struct request *r, const char *name) {
    struct c4_protocol *protocol = &r->study.protocol;
    for (int i = 0; i < r->study.protocols; i++) {
        const struct c4_protocol *variant = &r->study.variant[i];
        if (strcmp(variant->name, name) != 0) continue;
        protocol->order = variant->order;
        protocol->curve_images = variant->curve_images;
        protocol->size_labels = variant->size_labels;
        protocol->shift = variant->shift;
    }
}

static enum c4_status find_scale(const struct c4_args *args, const char *name, struct request *r) {
    const struct c4_scale *scale;
    enum c4_status status = c4_study_find_scale(&r->study, name, &scale);
    if (status == C4_ERR_USAGE)
        return c4_fail(C4_ERR_DATA,
                       "%s/study.db: was made at scale '%s', which the description does not "
                       "have; give its own with --study",
                       c4_arg_text(args, "out"), name);
    if (scale) r->scale = *scale;
    return status;
}

/* Reads the scale of the folder, with the folder's values. */
static enum c4_status read_scale(const struct c4_args *args, struct c4_study_reader *store,
                                 struct request *r) {
    struct c4_text name = {0};
    enum c4_status status = c4_study_reader_setting(store, "scale", &name);
    if (status == C4_OK) status = find_scale(args, c4_text_string(&name), r);
    c4_text_free(&name);
    C4_TRY(status);
    C4_TRY(c4_study_reader_apply(store, &r->study, &r->scale));
    if (r->scale.seeds.count > 0) return C4_OK;
    return c4_fail(C4_ERR_DATA, "%s/study.db: has no runs; make them with 'conv4 repro'",
                   c4_arg_text(args, "out"));
}

static enum c4_status read_study(const struct c4_args *args, struct request *r) {
    struct c4_study_reader *store = NULL;
    C4_TRY(c4_study_load(c4_arg_text(args, "study"), &r->study));
    if (c4_arg_given(args, "protocol"))
        C4_TRY(c4_study_use_protocol(&r->study, c4_arg_text(args, "protocol")));
    enum c4_status status = c4_study_reader_open(c4_arg_text(args, "out"), &store);
    if (status == C4_OK) status = read_scale(args, store, r);
    c4_study_reader_close(store);
    C4_TRY(status);
    if (c4_arg_given(args, "protocol")) use_variant(r, c4_arg_text(args, "protocol"));
    if (c4_arg_given(args, "set"))
        C4_TRY(c4_study_set(&r->study, &r->scale, c4_arg_text(args, "set")));
    if (c4_arg_given(args, "seeds"))
        C4_TRY(c4_seeds_read(c4_arg_text(args, "seeds"), &r->scale.seeds));
    return c4_study_select(&r->study, c4_arg_text(args, "figures"), r->selected);
}

static enum c4_status report(const struct c4_args *args, struct request *r) {
    C4_TRY(read_study(args, r));
    C4_TRY(c4_study_publish(c4_arg_text(args, "out"), &r->study, &r->scale,
                            c4_arg_given(args, "figures") ? r->selected : NULL,
                            c4_arg_flag(args, "plain"), &r->publication));
    if (c4_arg_flag(args, "json")) {
        C4_TRY(c4_json_print(stdout, c4_publication_json(&r->publication), "the report"));
    } else if (c4_arg_flag(args, "quiet")) {
        printf("%s\n", r->publication.report);
    } else {
        c4_publication_text(&r->publication, stdout);
    }
    C4_TRY(c4_publication_status(&r->publication));
    return c4_arg_flag(args, "strict-claims") ? c4_claims_strict(&r->publication.claims) : C4_OK;
}

static int run(const struct c4_args *args) {
    struct request *r = calloc(1, sizeof *r);
    if (!r) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    int code = c4_cli_exit(args, report(args, r));
    c4_publication_free(&r->publication);
    free(r);
    return code;
}

const struct c4_command c4_cmd_report = {
    .name = "report",
    .summary = "draw a study's figures and write its report, without training",
    .description =
        "Reads the rows that 'conv4 repro' wrote to a folder, even while it is still running, and "
        "writes figures/, report.html (one self-contained page with every figure, the verdicts on "
        "the paper's claims, controls, cost and environment) and report.json. What is missing is "
        "left out and listed. Scale, seeds, degrees and every value of --set are those that the "
        "study was made with, including all that joined it later; options select among them.",
    .options = options,
    .examples = examples,
    .run = run,
};
