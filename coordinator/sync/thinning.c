#include "thinning.h"

#include <math.h>

/* `gone` is dropped: what it stood for now rests on its neighbours. Each formula of ceiling_gain rises
 * by no more than the neighbours in it do, so that losses add up to a bound on the whole. */
static void hand_over(double lost, struct ceiling_point *neighbour)
{
    if (neighbour && neighbour->lost < lost)
        neighbour->lost = lost;
}

/* Drop what follows from the last point kept and the next one. Nothing is lost: where that next
 * one goes too, it follows from the same last one and its own next, and so does what it implied. */
static void drop_implied(struct ceiling *c, const struct slopes *slopes)
{
    struct cone cone = ceiling_cone(slopes);
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct ceiling_point *before = kept > 0 ? &c->points[kept - 1] : NULL;
        struct ceiling_point *after = i + 1 < c->count ? &c->points[i + 1] : NULL;
        if (ceiling_gain(c->points[i], before, after, &cone) > 0) {
            c->points[kept++] = c->points[i];
        } else {
            hand_over(c->points[i].lost, before);
            hand_over(c->points[i].lost, after);
        }
    }
    c->count = kept;
}

enum { NONE = CEILING_CAP };

/* The points that are left as a list, and a knock-out tournament for the one that is missed least: the
 * winner of places 2n and 2n + 1 stands in n, the points' own places are the last CEILING_CAP. */
struct field {
    struct ceiling *ceiling;
    struct cone cone;
    uint16_t before[CEILING_CAP + 1], after[CEILING_CAP + 1]; /* NONE at the ends */
    double missed[CEILING_CAP + 1];                           /* INFINITY for those that are gone, and for NONE */
    uint16_t winner[2 * CEILING_CAP];
};

static struct ceiling_point *point(const struct field *f, uint16_t i)
{
    return i == NONE ? NULL : &f->ceiling->points[i];
}

static void measure(struct field *f, uint16_t i)
{
    const struct ceiling_point *p = &f->ceiling->points[i];
    f->missed[i] = p->lost + (double)ceiling_gain(*p, point(f, f->before[i]), point(f, f->after[i]), &f->cone);
}

static void play(struct field *f, size_t place)
{
    uint16_t a = f->winner[2 * place], b = f->winner[2 * place + 1];
    f->winner[place] = f->missed[b] < f->missed[a] ? b : a;
}

static void play_again(struct field *f, uint16_t i)
{
    for (size_t place = ((size_t)CEILING_CAP + i) / 2; place > 0; place /= 2)
        play(f, place);
}

static void begin(struct field *f, struct ceiling *c, const struct slopes *slopes)
{
    f->ceiling = c;
    f->cone = ceiling_cone(slopes);
    f->missed[NONE] = INFINITY;
    for (size_t i = 0; i < CEILING_CAP; i++) {
        f->before[i] = i > 0 ? (uint16_t)(i - 1) : NONE;
        f->after[i] = i + 1 < c->count ? (uint16_t)(i + 1) : NONE;
        f->missed[i] = INFINITY;
        f->winner[CEILING_CAP + i] = i < c->count ? (uint16_t)i : NONE;
        if (i < c->count)
            measure(f, (uint16_t)i);
    }
    for (size_t place = CEILING_CAP - 1; place > 0; place--)
        play(f, place);
}

static void drop(struct field *f, uint16_t gone)
{
    uint16_t before = f->before[gone], after = f->after[gone];
    hand_over(f->missed[gone], point(f, before));
    hand_over(f->missed[gone], point(f, after));
    f->after[before] = after; /* NONE has a place of its own in both */
    f->before[after] = before;
    f->missed[gone] = INFINITY;
    play_again(f, gone);
    if (before != NONE) {
        measure(f, before);
        play_again(f, before);
    }
    if (after != NONE) {
        measure(f, after);
        play_again(f, after);
    }
}

void thinning_to(struct ceiling *c, const struct slopes *slopes, size_t most)
{
    struct field f;
    drop_implied(c, slopes);
    if (c->count <= most)
        return;
    begin(&f, c, slopes);
    for (size_t left = c->count; left > most && isfinite(f.missed[f.winner[1]]); left--)
        drop(&f, f.winner[1]);
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++)
        if (isfinite(f.missed[i]))
            c->points[kept++] = c->points[i];
    c->count = kept;
}
