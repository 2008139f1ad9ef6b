/* The HTML writer: escaping, nesting, inlined pictures, saving. */
#include "tests/core/test_file_scratch.h"

#include "core/report/html.h"

static void holds(const struct c4_html *html, const char *want) {
    if (html->size_bytes != strlen(want) ||
        (html->size_bytes > 0 && memcmp(html->text, want, html->size_bytes) != 0))
        fail_msg("\"%.*s\" instead of \"%s\"", (int)html->size_bytes, html->text, want);
}

static void text_is_escaped(void **state) {
    (void)state;
    struct c4_html html = {0};
    c4_html_open(&html, "p", "title", "\"><script>'&", "class", NULL, "id", "a", NULL);
    c4_html_text(&html, "%s & %d%%\x01\xe2\x80\xae\xff\n", "<b>\"'", 7);
    c4_html_void(&html, "br", NULL);
    c4_html_element(&html, "b", NULL, "%s", "ü");
    c4_html_element(&html, "i", "x", "%.2f", 0.5);
    c4_html_close(&html, "p");
    holds(&html,
          "<p title=\"&quot;&gt;&lt;script&gt;&#39;&amp;\" id=\"a\">"
          "&lt;b&gt;&quot;&#39; &amp; 7%\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n<br><b>ü</b><i "
          "class=\"x\">0.50</i></p>\n");
    c4_html_free(&html);
    holds(&html, "");
}

static const char picture[] =
    "<?xml version=\"1.0\"?>\n<!DOCTYPE svg>\n<svg \n width=\"9\" height=\"8\"\n"
    " viewBox=\"0 0 9 8\"\n xmlns=\"http://www.w3.org/2000/svg\"\n"
    " xmlns:xlink=\"http://www.w3.org/1999/xlink\"\n>\n<title>t</title><desc>d</desc><g "
    "id=\"canvas\"><!-- c --><path id='gp1' d='M0'/><use xlink:href='#gp1' clip='url(#gp1)'/>"
    "<text>a &lt; b</text></g></svg>\n";

static void pictures_are_inlined(void **state) {
    (void)state;
    struct c4_html html = {0};
    assert_true(c4_html_svg(&html, picture, "f1", "A \"label\""));
    holds(&html, "<svg viewBox=\"0 0 9 8\" role=\"img\" aria-label=\"A &quot;label&quot;\" "
                 "style=\"max-width:9px\">\n<g id=\"f1-canvas\"><path id='f1-gp1' d='M0'/><use "
                 "href='#f1-gp1' clip='url(#f1-gp1)'/><text>a &lt; b</text></g></svg>\n");
    c4_html_free(&html);
    static const char *const bad[] = {"",
                                      "<svg",
                                      "<svg>",
                                      "<svg viewBox=\"0 0 9 8\">",
                                      "<svg viewBox=\"0 0\"></svg>",
                                      "no picture </svg>"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(c4_html_svg(&html, bad[i], "f1", "x"));
    holds(&html, "");
}

static void pages_are_saved(void **state) {
    struct c4_html html = {0};
    for (int i = 0; i < 20000; i++) c4_html_element(&html, "p", NULL, "%d", i);
    const char *path = scratch_path(state, "page.html");
    assert_int_equal(c4_html_save(&html, path), C4_OK);
    unsigned char *bytes;
    size_t size_bytes;
    assert_int_equal(c4_file_read(path, &bytes, &size_bytes), C4_OK);
    assert_int_equal(size_bytes, html.size_bytes + 16);
    assert_memory_equal(bytes, "<!DOCTYPE html>\n<p>0</p>\n", 25);
    free(bytes);
    assert_int_equal(c4_html_save(&html, scratch_path(state, "no/page.html")), C4_ERR_FAILED);
    html.out_of_memory = true;
    assert_int_equal(c4_html_save(&html, path), C4_ERR_MEMORY);
    c4_html_free(&html);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(pictures_are_inlined),
        cmocka_unit_test_setup_teardown(pages_are_saved, scratch_set_up, scratch_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
