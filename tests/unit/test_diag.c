/* The lines that a person sees: by hand for what diag.h promises, and as golden files for what
 * scenarios say. TARE_GOLDEN_UPDATE=1 writes the golden files anew; read the difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glob.h>

#include "scenario/glyph.h"
#include "scenario/scenario.h"

static char *printed(const struct diags *diags)
{
    char *shown = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&shown, &size);
    diags_print(diags, to);
    fclose(to);
    return shown;
}

static void expect(struct diags **diags, const char *wanted)
{
    char *shown = printed(*diags);
    assert_string_equal(shown, wanted);
    free(shown);
    diags_destroy(diags);
    assert_null(*diags);
}

static struct diags *diags_of(const char *text)
{
    struct diags *diags = diags_new("lab.yaml");
    assert_non_null(diags);
    diags_set_text(diags, text, strlen(text));
    return diags;
}

static void mistakes_stand_in_the_order_of_their_places(void **unused)
{
    (void)unused;
    struct diags *diags = diags_of("one\ntwo three\n");
    diags_add(diags, 2, 5, 5, "third");
    diags_add(diags, 2, 1, 3, "second, first said");
    diags_add(diags, 2, 1, 3, "second, said after it");
    diags_add(diags, 0, 0, 0, "the file as a whole");
    diags_add(diags, 1, 1, 1, "first");
    assert_int_equal(diags_count(diags), 5);
    expect(&diags, "lab.yaml: error: the file as a whole\n"
                   "lab.yaml:1:1: error: first\n  one\n  ^\n"
                   "lab.yaml:2:1: error: second, first said\n  two three\n  ^~~\n"
                   "lab.yaml:2:1: error: second, said after it\n  two three\n  ^~~\n"
                   "lab.yaml:2:5: error: third\n  two three\n      ^~~~~\n"
                   "5 mistakes in lab.yaml\n");
}

static void no_mistake_prints_nothing(void **unused)
{
    (void)unused;
    struct diags *diags = diags_of("one\n");
    expect(&diags, "");
    diags_destroy(&diags);
}

static void tabs_stay_and_characters_count_by_their_cells(void **unused)
{
    (void)unused;
    struct diags *diags = diags_of("\ta\tb\n"
                                   "gr\xc3\xbc\xc3\x9f x\n"       /* two bytes, one cell */
                                   "\xe6\x97\xa5\xe6\x9c\xac x\n" /* three bytes, two cells */
                                   "e\xcc\x81 x\n"                /* a mark on the letter before it */
                                   "x gr\xc3\xbc\xc3\x9f\xe6\x97\xa5\n");
    diags_add(diags, 1, 4, 1, "b");
    diags_add(diags, 2, 8, 1, "x");
    diags_add(diags, 3, 8, 1, "x");
    diags_add(diags, 4, 5, 1, "x");
    diags_add(diags, 5, 3, 9, "underlined");
    expect(&diags, "lab.yaml:1:4: error: b\n  \ta\tb\n  \t \t^\n"
                   "lab.yaml:2:8: error: x\n  gr\xc3\xbc\xc3\x9f x\n       ^\n"
                   "lab.yaml:3:8: error: x\n  \xe6\x97\xa5\xe6\x9c\xac x\n       ^\n"
                   "lab.yaml:4:5: error: x\n  e\xcc\x81 x\n    ^\n"
                   "lab.yaml:5:3: error: underlined\n  x gr\xc3\xbc\xc3\x9f\xe6\x97\xa5\n    ^~~~~~\n"
                   "5 mistakes in lab.yaml\n");
}

static void places_outside_the_text_do_no_harm(void **unused)
{
    (void)unused;
    struct diags *diags = diags_of("ab\r\ncd");
    diags_add(diags, 1, 99, 99, "past the end of the line");
    diags_add(diags, 2, 2, 99, "wider than the line");
    diags_add(diags, 3, 1, 1, "no such line");
    diags_add(diags, 2, -5, -5, "no place at all");
    expect(&diags, "lab.yaml:1:99: error: past the end of the line\n  ab\n    ^\n"
                   "lab.yaml:2:-5: error: no place at all\n  cd\n  ^\n"
                   "lab.yaml:2:2: error: wider than the line\n  cd\n   ^\n"
                   "lab.yaml:3:1: error: no such line\n"
                   "4 mistakes in lab.yaml\n");
}

static void a_long_line_is_shown_around_its_mistake(void **unused)
{
    (void)unused;
    char line[1001] = "";
    for (int i = 0; i < 1000; i++)
        line[i] = (char)('0' + i % 10);
    struct diags *diags = diags_of(line);
    diags_add(diags, 1, 1, 3, "at the start");
    diags_add(diags, 1, 501, 500, "in the middle, and wide");
    diags_add(diags, 1, 1000, 1, "at the end");
    char *shown = printed(diags);
    for (char *at = shown, *end; (end = strchr(at, '\n')); at = end + 1)
        assert_in_range(end - at, 1, 110);
    assert_non_null(strstr(shown, "\n  01234567890"));
    assert_non_null(strstr(shown, "\n  ...01234567890"));
    assert_non_null(strstr(shown, "9...\n  ^~~\n"));
    assert_non_null(strstr(shown, "6789\n  "));
    free(shown);
    diags_destroy(&diags);
}

static void nothing_that_is_quoted_steers_the_terminal(void **unused)
{
    (void)unused;
    struct diags *diags = diags_of("a\x1b[31mb\xff\xc3\n");
    diags_add(diags, 1, 7, 1, "'%s' and half a character: %.1s", "\x1b[31m\n", "\xc3\xbc");
    expect(&diags, "lab.yaml:1:7: error: '?[31m?' and half a character: ?\n  a?[31mb??\n        ^\n");
}

static void more_than_are_kept_are_counted(void **unused)
{
    (void)unused;
    struct diags *diags = diags_of("");
    for (int i = 0; i < DIAG_MOST + 20; i++)
        diags_add(diags, 0, 0, 0, "again");
    assert_int_equal(diags_count(diags), DIAG_MOST + 20);
    char *shown = printed(diags);
    assert_non_null(strstr(shown, "120 mistakes in lab.yaml; the first 100 that were found are shown\n"));
    free(shown);
    diags_destroy(&diags);
}

static void a_very_long_message_is_cut_and_says_so(void **unused)
{
    (void)unused;
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct diags *diags = diags_of("");
    diags_add(diags, 0, 0, 0, "%s", text);
    char *shown = printed(diags);
    assert_non_null(strstr(shown, "xxx...\n"));
    free(shown);
    diags_destroy(&diags);
}

/* The whole of `path`, with its size; the caller frees it. NULL when there is no such file. */
static char *slurp(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = NULL, chunk[4096];
    FILE *to = open_memstream(&text, size);
    for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0;)
        fwrite(chunk, 1, got, to);
    fclose(file);
    fclose(to);
    return text;
}

/* The "# --set ..." lines that a golden scenario begins with, cut from `head`; NULL-ended. */
static void overrides_of(char *head, const char *overrides[], size_t most)
{
    static const char SET[] = "# --set ";
    size_t count = 0;
    char *rest = NULL;
    for (char *line = strtok_r(head, "\n", &rest); line && count < most - 1; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, SET, sizeof SET - 1) != 0)
            break;
        overrides[count++] = line + sizeof SET - 1;
    }
    overrides[count] = NULL;
}

static bool is_as_before(const char *yaml_path)
{
    char golden_path[512];
    const char *name = strrchr(yaml_path, '/') + 1;
    snprintf(golden_path, sizeof golden_path, "%.*s.txt", (int)(strlen(yaml_path) - strlen(".yaml")), yaml_path);
    struct scenario *scenario = NULL;
    struct diags *diags = diags_new(name);
    size_t size = 0, golden_size = 0;
    char *yaml = slurp(yaml_path, &size);
    char head[4096] = "";
    const char *overrides[32];
    memcpy(head, yaml, size < sizeof head ? size : sizeof head - 1);
    overrides_of(head, overrides, sizeof overrides / sizeof *overrides);
    bool good = scenario_parse_with(yaml, size, overrides, &scenario, diags);
    assert_int_equal(good, strncmp(name, "good_", 5) == 0);
    char *shown = printed(diags);
    if (getenv("TARE_GOLDEN_UPDATE")) {
        FILE *to = fopen(golden_path, "wb");
        assert_non_null(to);
        fputs(shown, to);
        fclose(to);
    }
    char *golden = slurp(golden_path, &golden_size);
    bool same = golden && strcmp(golden, shown) == 0;
    if (!same)
        print_error("%s: expected\n%s\nbut it says\n%s\n", name, golden ? golden : "(no golden file)", shown);
    free(golden);
    free(shown);
    free(yaml);
    scenario_destroy(&scenario);
    diags_destroy(&diags);
    return same;
}

static void scenarios_say_what_their_golden_files_hold(void **unused)
{
    (void)unused;
    glob_t found;
    assert_int_equal(glob(TESTS_DIR "/golden/scenario/*.yaml", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 40);
    size_t changed = 0;
    for (size_t i = 0; i < found.gl_pathc; i++)
        changed += !is_as_before(found.gl_pathv[i]);
    globfree(&found);
    if (changed)
        fail_msg("%zu golden files differ: run again with TARE_GOLDEN_UPDATE=1 and read the difference", changed);
}

static void a_glyph_is_a_whole_character_or_one_byte(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        struct glyph glyph;
    } CASES[] = {
        { "a", { 1, 1, true } },
        { "\t", { 1, 1, true } },
        { "\xc3\xbc", { 2, 1, true } },
        { "\xe6\x97\xa5", { 3, 2, true } },
        { "\xf0\x9f\x98\x80", { 4, 2, true } },
        { "\xcc\x81", { 2, 0, true } },
        { "\xc3", { 1, 1, false } },
        { "\xff\xff", { 1, 1, false } },
        { "\x1b", { 1, 1, false } },
        { "\x7f", { 1, 1, false } },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct glyph glyph = glyph_at(CASES[i].text, strlen(CASES[i].text));
        assert_int_equal(glyph.size, CASES[i].glyph.size);
        assert_int_equal(glyph.cells, CASES[i].glyph.cells);
        assert_int_equal(glyph.good, CASES[i].glyph.good);
    }
    assert_int_equal(glyph_count("a\xc3\xbc\xff", 4), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_stand_in_the_order_of_their_places),
        cmocka_unit_test(no_mistake_prints_nothing),
        cmocka_unit_test(tabs_stay_and_characters_count_by_their_cells),
        cmocka_unit_test(places_outside_the_text_do_no_harm),
        cmocka_unit_test(a_long_line_is_shown_around_its_mistake),
        cmocka_unit_test(nothing_that_is_quoted_steers_the_terminal),
        cmocka_unit_test(more_than_are_kept_are_counted),
        cmocka_unit_test(a_very_long_message_is_cut_and_says_so),
        cmocka_unit_test(a_glyph_is_a_whole_character_or_one_byte),
        cmocka_unit_test(scenarios_say_what_their_golden_files_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
