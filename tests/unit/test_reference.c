/* test_reference.c - what `tare scenario` tells is what the scenarios that tare comes with say. */
#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/words.h"
#include "catalogue/catalogue.h"
#include "scenario/reference.h"
#include "scenario/yaml.h"

enum { FILE_MAX = 64 * 1024 };

/* Every key of `map` is told by `part`. */
static void expect_told(const char *file, const char *part, const struct yaml_value *map)
{
    for (const struct yaml_value *each = map ? map->first : NULL; each; each = each->next)
        if (!reference_has(part, each->key->text))
            fail_msg("%s:%d: '%s' is not told by `tare scenario %s`", file, each->key->line, each->key->text, part);
}

static void expect_step_told(const char *file, const struct yaml_value *step)
{
    const struct yaml_value *run = yaml_get(step, "run");
    const struct workload_info *workload = run ? catalogue_find(run->text) : NULL;
    assert_non_null(workload);
    for (const struct yaml_value *each = step->first; each; each = each->next)
        if (!reference_has("steps", each->key->text) && !schema_field(workload->options, each->key->text))
            fail_msg("%s:%d: '%s' is not told by `tare scenario steps`", file, each->key->line, each->key->text);
}

static void expect_file_told(const char *file)
{
    char *text = calloc(1, FILE_MAX);
    FILE *from = fopen(file, "r");
    assert_non_null(text);
    assert_non_null(from);
    size_t size = fread(text, 1, FILE_MAX - 1, from);
    fclose(from);
    struct diags *diags = diags_new(file);
    diags_set_text(diags, text, size);
    struct yaml_tree *tree = yaml_tree_new(text, size, diags);
    assert_non_null(tree);
    const struct yaml_value *root = yaml_tree_root(tree);
    expect_told(file, "scenario", root);
    expect_told(file, "start", yaml_get(root, "start"));
    expect_told(file, "limits", yaml_get(root, "limits"));
    expect_told(file, "compare", yaml_get(root, "compare"));
    for (const struct yaml_value *node = yaml_get(root, "nodes")->first; node; node = node->next) {
        expect_told(file, "nodes", node);
        expect_told(file, "built_in", yaml_get(node, "built_in"));
    }
    for (const struct yaml_value *step = yaml_get(root, "steps")->first; step; step = step->next)
        expect_step_told(file, step);
    yaml_tree_destroy(&tree);
    diags_destroy(&diags);
    free(text);
}

static void test_every_key_of_the_shipped_scenarios_is_told(void **state)
{
    (void)state;
    DIR *directory = opendir(SOURCE_DIR "/scenarios");
    assert_non_null(directory);
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(directory));) {
        char path[1024] = "";
        if (!strstr(entry->d_name, ".yaml"))
            continue;
        assert_true(text_append(path, sizeof path, "%s/scenarios/%s", SOURCE_DIR, entry->d_name));
        expect_file_told(path);
        count++;
    }
    closedir(directory);
    assert_true(count > 3);
}

static void test_every_part_is_printed_and_has_an_example(void **state)
{
    (void)state;
    char part[64];
    for (unsigned i = 0; *words_nth(REFERENCE_PARTS, i, part, sizeof part); i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *to = open_memstream(&text, &size);
        reference_print(part, to);
        fclose(to);
        if (size == 0 || strncmp(text, part, strlen(part)) != 0 || !strstr(text, "\n  example\n    "))
            fail_msg("`tare scenario %s` prints: %s", part, text);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_of_the_shipped_scenarios_is_told),
        cmocka_unit_test(test_every_part_is_printed_and_has_an_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
