#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/lookup.h"
#include "base/random.h"
#include "base/text.h"

struct thing {
    char name[8];
    size_t size;
};

static struct lookup_key key_of(const void *thing)
{
    const struct thing *t = thing;
    return (struct lookup_key){ t->name, t->size };
}

static struct thing thing_of(const char *name)
{
    struct thing t = { .size = strlen(name) };
    text_copy(t.name, sizeof t.name, name);
    return t;
}

static void put(struct lookup *l, struct thing *t)
{
    assert_true(lookup_reserve(l, l->count + 1, NULL));
    lookup_put(l, t);
}

static void nothing_is_found_in_an_empty_one(void **unused)
{
    (void)unused;
    struct lookup l;
    lookup_init(&l, key_of);
    struct thing a = thing_of("a");
    assert_null(lookup_find(&l, "a", 1));
    lookup_remove(&l, &a);
    assert_true(lookup_reserve(&l, 0, NULL));
    assert_null(lookup_find(&l, "a", 1));
    lookup_clear(&l);
    lookup_clear(&l);
    struct lookup never_made = { 0 };
    assert_null(lookup_find(&never_made, "a", 1));
    lookup_clear(&never_made);
}

static void a_key_is_all_of_its_bytes_and_no_more(void **unused)
{
    (void)unused;
    struct lookup l;
    lookup_init(&l, key_of);
    struct thing a = thing_of("a"), ab = thing_of("ab"), nothing = thing_of(""), zero = { .name = "a\0b", .size = 3 };
    put(&l, &a);
    assert_null(lookup_find(&l, "ab", 2));
    assert_null(lookup_find(&l, "", 0));
    put(&l, &ab);
    put(&l, &nothing);
    put(&l, &zero);
    assert_ptr_equal(lookup_find(&l, "a", 1), &a);
    assert_ptr_equal(lookup_find(&l, "ab", 2), &ab);
    assert_ptr_equal(lookup_find(&l, "", 0), &nothing);
    assert_ptr_equal(lookup_find(&l, "a\0b", 3), &zero);
    assert_null(lookup_find(&l, "a\0c", 3));
    lookup_clear(&l);
    assert_null(lookup_find(&l, "a", 1));
}

static void another_with_the_same_key_is_not_taken_out(void **unused)
{
    (void)unused;
    struct lookup l;
    lookup_init(&l, key_of);
    struct thing in = thing_of("a"), out = thing_of("a");
    put(&l, &in);
    lookup_remove(&l, &out);
    assert_ptr_equal(lookup_find(&l, "a", 1), &in);
    lookup_remove(&l, &in);
    assert_null(lookup_find(&l, "a", 1));
    lookup_remove(&l, &in);
    assert_int_equal(l.count, 0);
    lookup_clear(&l);
}

/* Against a plain list of who is in: the table is small and half full, so that runs of neighbours are
 * closed in every way there is. */
static void coming_and_going_leaves_exactly_those_who_are_in(void **unused)
{
    (void)unused;
    enum { MANY = 64, STEPS = 40000, LOOK_EVERY = 16 };
    struct random r = { 1 };
    struct thing things[MANY];
    bool is_in[MANY] = { false };
    size_t count = 0;
    struct lookup l;
    lookup_init(&l, key_of);
    for (size_t i = 0; i < MANY; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%zu", i);
        things[i] = thing_of(name);
    }
    assert_true(lookup_reserve(&l, MANY, NULL));
    size_t room = l.room;
    for (int step = 0; step < STEPS; step++) {
        size_t i = random_below(&r, MANY);
        if (is_in[i])
            lookup_remove(&l, &things[i]);
        else
            lookup_put(&l, &things[i]);
        count += is_in[i] ? -(size_t)1 : 1;
        is_in[i] = !is_in[i];
        assert_int_equal(l.count, count);
        for (size_t j = 0; step % LOOK_EVERY == 0 && j < MANY; j++)
            assert_ptr_equal(lookup_find(&l, things[j].name, things[j].size), is_in[j] ? &things[j] : NULL);
    }
    assert_int_equal(l.room, room); /* no traces, so no need for more */
    lookup_clear(&l);
}

static void it_grows_with_all_that_is_in_it(void **unused)
{
    (void)unused;
    enum { MANY = 5000 };
    static struct thing things[MANY];
    struct lookup l;
    lookup_init(&l, key_of);
    for (size_t i = 0; i < MANY; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%zu", i);
        things[i] = thing_of(name);
        put(&l, &things[i]);
        assert_true(2 * l.count <= l.room);
    }
    for (size_t i = 0; i < MANY; i++)
        assert_ptr_equal(lookup_find(&l, things[i].name, things[i].size), &things[i]);
    lookup_clear(&l);
}

static void two_tables_do_not_hash_alike(void **unused)
{
    (void)unused;
    struct lookup a, b;
    lookup_init(&a, key_of);
    lookup_init(&b, key_of);
    assert_memory_not_equal(a.secret, b.secret, LOOKUP_SECRET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_found_in_an_empty_one),
        cmocka_unit_test(a_key_is_all_of_its_bytes_and_no_more),
        cmocka_unit_test(another_with_the_same_key_is_not_taken_out),
        cmocka_unit_test(coming_and_going_leaves_exactly_those_who_are_in),
        cmocka_unit_test(it_grows_with_all_that_is_in_it),
        cmocka_unit_test(two_tables_do_not_hash_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
