/* columns.h - what the table of a run shows of each row of its summary. */
#ifndef TARE_COLUMNS_H
#define TARE_COLUMNS_H

#include "report/table.h"
#include "result/summary.h"

/* The rows of `summary`, which is borrowed. A cell that means nothing for what the row's workload does is
 * empty, so that a step's table has the columns of its workload; what is not known is "-". */
struct table columns_of(const struct summary *summary);

#endif
