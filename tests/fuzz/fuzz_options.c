/* The options of a workload as an agent gets them: refused with a reason and nothing touched, or
 * read to values that travel on unchanged. The first byte chooses the workload. */
#include <string.h>

#include "catalogue/catalogue.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t workloads = 0;
    while (catalogue_entry(workloads))
        workloads++;
    if (size == 0 || workloads == 0)
        return 0;
    const struct schema *schema = catalogue_entry(data[0] % workloads)->options;
    char *text = calloc(1, size), packed[4096], again[4096];
    unsigned char *object = malloc(schema->size);
    FUZZ_REQUIRE(text && object);
    memcpy(text, data + 1, size - 1);
    memset(object, 0xa5, schema->size);
    struct err e = { 0 };
    if (!schema_unpack(schema, text, object, &e)) {
        FUZZ_REQUIRE(*e.text);
        for (size_t i = 0; i < schema->size; i++)
            FUZZ_REQUIRE(object[i] == 0xa5);
    } else {
        FUZZ_REQUIRE(schema_pack(schema, object, packed, sizeof packed, &e));
        FUZZ_REQUIRE(schema_unpack(schema, packed, object, &e));
        FUZZ_REQUIRE(schema_pack(schema, object, again, sizeof again, &e));
        FUZZ_REQUIRE(strcmp(packed, again) == 0);
    }
    free(object);
    free(text);
    return 0;
}
