/* What two sides differ by: one difference at a time, for every fact of the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "compared_run.h"
#include "golden.h"
#include "result/label.h"
#include "result/label_path.h"

/* Two values of a fact that has not just any text. */
static const struct {
    const char *key, *base, *with;
} VALUES[] = {
    { "memory_bytes", "8589934592", "536870912" },
    { "swap_bytes", "1073741824", "0" },
    { "cpus_allowed", "\"0-3\"", "\"0\"" },
    { "cpu_flags", "\"fpu sse avx avx2 aes sha_ni vaes\"", "\"fpu sse hypervisor\"" },
    { "link.offloads", "\"tso gso gro sg tx rx\"", "\"gso gro sg\"" },
    { "idle_states", "\"POLL C1 C6\"", "\"POLL C1\"" },
    { "boot_options", "\"maxcpus=2\"", "\"maxcpus=2 mitigations=off\"" },
    { "hypervisor", "false", "true" },
    { "mitigations",
      "{\"meltdown\": \"Mitigation: PTI\", \"mds\": \"Mitigation: Clear buffers; SMT on\", \"l1tf\": \"Not affected\"}",
      "{\"meltdown\": \"Vulnerable\", \"mds\": \"Mitigation: Clear buffers; SMT off\", \"l1tf\": \"Mitigation: "
      "PTE\"}" },
    { "link.mtu", "9000", "1500" },
    { "link.speed_mbit", "1000", "100" },
    { "link.errors", "{}", "{\"collisions\": 7}" },
};

/* A fingerprint with nothing but the fact, and what leads to the peer. */
static void set_fact(struct run *run, int node, const char *key, bool base)
{
    char json[1024];
    const char *value = base ? "\"one\"" : "\"two\"";
    for (size_t i = 0; i < ARRAY_SIZE(VALUES); i++)
        if (strcmp(VALUES[i].key, key) == 0)
            value = base ? VALUES[i].base : VALUES[i].with;
    bool is_link = strncmp(key, "link.", 5) == 0;
    snprintf(json, sizeof json,
             "{\"links\": [{\"name\": \"eth0\"%s%s%s%s}], \"routes\": [\"10.77.0.0/24 eth0 0\"]%s%s%s%s}",
             is_link ? ", \"" : "", is_link ? key + 5 : "", is_link ? "\": " : "", is_link ? value : "",
             is_link ? "" : ", \"", is_link ? "" : key, is_link ? "" : "\": ", is_link ? "" : value);
    set_facts(run, node, json);
    if (strcmp(key, "agent") == 0)
        text_copy(run->nodes[node].version, sizeof run->nodes[node].version, base ? "0.1.0" : "0.2.0");
}

static struct label label_between(const struct run *run, const char *base, const char *with, const char *workload)
{
    struct facts *facts = NULL;
    struct label label;
    struct err e = { 0 };
    assert_true(facts_of(run, &facts, &e));
    label_of(&(struct label_side){ run, facts, base, "peer" }, &(struct label_side){ run, facts, with, "peer" },
             workload, &label);
    facts_destroy(&facts);
    return label;
}

static struct label label_with(const char *key, const char *with, const char *workload)
{
    struct run *run = lab_run();
    text_copy(run->nodes[GUEST].role, sizeof run->nodes[GUEST].role, with);
    set_fact(run, HOST, key, true);
    set_fact(run, GUEST, key, false);
    struct label label = label_between(run, "host", "guest", workload);
    run_destroy(&run);
    return label;
}

/* "clock source (matters) tsc / hpet" and for whom that is a difference. */
static void print_fact(FILE *out, const char *key, const char *words, const char *class)
{
    static const char *const WITH[] = { "guest", "host" }, *const WORKLOADS[] = { "net_stream", "cpu", "files" };
    struct difference seen = { .base = "" };
    char line[256] = "";
    for (size_t i = 0; i < ARRAY_SIZE(WITH); i++)
        for (size_t k = 0; k < ARRAY_SIZE(WORKLOADS); k++) {
            struct label label = label_with(key, WITH[i], WORKLOADS[k]);
            assert_true(label.count <= 1);
            if (label.count == 1) {
                seen = label.differences[0];
                text_append(line, sizeof line, "%s%s %s", *line ? ", " : "", WITH[i], WORKLOADS[k]);
                assert_string_equal(seen.fact, key);
                assert_string_equal(seen.class, class);
            }
        }
    fprintf(out, "%s: %s, %s\n", key, words, class);
    if (*line)
        fprintf(out, "    %s / %s\n    %s\n", seen.base, seen.with, line);
}

static void each_difference_is_named_where_it_matters(void **unused)
{
    (void)unused;
    char *text = NULL;
    const char *key, *words, *class;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (size_t n = 0; label_fact(n, &key, &words, &class); n++)
        print_fact(out, key, words, class);
    fclose(out);
    golden_check("report/label.txt", text);
    free(text);
}

static void the_same_facts_are_like_for_like(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    char word[128];
    struct label label = label_between(run, "host", "guest", "net_stream");
    assert_int_equal(label.count, 0);
    assert_string_equal(label_word(&label, word, sizeof word), "like for like");
    run_destroy(&run);
}

static void a_fact_that_must_match_and_one_side_tells_is_named(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    set_facts(run, HOST, "{\"kernel\": \"6.1\", \"thp\": \"always\"}"); /* huge pages only matter */
    set_facts(run, GUEST, "{}");
    struct label label = label_between(run, "host", "guest", "cpu");
    assert_int_equal(label.count, 1);
    assert_string_equal(label.differences[0].fact, "kernel");
    assert_string_equal(label.differences[0].base, "6.1");
    assert_string_equal(label.differences[0].with, "not told");
    run_destroy(&run);
}

static void memory_that_firmware_keeps_is_no_difference(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    set_facts(run, HOST, "{\"memory_bytes\": 1000000000}");
    set_facts(run, GUEST, "{\"memory_bytes\": 960000000}");
    assert_int_equal(label_between(run, "host", "guest", "cpu").count, 0);
    set_facts(run, GUEST, "{\"memory_bytes\": 940000000}");
    assert_int_equal(label_between(run, "host", "guest", "cpu").count, 1);
    run_destroy(&run);
}

static void the_label_says_under_what_it_was_measured(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    char word[128];
    set_facts(run, HOST, "{\"hypervisor\": true}");
    set_facts(run, GUEST, "{\"accelerator\": \"tcg\"}");
    text_copy(run->nodes[PEER].boot_id, sizeof run->nodes[PEER].boot_id, run->nodes[HOST].boot_id);
    struct label label = label_between(run, "host", "guest", "net_stream");
    label.contention = true;
    assert_string_equal(label_word(&label, word, sizeof word),
                        "emulation, nested, shared machine, contention, like for like");
    assert_true(label.one_boot);
    set_facts(run, GUEST, "{\"cpu_model\": \"QEMU TCG CPU version 2.5+\"}");
    assert_true(label_between(run, "host", "guest", "net_stream").emulation);
    set_facts(run, GUEST, "{\"cpu_model\": \"QEMU TCG CPU version 2.5+\", \"accelerator\": \"kvm\"}");
    assert_false(label_between(run, "host", "guest", "net_stream").emulation); /* who started it knows better */
    run_destroy(&run);
}

static void several_boots_of_a_guest_are_told_from_one(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    assert_true(label_between(run, "host", "guest", "cpu").one_boot);
    name_node(run, "guest", "guest", "another-boot", "");
    assert_false(label_between(run, "host", "guest", "cpu").one_boot);
    assert_false(label_between(run, "host", "host", "cpu").one_boot); /* of a host nothing is said */
    run_destroy(&run);
}

static void more_differences_than_there_is_room_for_are_bounded(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    const char *key, *words, *class;
    json_t *base = json_object(), *with = json_object();
    for (size_t n = 0; label_fact(n, &key, &words, &class); n++) {
        json_object_set_new(base, key, json_string("one"));
        json_object_set_new(with, key, json_integer((json_int_t)n)); /* of another kind, too */
    }
    char *one = json_dumps(base, 0), *two = json_dumps(with, 0);
    set_facts(run, HOST, one);
    set_facts(run, GUEST, two);
    struct label label = label_between(run, "host", "guest", "whatever");
    assert_true(label.count > 10 && label.count <= LABEL_DIFFERENCES_MAX);
    free(one), free(two);
    json_decref(base), json_decref(with);
    run_destroy(&run);
}

static void other_trees_and_compilers_are_named(void **unused)
{
    (void)unused;
    static const char HERE[] = "linux-source-6.1 01234567; tinyconfig; make -j2 lib/; cc 12.2.0";
    static const struct {
        const char *with, *fact, *base_shown, *with_shown;
    } CASES[] = {
        { "linux-source-6.1 89abcdef; tinyconfig; make -j2 lib/; cc 12.2.0", "build.tree", "linux-source-6.1 01234567",
          "linux-source-6.1 89abcdef" },
        { "linux-source-6.1 01234567; tinyconfig; make -j4 lib/; cc 12.2.0", "build.how", "tinyconfig; make -j2 lib/",
          "tinyconfig; make -j4 lib/" },
        { "linux-source-6.1 01234567; tinyconfig; make -j2 lib/; cc 11.1.0", "build.compiler", "cc 12.2.0",
          "cc 11.1.0" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct label label = { .count = 0 };
        label_add_build(&label, HERE, CASES[i].with);
        assert_int_equal(label.count, 1);
        assert_string_equal(label.differences[0].fact, CASES[i].fact);
        assert_string_equal(label.differences[0].base, CASES[i].base_shown);
        assert_string_equal(label.differences[0].with, CASES[i].with_shown);
    }
    struct label label = { .count = 0 };
    label_add_build(&label, HERE, HERE);
    label_add_build(&label, "tree 1; make -j1; cc", "tree 1; make -j1; cc");
    assert_int_equal(label.count, 0);
    label_add_build(&label, "tree 1; make -j1; cc", "");
    assert_int_equal(label.count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_difference_is_named_where_it_matters),
        cmocka_unit_test(the_same_facts_are_like_for_like),
        cmocka_unit_test(a_fact_that_must_match_and_one_side_tells_is_named),
        cmocka_unit_test(memory_that_firmware_keeps_is_no_difference),
        cmocka_unit_test(the_label_says_under_what_it_was_measured),
        cmocka_unit_test(several_boots_of_a_guest_are_told_from_one),
        cmocka_unit_test(more_differences_than_there_is_room_for_are_bounded),
        cmocka_unit_test(other_trees_and_compilers_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
