/* tare - what a virtual machine costs, measured. */
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_errno.h>

#include "commands.h"

int main(int argc, char **argv)
{
    gsl_set_error_handler_off(); /* which ends the program; a number that cannot be had is NaN */
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        printf("tare %s\n", TARE_VERSION);
        return command_finish(0);
    }
    return command_finish(command_run(&tare_root, argc, argv));
}
