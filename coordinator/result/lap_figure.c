#include "lap_figure.h"

#include <string.h>

#include "base/text.h"
#include "catalogue/cpu_test.h"
#include "catalogue/file_method.h"

static bool ends_in(const char *name, const char *end)
{
    size_t length = strlen(name), own = strlen(end);
    return length > own && strcmp(name + length - own, end) == 0;
}

/* Of "random_read", "random_read/64MiB/64KiB"; NULL for no method. */
static const struct file_method_info *method_of(const char *name)
{
    size_t length = strcspn(name, "/");
    for (int i = 0; i < FILE_METHOD_COUNT; i++)
        if (strlen(FILE_METHOD_TABLE[i].name) == length && strncmp(FILE_METHOD_TABLE[i].name, name, length) == 0)
            return &FILE_METHOD_TABLE[i];
    return NULL;
}

bool lap_figure_writes(const char *name)
{
    const struct file_method_info *method = method_of(name);
    return method && method->writes;
}

static bool file_figure(const char *name, const char *unit, struct lap_figure *f)
{
    const struct file_method_info *method = method_of(name);
    if (strcmp(unit, "s/GB") == 0) {
        *f = (struct lap_figure){ .weight = LAP_DETAIL };
        return true;
    }
    if (!method || strcmp(unit, "B/s") != 0)
        return false;
    *f = (struct lap_figure){ LAP_MEMBER, true, method->writes ? "writes" : "reads" };
    return true;
}

static bool cpu_figure(const char *name, const char *unit, struct lap_figure *f)
{
    for (int i = 0; i < CPU_TEST_COUNT; i++)
        if (strcmp(CPU_TEST_TABLE[i].name, name) == 0) {
            *f = (struct lap_figure){ LAP_MEMBER, true, NULL };
            return true;
        }
    for (int i = 0; i < CPU_INDEX_COUNT && strcmp(unit, "1") == 0; i++) {
        size_t length = strlen(CPU_INDEX_NAMES[i]);
        if (strncmp(name, CPU_INDEX_NAMES[i], length) != 0 || name[length] != '_')
            continue;
        for (int base = 0; base < CPU_BASE_COUNT; base++)
            if (strcmp(name + length + 1, CPU_BASE_NAMES[base]) == 0) {
                *f = (struct lap_figure){ base == CPU_BASE_K6 ? LAP_HEADLINE : LAP_DETAIL, true, NULL };
                return true;
            }
    }
    return false;
}

static bool micro_figure(const char *name, const char *unit, struct lap_figure *f)
{
    if (strcmp(unit, "s") != 0)
        return false;
    *f = (struct lap_figure){ .weight = LAP_DETAIL };
    if (ends_in(name, "_p50"))
        *f = (struct lap_figure){ LAP_MEMBER, false, "operations" };
    return true;
}

static bool compile_figure(const char *name, const char *unit, struct lap_figure *f)
{
    static const char *const TIMES[] = { "real", "user", "sys" };
    for (size_t i = 0; i < ARRAY_SIZE(TIMES) && strcmp(unit, "s") == 0; i++)
        if (strcmp(name, TIMES[i]) == 0) {
            *f = (struct lap_figure){ i == 0 ? LAP_HEADLINE : LAP_MEMBER, false, NULL };
            return true;
        }
    return false;
}

bool lap_figure_of(const struct workload_info *workload, const char *name, const char *unit, struct lap_figure *figure)
{
    static const struct {
        const char *workload;
        bool (*of)(const char *name, const char *unit, struct lap_figure *figure);
    } KINDS[] = {
        { "file_io", file_figure }, { "cpu", cpu_figure }, { "micro", micro_figure }, { "compile", compile_figure }
    };
    for (size_t i = 0; i < ARRAY_SIZE(KINDS); i++)
        if (strcmp(KINDS[i].workload, workload->name) == 0)
            return KINDS[i].of(name, unit, figure);
    return false;
}
