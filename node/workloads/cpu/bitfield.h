/* bitfield.h - a map of bits, worked on one bit at a time. */
#ifndef TARE_BITFIELD_H
#define TARE_BITFIELD_H

#include <stddef.h>
#include <stdint.h>

enum bitfield_operation { BITFIELD_SET, BITFIELD_CLEAR, BITFIELD_FLIP, BITFIELD_OPERATION_COUNT };

/* Bit i is bit i % 32 of word i / 32. */
void bitfield_run(uint32_t *words, enum bitfield_operation operation, size_t first, size_t count);

/* The same by whole words: what the first one is checked against. */
void bitfield_run_words(uint32_t *words, enum bitfield_operation operation, size_t first, size_t count);

#endif
