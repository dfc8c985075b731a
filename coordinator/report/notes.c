#include "notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/print.h"
#include "result/summary.h"

/* The number of a trial goes behind those that say the same: "1", "1, 2", "1-3", "1-3, 5". */
static void add_number(struct note *note, int number)
{
    enum { ROOM = 16 }; /* for one more number and ", ..." */
    if (number == note->last || strlen(note->trials) + ROOM > sizeof note->trials) {
        if (number != note->last && !strstr(note->trials, "..."))
            text_append(note->trials, sizeof note->trials, ", ...");
        return;
    }
    bool goes_on = note->last != 0 && number == note->last + 1;
    if (goes_on && note->first != note->last)
        *strrchr(note->trials, '-') = '\0'; /* "4-6" becomes "4-7" */
    if (!goes_on)
        note->first = number;
    text_append(note->trials, sizeof note->trials, "%s%d", goes_on ? "-" : note->last ? ", " : "", number);
    note->last = number;
}

static bool add(struct notes *notes, int number, const char *text)
{
    size_t at = 0;
    while (at < notes->count && strcmp(notes->list[at].text, text) != 0)
        at++;
    if (at == notes->count) {
        struct note *list = reallocarray(notes->list, notes->count + 1, sizeof *list);
        if (!list)
            return false;
        notes->list = list;
        list[notes->count++] = (struct note){ 0 };
        text_copy(list[at].text, sizeof list[at].text, text);
    }
    add_number(&notes->list[at], number);
    return true;
}

/* "stream, guest: " or "stream: " */
static void begin(char *line, size_t size, const struct run *run, const struct trial *trial, int stream)
{
    char step[MODEL_STEP], node[MODEL_NAME];
    snprintf(line, size, "%s", print_clean(run->steps[trial->step].name, step, sizeof step));
    if (stream >= 0)
        text_append(line, size, ", %s", print_clean(trial->streams[stream].node, node, sizeof node));
    text_append(line, size, ": ");
}

/* The nodes under test, since a trial of a paired block is that of one of them. */
static void append_loads(char *line, size_t size, const struct trial *trial)
{
    const char *before = "";
    for (size_t i = 0; i < trial->stream_count; i++) {
        char node[MODEL_NAME];
        if (trial->streams[i].role != STREAM_LOAD)
            continue;
        text_append(line, size, "%s%s", before, print_clean(trial->streams[i].node, node, sizeof node));
        before = ", ";
    }
    if (*before)
        text_append(line, size, ": ");
}

static bool add_fate(struct notes *notes, const struct run *run, const struct trial *trial, int number)
{
    char line[sizeof notes->list->text], text[MODEL_TEXT];
    begin(line, sizeof line, run, trial, -1);
    append_loads(line, sizeof line, trial);
    size_t prefix = strlen(line);
    bool ok = true;
    if (trial->kind == TRIAL_WARMUP_KIND) {
        text_append(line, sizeof line, "warm-up, in no figure above");
        ok = add(notes, number, line);
    } else if (!summary_counts(run, trial) && !trial->partial) {
        text_append(line, sizeof line, "repeated, in no figure above: its start was %s", verdict_name(trial->verdict));
        if (trial->late[0])
            text_append(line, sizeof line, " (%s)", print_clean(trial->late, text, sizeof text));
        ok = add(notes, number, line);
    }
    line[prefix] = '\0';
    if (ok && trial->partial) {
        text_append(line, sizeof line, "ended early, in no figure above: %s",
                    print_clean(trial->why[0] ? trial->why : "nobody knows why", text, sizeof text));
        ok = add(notes, number, line);
    }
    return ok;
}

bool notes_of(const struct run *run, struct notes **notes, struct err *e)
{
    struct notes *made = calloc(1, sizeof *made);
    bool ok = made != NULL;
    for (size_t i = 0; ok && i < run->trial_count; i++) {
        const struct trial *trial = &run->trials[i];
        int number = trial->order + 1;
        bool is_left_out = !trial->partial && summary_counts(run, trial) && !summary_uses(run, trial);
        ok = add_fate(made, run, trial, number);
        for (size_t f = 0; ok && f < trial->flag_count; f++) {
            const struct flag *flag = &trial->flags[f];
            char line[sizeof made->list->text], kind[sizeof flag->kind], text[MODEL_TEXT];
            begin(line, sizeof line, run, trial, flag->stream);
            text_append(line, sizeof line, "%s%s: %s", print_clean(flag->kind, kind, sizeof kind),
                        is_left_out && flag == summary_disturbance(trial) ? ", in no figure above" : "",
                        print_clean(flag->text, text, sizeof text));
            ok = add(made, number, line);
        }
    }
    if (!ok) {
        notes_destroy(&made);
        return err_set(e, ERR_INTERNAL, "out of memory for the notes");
    }
    *notes = made;
    return true;
}

void notes_destroy(struct notes **notes)
{
    if (!notes || !*notes)
        return;
    free((*notes)->list);
    free(*notes);
    *notes = NULL;
}
