/* check.h - is this frame safe to give to msgpack-c?
 *
 * msgpack-c reserves what a container claims before it has seen the elements: the five bytes
 * dd 0f ff ff ff make it ask for gigabytes. So a frame from outside is walked first.
 */
#ifndef TARE_CHECK_H
#define TARE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

enum { CHECK_DEPTH_MAX = 8 };

/* True when the bytes are exactly one well-formed msgpack object of at most `size_max` bytes, at
 * most CHECK_DEPTH_MAX containers deep, whose containers claim no more elements than there are
 * bytes. Source: the msgpack specification's table of formats. Extension types are refused. */
bool frame_check(const unsigned char *frame, size_t size, size_t size_max);

#endif
