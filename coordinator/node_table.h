/* node_table.h - the nodes, as verbs_nodes tells them, for people. */
#ifndef TARE_NODE_TABLE_H
#define TARE_NODE_TABLE_H

#include <stdio.h>

#include <jansson.h>

/* A line a node under one of heads, in columns; "-" for what is not known. */
void node_table_print(const json_t *nodes, FILE *out);

#endif
