#include "kernel_build.h"

#include <gnu/libc-version.h>

#include "base/text.h"

#ifdef __clang__
#define COMPILER __VERSION__ /* names itself */
#else
#define COMPILER "GCC " __VERSION__
#endif

const char *kernel_build(char *out, size_t size)
{
    out[0] = '\0';
    text_append(out, size, "%s, %s, glibc %s", COMPILER, KERNEL_FLAGS, gnu_get_libc_version());
    return out;
}
