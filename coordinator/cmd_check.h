/* cmd_check.h - `tare check FILE...`: what is wrong with a scenario, without running it. */
#ifndef TARE_CMD_CHECK_H
#define TARE_CMD_CHECK_H

/* argv[0] is "check". Mistakes go to stderr, a line for each good file to stdout. Returns the exit
 * code: 0, or ERR_USAGE when any file has a mistake. */
int cmd_check(int argc, char **argv);

#endif
