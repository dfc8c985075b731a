#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/words.h"
#include "catalogue/catalogue.h"

enum { PACKED = 4096 };

/* One member of each kind. */
struct sample {
    int64_t number, wait_ns, room_bytes, share;
    int way;
    bool loud;
    char note[8], name[8];
};

static const struct field FIELDS[] = {
    { .key = "number",
      .kind = FIELD_INT,
      .offset = offsetof(struct sample, number),
      .min = -5,
      .max = 5,
      .fallback = "0" },
    { .key = "wait",
      .kind = FIELD_DURATION,
      .offset = offsetof(struct sample, wait_ns),
      .max = 1000000,
      .fallback = "1us" },
    { .key = "room",
      .kind = FIELD_SIZE,
      .offset = offsetof(struct sample, room_bytes),
      .max = 4096,
      .fallback = "1KiB" },
    { .key = "share",
      .kind = FIELD_PERCENT,
      .offset = offsetof(struct sample, share),
      .min = 1,
      .max = 500000,
      .fallback = "2.5%" },
    { .key = "way",
      .kind = FIELD_CHOICE,
      .offset = offsetof(struct sample, way),
      .choices = "in|out|both",
      .fallback = "out" },
    { .key = "loud", .kind = FIELD_BOOL, .offset = offsetof(struct sample, loud), .fallback = "true" },
    { .key = "note", .kind = FIELD_TEXT, .offset = offsetof(struct sample, note), .capacity = 8, .fallback = "a=b" },
    { .key = "name", .kind = FIELD_NAME, .offset = offsetof(struct sample, name), .capacity = 8 },
};
static const struct schema SAMPLE = { "sample", FIELDS, ARRAY_SIZE(FIELDS), sizeof(struct sample) };

static void expect_journey(const struct schema *schema, const void *object)
{
    char packed[PACKED], again[PACKED];
    void *back = malloc(schema->size);
    struct err e = { 0 };
    if (!schema_pack(schema, object, packed, sizeof packed, &e) || !schema_unpack(schema, packed, back, &e) ||
        !schema_pack(schema, back, again, sizeof again, &e))
        fail_msg("%s", e.text);
    assert_string_equal(packed, again);
    assert_memory_equal(back, object, schema->size);
    free(back);
}

/* A few texts that `field` must take, its ends among them. */
static size_t texts_of(const struct field *field, char texts[][64])
{
    static const char LONG[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789";
    struct field at_ends = *field;
    at_ends.offset = 0;
    size_t count = 0;
    switch (field->kind) {
    case FIELD_INT:
    case FIELD_DURATION:
    case FIELD_PERCENT:
    case FIELD_SIZE:
    case FIELD_RATE:
        field_print(&at_ends, &field->min, texts[count++], 64);
        field_print(&at_ends, &field->max, texts[count++], 64);
        break;
    case FIELD_BOOL:
        text_copy(texts[count++], 64, "true");
        text_copy(texts[count++], 64, "false");
        break;
    case FIELD_CHOICE: {
        char choices[256], *rest = choices;
        text_copy(choices, sizeof choices, field->choices);
        for (char *word; (word = strsep(&rest, "|"));)
            text_copy(texts[count++], 64, word);
        break;
    }
    case FIELD_NAME:
    case FIELD_TEXT:
        text_copy(texts[count++], 64, "x");
        snprintf(texts[count++], 64, "%.*s", (int)field->capacity - 1, LONG);
        break;
    }
    return count;
}

static void every_workload_s_options_travel(void **unused)
{
    (void)unused;
    const struct workload_info *workload;
    for (size_t w = 0; (workload = catalogue_entry(w)); w++) {
        const struct schema *schema = workload->options;
        void *object = malloc(schema->size);
        schema_defaults(schema, object);
        expect_journey(schema, object);
        for (size_t i = 0; i < schema->count; i++) {
            char texts[16][64], read_back[64];
            size_t count = texts_of(&schema->fields[i], texts);
            for (size_t k = 0; k < count; k++) {
                struct err e = { 0 };
                if (!field_set(&schema->fields[i], object, texts[k], &e))
                    fail_msg("%s: %s", workload->name, e.text);
                assert_string_equal(field_print(&schema->fields[i], object, read_back, sizeof read_back), texts[k]);
                expect_journey(schema, object);
            }
        }
        free(object);
    }
}

/* What agents and plans rely on. */
static void every_workload_has_its_times_first_and_a_default_for_each_option(void **unused)
{
    (void)unused;
    const struct workload_info *workload;
    for (size_t w = 0; (workload = catalogue_entry(w)); w++) {
        const struct schema *schema = workload->options;
        assert_true(text_is_name(workload->name));
        assert_ptr_equal(catalogue_find(workload->name), workload);
        assert_string_equal(schema->name, workload->name);
        if (schema_field(schema, "length") || !workload->laps) /* it has no length, what ends by itself */
            assert_int_equal(schema_field(schema, "length")->offset, offsetof(struct workload_times, length_ns));
        if (!workload->laps) /* what ends by itself has no warm-up */
            assert_int_equal(schema_field(schema, "warmup")->offset, offsetof(struct workload_times, warmup_ns));
        for (size_t i = 0; i < schema->count; i++) {
            const struct field *field = &schema->fields[i];
            assert_true(field->fallback || strcmp(field->key, "source") == 0); /* which tree, nobody can guess */
            assert_true(field->doc && *field->doc);
            assert_ptr_equal(schema_field(schema, field->key), field);       /* no key twice */
            assert_true(words_index("name|run|to|on|when", field->key) < 0); /* the step's own */
        }
    }
}

static void what_is_refused_says_why_and_touches_nothing(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *because;
    } CASES[] = {
        { "number=6\nname=x\n", "number: '6' is outside -5 to 5" },
        { "number=-6\nname=x\n", "is outside -5 to 5" },
        { "number=1.5\nname=x\n", "is not a whole number" },
        { "number=\nname=x\n", "is not a whole number" },
        { "number=99999999999999999999\nname=x\n", "too large" },
        { "wait=1\nname=x\n", "wait: '1' has no unit" },
        { "wait=1s\nname=x\n", "wait: '1s' is outside 0ns to 1ms" },
        { "room=4097B\nname=x\n", "room: '4097B' is outside 0B to 4KiB" },
        { "way=In\nname=x\n", "way: 'In' is no choice: did you mean 'in'?" },
        { "way=sideways\nname=x\n", "way: 'sideways' is none of in, out, both" },
        { "way=\nname=x\n", "is none of" },
        { "way=in|out\nname=x\n", "is none of" },
        { "way=i\nname=x\n", "is none of" },
        { "share=3\nname=x\n", "'3' has no unit (one of: %)" },
        { "share=51%\nname=x\n", "'51%' is outside 0.0001% to 50%" },
        { "loud=yes\nname=x\n", "is neither true nor false" },
        { "note=12345678\nname=x\n", "is longer than 7 bytes" },
        { "note=\x1b[0m\nname=x\n", "cannot be printed" },
        { "note=\xff\nname=x\n", "cannot be printed" },
        { "name=two words\n", "is not a name" },
        { "name=\n", "is not a name" },
        { "number=1\n", "sample: 'name' is missing" },
        { "", "'name' is missing" },
        { "name=x\nname=y\n", "'name' is given twice" },
        { "name=x\ncolour=blue\n", "unknown option 'colour'" },
        { "name=x\n=\n", "unknown option ''" },
        { "name\n", "'name' is not key=value" },
        { "name=x\n\n", "'' is not key=value" },
        { "Name=x\n", "unknown option 'Name'" },
        { " name=x\n", "unknown option ' name'" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        struct sample object, before;
        memset(&object, 0xa5, sizeof object);
        before = object;
        memcpy(&before, &object, sizeof before);
        struct err e = { 0 };
        if (schema_unpack(&SAMPLE, CASES[i].text, &object, &e))
            fail_msg("'%s' is accepted", CASES[i].text);
        assert_memory_equal(&object, &before, sizeof object);
        assert_int_equal(e.exit, ERR_USAGE);
        if (!strstr(e.text, CASES[i].because))
            fail_msg("'%s' says: %s", CASES[i].text, e.text);
    }
}

static void an_option_without_end_is_refused(void **unused)
{
    (void)unused;
    char *text = malloc(100000);
    memset(text, 'x', 99999);
    text[99999] = '\0';
    struct sample object;
    struct err e = { 0 };
    assert_false(schema_unpack(&SAMPLE, text, &object, &e));
    assert_non_null(strstr(e.text, "an option of 99999 bytes"));
    free(text);
}

static void the_sample_reads_defaults_and_values(void **unused)
{
    (void)unused;
    struct sample object;
    struct err e = { 0 };
    assert_true(schema_unpack(&SAMPLE, "name=x\nway=both\nnote=a=b=c", &object, &e));
    assert_int_equal(object.number, 0);
    assert_int_equal(object.wait_ns, 1000);
    assert_int_equal(object.room_bytes, 1024);
    assert_int_equal(object.share, 25000);
    assert_int_equal(object.way, 2);
    assert_true(object.loud);
    assert_string_equal(object.note, "a=b=c");
    assert_string_equal(object.name, "x");
    expect_journey(&SAMPLE, &object);
    char small[20];
    assert_false(schema_pack(&SAMPLE, &object, small, sizeof small, &e));
    assert_int_equal(e.exit, ERR_INTERNAL);
}

static void a_slip_finds_its_key(void **unused)
{
    (void)unused;
    assert_string_equal(schema_nearest(&SAMPLE, "nubmer"), "number");
    assert_string_equal(schema_nearest(&SAMPLE, "rom"), "room");
    assert_null(schema_nearest(&SAMPLE, "colour"));
    assert_null(schema_nearest(&SAMPLE, ""));
    assert_string_equal(catalogue_nearest("net_steam"), "net_stream");
    assert_null(catalogue_nearest("kernel_build"));
}

static uint64_t signature_with(size_t index, struct field changed)
{
    struct field fields[ARRAY_SIZE(FIELDS)];
    memcpy(fields, FIELDS, sizeof fields);
    fields[index] = changed;
    struct schema schema = SAMPLE;
    schema.fields = fields;
    return schema_signature(&schema);
}

static void a_signature_changes_with_all_that_has_meaning(void **unused)
{
    (void)unused;
    uint64_t before = schema_signature(&SAMPLE);
    for (size_t i = 0; i < ARRAY_SIZE(FIELDS); i++) {
        struct field same = FIELDS[i];
        same.doc = "said in other words";
        same.offset += 8; /* where it lies in memory is each program's own */
        assert_true(signature_with(i, same) == before);

        struct field others[7];
        for (size_t k = 0; k < ARRAY_SIZE(others); k++)
            others[k] = FIELDS[i];
        others[0].key = "other";
        others[1].kind = FIELDS[i].kind == FIELD_INT ? FIELD_SIZE : FIELD_INT;
        others[2].min--;
        others[3].max++;
        others[4].capacity++;
        others[5].choices = FIELDS[i].choices ? "in|both|out" : "";
        others[6].fallback = FIELDS[i].fallback ? NULL : "";
        for (size_t k = 0; k < ARRAY_SIZE(others); k++)
            if (signature_with(i, others[k]) == before)
                fail_msg("field '%s': change %zu goes unseen", FIELDS[i].key, k);
    }
    struct schema renamed = SAMPLE, shorter = SAMPLE;
    renamed.name = "other";
    shorter.count--;
    assert_true(schema_signature(&renamed) != before);
    assert_true(schema_signature(&shorter) != before);
}

static void the_help_names_every_option(void **unused)
{
    (void)unused;
    const struct workload_info *workload;
    for (size_t w = 0; (workload = catalogue_entry(w)); w++) {
        char *help = NULL;
        size_t size = 0;
        FILE *to = open_memstream(&help, &size);
        schema_help(workload->options, to);
        fclose(to);
        for (size_t i = 0; i < workload->options->count; i++)
            assert_non_null(strstr(help, workload->options->fields[i].key));
        free(help);
    }
}

static void lists_of_words(void **unused)
{
    (void)unused;
    char list[12] = "", out[64];
    assert_int_equal(words_index("send|receive|both", "receive"), 1);
    assert_int_equal(words_index("send|receive|both", "both"), 2);
    assert_int_equal(words_index("send|receive|both", "sen"), -1);
    assert_int_equal(words_index("send|receive|both", ""), -1);
    assert_int_equal(words_index("", "send"), -1);
    assert_true(words_add(list, sizeof list, "send"));
    assert_true(words_add(list, sizeof list, "both"));
    assert_false(words_add(list, sizeof list, "receive"));
    assert_string_equal(list, "send|both");
    assert_string_equal(words_show(list, out, sizeof out), "send, both");
    assert_string_equal(words_show("", out, sizeof out), "");
    assert_true(words_nearest("send|receive|both", "recieve", out, sizeof out));
    assert_string_equal(out, "receive");
    assert_false(words_nearest("send|receive|both", "up", out, sizeof out));
    assert_false(words_nearest("to|on", "in|", out, sizeof out));
    assert_false(words_nearest("", "send", out, sizeof out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_workload_s_options_travel),
        cmocka_unit_test(every_workload_has_its_times_first_and_a_default_for_each_option),
        cmocka_unit_test(what_is_refused_says_why_and_touches_nothing),
        cmocka_unit_test(an_option_without_end_is_refused),
        cmocka_unit_test(the_sample_reads_defaults_and_values),
        cmocka_unit_test(a_slip_finds_its_key),
        cmocka_unit_test(a_signature_changes_with_all_that_has_meaning),
        cmocka_unit_test(the_help_names_every_option),
        cmocka_unit_test(lists_of_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
