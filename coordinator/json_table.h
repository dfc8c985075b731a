/* json_table.h - objects of JSON as lines in columns, for people. */
#ifndef TARE_JSON_TABLE_H
#define TARE_JSON_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

struct json_column {
    const char *head, *key;
    void (*show)(const json_t *object, const char *key, char *out, size_t size);
};

/* A line an object of the array `rows` under one of heads. */
void json_table_print(const struct json_column *columns, size_t count, const json_t *rows, FILE *out);

/* For `show`: text, a number, a size in bytes, a time in ns; "-" for what is not known. */
void json_table_text(const json_t *object, const char *key, char *out, size_t size);
void json_table_number(const json_t *object, const char *key, char *out, size_t size);
void json_table_bytes(const json_t *object, const char *key, char *out, size_t size);
void json_table_ns(const json_t *object, const char *key, char *out, size_t size);

#endif
