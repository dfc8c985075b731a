/* notes.h - what there is to be said about single trials, in sentences: what was flagged, ended
 * early, started badly and was repeated, or was a warm-up. What several trials share is said once.
 */
#ifndef TARE_NOTES_H
#define TARE_NOTES_H

#include "base/err.h"
#include "result/model.h"

struct note {
    char trials[96]; /* "2, 4-6": numbers from 1, in the order in which the trials ran; clean */
    char text[768];  /* "stream, guest: noisy: steal 3.1 % over 1 %"; clean */
    /* While notes are collected: */
    int first, last; /* the run of numbers at the end of `trials` */
};

struct notes {
    struct note *list; /* in the order of their first trial */
    size_t count;
};

MUST_CHECK bool notes_of(const struct run *run, struct notes **notes, struct err *e);
void notes_destroy(struct notes **notes);

#endif
