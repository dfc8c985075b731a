#ifndef TARE_CMD_LAB_H
#define TARE_CMD_LAB_H

/* `tare lab ...`; argv[0] is "lab". Returns the exit code. */
int cmd_lab(int argc, char **argv);

#endif
