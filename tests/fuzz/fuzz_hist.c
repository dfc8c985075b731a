/* A packed histogram: refused, or one that packs to the same bytes and whose percentiles lie between its ends. */
#include "fuzz.h"

#include <string.h>

#include "stats/hist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hist h;
    static unsigned char again[HIST_PACKED_MAX];
    if (!hist_unpack(data, size, &h, NULL) || h.total == 0)
        return 0;
    FUZZ_REQUIRE(hist_pack(&h, again) == size && memcmp(again, data, size) == 0);
    double before = (double)h.least_ns;
    for (int p = 0; p <= 100; p++) {
        double value = hist_percentile(&h, p / 100.0);
        FUZZ_REQUIRE(value >= before && value <= (double)h.most_ns);
        before = value;
    }
    return 0;
}
