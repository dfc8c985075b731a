/* numeric_sort.h - heapsort of 32-bit integers (J. W. J. Williams 1964, bottom by R. W. Floyd 1964). */
#ifndef TARE_NUMERIC_SORT_H
#define TARE_NUMERIC_SORT_H

#include <stddef.h>
#include <stdint.h>

/* Into ascending order, in place. */
void numeric_sort(int32_t *numbers, size_t count);

#endif
