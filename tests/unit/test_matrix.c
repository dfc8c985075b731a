/* `matrix:` of a step; what is told of its mistakes is in golden/scenario/matrix.yaml. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/file_options.h"
#include "scenario/scenario.h"

/* `wrong`: what the first mistake must say, NULL: there must be none. */
static struct scenario *parse(const char *text, const char *wrong)
{
    struct scenario *s = NULL;
    struct diags *diags = diags_new("lab.yaml");
    char *shown = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&shown, &size);
    (void)!scenario_parse(text, strlen(text), &s, diags);
    diags_print(diags, to);
    fclose(to);
    if (wrong ? !strstr(shown, wrong) : *shown != '\0')
        fail_msg("it says: %s", shown);
    free(shown);
    diags_destroy(&diags);
    return s;
}

static struct scenario *load(const char *path)
{
    struct scenario *s = NULL;
    struct diags *diags = diags_new(path);
    if (!scenario_load(path, &s, diags)) {
        diags_print(diags, stderr);
        fail_msg("%s is refused", path);
    }
    diags_destroy(&diags);
    return s;
}

/* The cells, in the order that they run in. */
static void a_matrix_becomes_a_step_a_cell(void **unused)
{
    (void)unused;
    struct scenario *s = load(TESTS_DIR "/golden/scenario/good_matrix.yaml");
    static const char *const NAMES[] = { "net[direction=send,message=1KiB]", "net[direction=send,message=2KiB]" };
    assert_int_equal(s->matrix_count, 3);
    assert_int_equal(s->matrices[0].count, 2 * 11);
    assert_string_equal(s->matrices[0].axes, "direction x message");
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(s->steps[i].name, NAMES[i]);
    assert_string_equal(s->steps[21].name, "net[direction=receive,message=1MiB]");
    const struct net_stream_options *last = s->steps[21].options;
    assert_int_equal(last->net.direction, NET_RECEIVE);
    assert_int_equal(last->message_bytes, 1 << 20);
    assert_int_equal(s->steps[21].to, 1);
    assert_int_equal(s->steps[21].on[0], 0);
    assert_ptr_not_equal(s->steps[21].on, s->steps[20].on);
    assert_string_equal(s->steps[22].name, "one"); /* what follows is as it would be without */
    assert_string_equal(s->steps[25].name, "files[method=fread,mode=cached]");
    assert_int_equal(s->matrices[1].left_out, 1); /* stdio by O_DIRECT */
    scenario_destroy(&s);
}

/* Files of 64 KiB to 512 MiB by records of 4 KiB to 16 MiB: none above its file, and none below 64 KiB for files above
 * 16 MiB; the same cells, in the same order, that `cells: all` goes through in one trial. */
static void iozone_s_matrix_has_its_126_cells(void **unused)
{
    (void)unused;
    struct scenario *s = load(TESTS_DIR "/golden/scenario/good_matrix.yaml");
    const struct scenario_matrix *m = &s->matrices[2];
    const struct file_options all = { .cells = FILE_CELLS_ALL, .largest_bytes = INT64_C(512) << 20 };
    int64_t file = 0, record = 0;
    assert_int_equal(m->count, 126);
    assert_int_equal(m->first + m->count, s->step_count);
    for (size_t i = 0; i < m->count; i++) {
        const struct file_options *o = s->steps[m->first + i].options;
        assert_true(file_next_cell(&all, &file, &record));
        assert_int_equal(o->file_bytes, file);
        assert_int_equal(o->record_bytes, record);
    }
    assert_false(file_next_cell(&all, &file, &record));
    scenario_destroy(&s);
}

static void a_matrix_has_at_most_as_many_cells_as_steps_may_be(void **unused)
{
    (void)unused;
    static const char HEAD[] = "tare: 1\nname: lab\nnodes: {host: {role: host}}\nsteps:\n";
    static const char FULL[] = "  - {name: a, run: file_io, on: host, matrix: {threads: 1..32, length: 1ms..512ms}}\n"
                               "  - {name: b, run: cpu, on: host, matrix: {threads: 1..64, within: 1..64}}\n";
    static const char MUCH[] = "  - {name: c, run: cpu, on: host, matrix: {threads: 1..64, within: 1..64, "
                               "runs_most: [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]}}\n";
    char text[1024];
    snprintf(text, sizeof text, "%s%s%s", HEAD, FULL, MUCH);
    assert_null(parse(text, "lab.yaml:7:5: error: more than 1024 steps"));
    snprintf(text, sizeof text, "%s%s", HEAD, FULL);
    struct scenario *s = parse(text, NULL);
    assert_int_equal(s->step_count, 6 * 10 + 7 * 7);
    scenario_destroy(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_matrix_becomes_a_step_a_cell),
        cmocka_unit_test(iozone_s_matrix_has_its_126_cells),
        cmocka_unit_test(a_matrix_has_at_most_as_many_cells_as_steps_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
