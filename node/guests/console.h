/* console.h - what a guest has written on its serial line. */
#ifndef TARE_CONSOLE_H
#define TARE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

/* init.sh has done its part, and the agent begins. */
bool console_says_up(int fd);

/* Its last lines, joined by " | ", without what a terminal would obey. "" for none. */
void console_tail(int fd, char *text, size_t size);

#endif
