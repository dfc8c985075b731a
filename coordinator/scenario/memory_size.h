/* memory_size.h - sizes that a step gives in memories of its guest, as `file: 2x memory`: what is cached ends there.
 *
 * They become bytes before anything else is read, the same on all of the step's nodes: so many times the memory of the
 * largest built-in guest among those, in whole MiB, rounded up.
 */
#ifndef TARE_SCENARIO_MEMORY_SIZE_H
#define TARE_SCENARIO_MEMORY_SIZE_H

#include "scenario/reader.h"

/* The step `map` with such values of its `options`, in its matrix as well, as bytes; `map` itself where it has none.
 * The result lives as long as the tree. A size that cannot be known is told, and broken in the result. */
const struct yaml_value *memory_sizes(const struct reader *r, const struct yaml_value *map,
                                      const struct schema *options);

#endif
