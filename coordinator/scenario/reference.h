/* reference.h - what a scenario may say, part by part, from the tables that read it. */
#ifndef TARE_REFERENCE_H
#define TARE_REFERENCE_H

#include <stdbool.h>
#include <stdio.h>

#define REFERENCE_PARTS "scenario|nodes|built_in|steps|start|limits|repeats|compare"

/* Print the part `name`, one of REFERENCE_PARTS, or all of them where it is NULL. */
void reference_print(const char *name, FILE *to);

/* Whether the part `name` tells the key `key`. */
bool reference_has(const char *name, const char *key);

#endif
