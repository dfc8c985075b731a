/* tap.h - somebody who reads along with a live view: `line` gets each line as text, without its end.
 * It must not wait. */
#ifndef TARE_LIVE_TAP_H
#define TARE_LIVE_TAP_H

struct live_tap {
    void (*line)(void *context, const char *line);
    void *context;
};

#endif
