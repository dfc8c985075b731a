/* cmd.h - the commands: each gets its own arguments, argv[0] being its name, and gives the exit code. */
#ifndef TARE_CMD_H
#define TARE_CMD_H

int cmd_list(int argc, char **argv);
int cmd_show(int argc, char **argv);

#endif
