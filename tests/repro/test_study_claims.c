/* The sections [claim ID] of a study, and the defaults of files without certain keys. */
#include <math.h>

#include "repro/study/study.h"
#include "tests/core/test_file_scratch.h"
#include "tests/repro/study_text.h"

/* A claim of every form, after `good`, from line 113 on. */
static const char claims[] =
    "[claim 5]\nfigure = 2a, 2b\nsays = It changes: more.\nstatistic = S; less\nkind = sum\n"
    "layers = pool1, pool4\nlabel = more,\n"
    "terms = + a to initialisation on cifar10-test,\n"
    "        - f to pretrained on svhn-heldout at the start\n"
    "label2 = less,\nterms2 = -s-16 to other-initialisation on cifar10-heldout in the next layer\n"
    "memorised = s-32\npaper_only = yes\n"
    "[claim 2]\nfigure = 1\nsays = L\nstatistic = S\nkind = loss\nlabel = b - a\n"
    "terms = + b, - a\n"
    "[claim 3]\nfigure = 1\nsays = A\nstatistic = S\nkind = accuracy\nlabel = a\n"
    "terms = + test_accuracy of a\nlow = -0.5\nhigh = 0.25\n"
    "[claim 6]\nfigure = 1\nsays = R\nstatistic = S\nkind = ratio\nlabel = r\n"
    "terms = + a to initialisation on cifar10-test\n"
    "terms = + b to initialisation on cifar10-test\n"
    "[claim 9]\nfigure = 2b\nsays = Z\nstatistic = S\nkind = sizes\nlayers = logits\n"
    "sizes_at = steps\n"
    "[claim 10]\nfigure = 1\nsays = P\nstatistic = S\nkind = pairs\nlayers = pool3\n"
    "terms = + b to initialisation on cifar10-test\nhigh = 1\n";

static void claims_are_read(void **state) {
    (void)state;
    static struct c4_study study;
    char *text = replaced(claims, "[claim 5]", "[claim 5]");
    if (c4_study_parse(text, "study.ini", &study) != C4_OK) fail_msg("%s", c4_error());
    free(text);
    assert_int_equal(study.claims, 6);
    const struct c4_claim_definition *c = &study.claim[0];
    const struct c4_claim_term *t = c->contrast[0].term, *u = c->contrast[1].term;
    assert_string_equal(c->id, "5");
    assert_string_equal(c->figure, "2a, 2b");
    assert_string_equal(c->says, "It changes: more.");
    assert_string_equal(c->statistic, "S; less");
    assert_int_equal(c->layers, 9);
    assert_true(isinf(c->low) && c->low < 0 && isinf(c->high) && c->high > 0);
    assert_true(c->paper_only && !c->pool1_is_fine && !c->reported_only && c->sizes_at == -1);
    assert_string_equal(c->memorised, "s-32");
    assert_string_equal(c->contrast[0].label, "more,");
    assert_string_equal(c->contrast[1].label, "less,");
    assert_true(t[0].sign == 1 && t[1].sign == -1 && t[2].sign == 0);
    assert_string_equal(t[1].run, "f");
    assert_int_equal(t[1].reference, C4_REFERENCE_PRETRAINED);
    assert_string_equal(c4_image_set_name(t[1].images), "svhn-heldout");
    assert_true(t[1].at_start && !t[1].next_layer && !t[0].at_start);
    assert_true(u[0].sign == -1 && u[0].next_layer && !u[0].at_start && u[1].sign == 0);
    assert_string_equal(u[0].run, "s-16");
    assert_int_equal(u[0].reference, C4_REFERENCE_OTHER);
    assert_int_equal(study.claim[1].contrast[0].term[1].quantity, C4_QUANTITY_LOSS);
    assert_int_equal(study.claim[2].contrast[0].term[0].quantity, C4_QUANTITY_TEST_ACCURACY);
    assert_true(study.claim[2].low == -0.5 && study.claim[2].high == 0.25);
    assert_int_equal(study.claim[3].contrast[0].term[1].sign, 1);
    assert_int_equal(study.claim[4].sizes_at, C4_SIZES_AT_STEPS);
    assert_true(isinf(study.claim[5].low) && study.claim[5].high == 1);
}

#define LONG_70 "a123456789b123456789c123456789d123456789e123456789f123456789g123456789"

static void bad_claims(void **state) {
    (void)state;
    static struct c4_study study;
    static const struct {
        const char *from, *to, *sentence;
    } cases[] = {
        {"figure = 2a, 2b", "figure = 2a, 2c",
         "study.ini, line 96: figure: there is no [figure 2c"},
        {"kind = sum", "kind = product", "line 99: kind: 'product' is not one of sum, pairs, loss"},
        {"layers = pool1, pool4", "layers = pool1, pool5",
         "line 100: layers: 'pool5' is not one of pool1, pool2, pool3, pool4, logits"},
        {"layers = pool1, pool4", "layers = pool1, pool1", "names pool1 twice"},
        {"+ a to", "a to", "line 102: terms: 'a to initialisation on cifar10-test' has no sign"},
        {"+ a to", "+ c to", "line 102: terms: there is no [run NAME] for 'c'"},
        {"+ a to", "+ s-* to", "line 102: terms: there is no [run NAME] for 's-*'"},
        {"+ a to initialisation", "+ a to itself",
         "line 102: terms: reference: 'itself' is not one of initialisation, other-initialisation"},
        {"cifar10-test", "cifar100", "line 102: terms: images: 'cifar100' is not one of"},
        {"on cifar10-test", "cifar10-test",
         "line 102: terms: '+ a to initialisation cifar10-test' lacks 'on IMAGES'"},
        {"at the start", "at the end",
         "line 103: terms: '- f to pretrained on svhn-heldout at the"},
        {"at the start", "at the start at the start", "continues after its images"},
        {"+ a to", "+ a from", "is not SIGN RUN to REFERENCE on IMAGES, SIGN ACCURACY of RUN or"},
        {"terms = + a to", "terms = + b, + b, + b, + b, + a to",
         "is one term too many; a contrast"},
        {"terms = + a to", "terms = , + a to", "line 102: terms: '' has no sign"},
        {"+ a to", "+ " LONG_70 " to", "terms: there is no [run NAME] for '" LONG_70 "'"},
        {"initialisation on", LONG_70 " on", "reference: '" LONG_70 "' is not one of"},
        {"memorised = s-32", "memorised = " LONG_70,
         "memorised: '" LONG_70 "' is empty or longer than 39 bytes"},
        {"says = L", "says = " LONG_70 LONG_70,
         "says: '" LONG_70 LONG_70 "' is empty or longer than 119 bytes"},
        {"memorised = s-32", "memorised = t",
         "line 106: memorised: there is no [run NAME] for 't'"},
        {"paper_only = yes", "paper_only = often", "'often' is not one of no, yes"},
        {"paper_only = yes", "papers_only = yes", "section [claim 5] has no key 'papers_only'"},
        {"high = 0.25", "high = -0.75", "line 123: high: low = -0.5 is not below high = -0.75"},
        {"high = 0.25", "high = nan", "'nan' is not a number"},
        {"test_accuracy of", "accuracy of", "line 121: terms: accuracy: 'accuracy' is not one of"},
        {"[claim 3]", "[claim 5]", "section [claim 5] appears twice"},
        {"says = L\n", "", "section [claim 2] lacks key 'says'"},
        /* What a kind needs. */
        {"kind = loss", "kind = accuracy", "[claim 2]: kind = accuracy takes terms such as + ACC"},
        {"kind = loss", "kind = sum", "[claim 2]: kind = sum takes layers"},
        {"kind = accuracy", "kind = loss", "[claim 3]: kind = loss takes terms such as + RUN"},
        {"kind = ratio", "kind = loss", "[claim 6]: kind = loss takes terms such as + RUN"},
        {"kind = loss", "kind = loss\nlayers = pool1", "[claim 2]: kind = loss takes no layers"},
        {"label = b - a\n", "", "[claim 2]: kind = loss with terms needs a label"},
        {"label = more,\n", "", "[claim 5]: kind = sum with terms2 needs a label"},
        {"label2 = less,\n", "", "[claim 5]: label2 and terms2 must be given together"},
        {"terms = + b, - a\n", "", "[claim 2]: kind = loss takes terms"},
        {"sizes_at = steps\n", "", "[claim 9]: kind = sizes takes sizes_at"},
        {"label = a\n", "label = a\nsizes_at = end\n",
         "[claim 3]: kind = accuracy takes no sizes_at"},
        {"sizes_at = steps\n", "sizes_at = steps\nterms = + a\n", "kind = sizes takes no terms"},
        {"kind = sum", "kind = pairs", "[claim 5]: kind = pairs takes no terms2"},
        {"kind = pairs", "kind = pairs\nlabel = p", "[claim 10]: kind = pairs takes no label"},
        {"layers = pool3", "layers = logits", "kind = pairs takes no logits"},
        {"layers = pool1, pool4", "layers = logits",
         "[claim 5]: 'in the next layer' is not allowed"},
        {"layers = pool1, pool4", "layers = pool1, pool2, pool3, pool4, logits", "more than 8"},
        {"terms = + b to", "terms = + b to pretrained on cifar10-test, + b to",
         "[claim 6]: kind = ratio takes two terms"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = replaced(claims, cases[i].from, cases[i].to);
        assert_int_equal(c4_study_parse(text, "study.ini", &study), C4_ERR_USAGE);
        if (!strstr(c4_error(), cases[i].sentence))
            fail_msg("'%s' should hold '%s'", c4_error(), cases[i].sentence);
        free(text);
    }
}

static void load_text(void **state, const char *text, struct c4_study *study) {
    put_file(scratch_path(state, "mine.ini"), text, strlen(text));
    if (c4_study_load(scratch_path(state, "mine.ini"), study) != C4_OK) fail_msg("%s", c4_error());
}

static const struct c4_study_figure *figure(const struct c4_study *study, const char *id) {
    for (int i = 0; i < study->figures; i++)
        if (strcmp(study->figure[i].id, id) == 0) return &study->figure[i];
    fail_msg("there is no figure %s", id);
    return NULL;
}

/* Files from before claims and keys of single figures keep their meaning. */
static void silent_files(void **state) {
    static struct c4_study built_in, mine;
    assert_int_equal(c4_study_load(NULL, &built_in), C4_OK);
    load_text(state, good, &mine);
    assert_int_equal(mine.claims, built_in.claims);
    assert_memory_equal(mine.claim, built_in.claim, sizeof mine.claim);
    assert_string_equal(mine.authors.name, "authors");
    assert_memory_equal(&mine.authors, &built_in.authors, sizeof mine.authors);
    assert_int_equal(figure(&mine, "1")->debiased, 1);
    assert_int_equal(figure(&mine, "1")->summary, 1);
    assert_string_equal(figure(&mine, "1")->authors_note, "here 100, from an earlier export");
    assert_int_equal(figure(&mine, "2b")->debiased, 0);
    assert_int_equal(figure(&mine, "2b")->summary, 0);
    assert_int_equal(figure(&mine, "2b")->authors_table, 0);
    char *text = altered("[figure 2a]", "[figure 4a]");
    load_text(state, text, &mine);
    free(text);
    assert_int_equal(figure(&mine, "4a")->authors_table, 1);
    assert_int_equal(figure(&mine, "4a")->debiased, 1);
    assert_int_equal(figure(&mine, "4a")->summary, 0);
}

/* A file with one such key or claim must have all of them. */
static void outspoken_files(void **state) {
    static struct c4_study mine;
    char *text = replaced(claims, "[claim 5]", "[claim 99]");
    load_text(state, text, &mine);
    free(text);
    assert_int_equal(mine.claims, 6);
    assert_string_equal(mine.claim[0].id, "99");
    text = altered("runs = s-*, b\n", "runs = s-*, b\ndebiased = yes\nauthors_table = no\n");
    load_text(state, text, &mine);
    free(text);
    assert_int_equal(figure(&mine, "2b")->debiased, 1);
    assert_int_equal(figure(&mine, "1")->debiased, 0);
    assert_int_equal(figure(&mine, "1")->summary, 0);
    assert_string_equal(figure(&mine, "1")->authors_note, "");
    static const struct {
        const char *from, *to, *sentence;
    } cases[] = {
        {"runs = s-*, b\n", "runs = s-*, b\nquantity = loss\ndebiased = yes\n",
         "study.ini: figure 2b has debiased = yes, which needs quantity = cka_biased"},
        {"kind = cost-runs\n", "kind = cost-runs\ndebiased = yes\n",
         "study.ini: figure extra has debiased = yes, which needs"},
        {"runs = s-*, b\n", "runs = s-*, b\nsummary = yes\n",
         "study.ini: figure 2b has summary = yes, which needs kind = layers-over-epochs and"},
        {"runs = a\n", "runs = a\nsummary = yes\ndebiased = no\n",
         "study.ini: figure 1 has summary = yes, which needs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text = altered(cases[i].from, cases[i].to);
        assert_int_equal(c4_study_parse(text, "study.ini", &mine), C4_ERR_USAGE);
        if (!strstr(c4_error(), cases[i].sentence))
            fail_msg("'%s' should hold '%s'", c4_error(), cases[i].sentence);
        free(text);
    }
}

/* The keys of the paper's figures. */
static void built_in_figures(void **state) {
    (void)state;
    static struct c4_study study;
    char debiased[128] = "", summary[128] = "", tables[128] = "", notes[128] = "";
    assert_int_equal(c4_study_load(NULL, &study), C4_OK);
    for (int i = 0; i < study.figures; i++) {
        const struct c4_study_figure *f = &study.figure[i];
        const struct {
            char *list;
            bool is_in;
        } lists[] = {{debiased, f->debiased == 1},
                     {summary, f->summary == 1},
                     {tables, f->authors_table == 1},
                     {notes, f->authors_note[0] != '\0'}};
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
            if (lists[k].is_in)
                snprintf(lists[k].list + strlen(lists[k].list), 128 - strlen(lists[k].list), "%s ",
                         f->id);
    }
    assert_string_equal(debiased, "1 3a 3b 4a 4b 4c 5a 5b 5c 5d ");
    assert_string_equal(summary, "1 ");
    assert_string_equal(tables, "4a 4b ");
    assert_string_equal(notes, "1 ");
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_are_read),  cmocka_unit_test(bad_claims),
        IN_SCRATCH(silent_files),           IN_SCRATCH(outspoken_files),
        cmocka_unit_test(built_in_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
