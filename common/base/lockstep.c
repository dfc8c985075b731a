#include "lockstep.h"

void lockstep_init(struct lockstep *l, uint32_t members)
{
    *l = (struct lockstep){ .members = members };
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->changed, NULL);
}

void lockstep_destroy(struct lockstep *l)
{
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
}

bool lockstep_wait(struct lockstep *l, void (*decide)(void *context), void *context)
{
    pthread_mutex_lock(&l->lock);
    uint32_t step = l->step;
    if (++l->arrived == l->members && !l->is_broken) {
        if (decide)
            decide(context);
        l->arrived = 0;
        l->step++;
        pthread_cond_broadcast(&l->changed);
    }
    while (l->step == step && !l->is_broken)
        pthread_cond_wait(&l->changed, &l->lock);
    bool goes_on = !l->is_broken;
    pthread_mutex_unlock(&l->lock);
    return goes_on;
}

void lockstep_break(struct lockstep *l)
{
    pthread_mutex_lock(&l->lock);
    l->is_broken = true;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}
