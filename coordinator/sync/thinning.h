/* thinning.h - make a ceiling (ceiling.h) do with fewer points, those that are missed least going first.
 *
 * PURE. What follows from its neighbours goes first, at no loss; then, one after the other, the point
 * whose absence raises the ceiling the least, at its own place or at that of any point dropped before
 * it. (Without the latter, a row of points would be eaten from one end, each a small loss against its
 * neighbour, until a great gap is left.) A point less can only raise the ceiling, so whatever goes, what
 * ceiling_at says stays true.
 */
#ifndef TARE_THINNING_H
#define TARE_THINNING_H

#include "sync/ceiling.h"

/* Leave at most `most` points, at least 1. O(n log n); so a quarter of them at a time costs each O(log n). */
void thinning_to(struct ceiling *ceiling, const struct slopes *slopes, size_t most);

#endif
