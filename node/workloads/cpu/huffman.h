/* huffman.h - a prefix code by frequency (D. A. Huffman 1952), written and read bit by bit. */
#ifndef TARE_HUFFMAN_H
#define TARE_HUFFMAN_H

#include <stddef.h>
#include <stdint.h>

enum { HUFFMAN_BYTES = 256, HUFFMAN_NODES = 2 * HUFFMAN_BYTES - 1, HUFFMAN_NONE = -1 };

/* The leaves first, by their byte. A node that is not in the tree has frequency 0. */
struct huffman {
    struct {
        uint32_t frequency;
        int16_t parent, left, right;
    } nodes[HUFFMAN_NODES];
    int16_t root;
};

/* The code of `text`, of at least one byte. One that holds a single kind of byte has a code of one bit. */
void huffman_build(struct huffman *code, const unsigned char *text, size_t size);

/* Write the code of `text`; returns the bits. They never take more than `size` bytes and one more, since
 * no code of at most 256 kinds of byte by their frequency is longer on the average than 8 bits. */
size_t huffman_encode(const struct huffman *code, const unsigned char *text, size_t size, unsigned char *bits);

/* Read `size` bytes from `bit_count` bits; returns how many were there. */
size_t huffman_decode(const struct huffman *code, const unsigned char *bits, size_t bit_count, unsigned char *text,
                      size_t size);

/* Build the code of `text`, write it to `bits` (size + 1 bytes) and read it back to `text`, so many times.
 * Returns the bits. */
size_t huffman_to_and_fro(struct huffman *code, unsigned char *text, size_t size, unsigned char *bits, int times);

#endif
