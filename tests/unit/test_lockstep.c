#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/lockstep.h"

enum { MEMBERS = 4, STEPS = 200 };

struct team {
    struct lockstep lockstep;
    int decided;         /* guarded by the step */
    int places[MEMBERS]; /* how far each is; read by all between two steps */
    _Atomic int astray;  /* times that a member saw another not where it was itself */
    _Atomic int broken;
    _Atomic uint32_t next;
};

static void decide(void *context)
{
    struct team *t = context;
    t->decided++;
}

static void *march(void *context)
{
    struct team *t = context;
    uint32_t me = atomic_fetch_add(&t->next, 1);
    for (int step = 1; step <= STEPS; step++) {
        t->places[me] = step;
        if (!lockstep_wait(&t->lockstep, decide, t)) {
            atomic_fetch_add(&t->broken, 1);
            return NULL;
        }
        for (int i = 0; i < MEMBERS; i++)
            t->astray += t->places[i] != step;
        t->astray += t->decided != 2 * step - 1;
        if (!lockstep_wait(&t->lockstep, decide, t))
            return NULL;
    }
    return NULL;
}

static void all_go_on_together_and_one_decides_for_all(void **unused)
{
    (void)unused;
    static struct team t;
    pthread_t threads[MEMBERS];
    lockstep_init(&t.lockstep, MEMBERS);
    for (int i = 0; i < MEMBERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, march, &t), 0);
    for (int i = 0; i < MEMBERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(t.astray, 0);
    assert_int_equal(t.decided, 2 * STEPS);
    lockstep_destroy(&t.lockstep);
}

static void who_waits_for_one_that_never_comes_is_let_go(void **unused)
{
    (void)unused;
    static struct team t;
    pthread_t threads[MEMBERS - 1];
    lockstep_init(&t.lockstep, MEMBERS);
    for (int i = 0; i < MEMBERS - 1; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, march, &t), 0);
    lockstep_break(&t.lockstep);
    for (int i = 0; i < MEMBERS - 1; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(t.broken, MEMBERS - 1);
    assert_int_equal(t.decided, 0);
    assert_false(lockstep_wait(&t.lockstep, decide, &t)); /* the one that comes late */
    assert_int_equal(t.decided, 0);
    lockstep_destroy(&t.lockstep);
}

static void a_single_member_never_waits(void **unused)
{
    (void)unused;
    static struct team t;
    lockstep_init(&t.lockstep, 1);
    for (int i = 0; i < 3; i++)
        assert_true(lockstep_wait(&t.lockstep, decide, &t));
    assert_int_equal(t.decided, 3);
    lockstep_destroy(&t.lockstep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_go_on_together_and_one_decides_for_all),
        cmocka_unit_test(who_waits_for_one_that_never_comes_is_let_go),
        cmocka_unit_test(a_single_member_never_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
