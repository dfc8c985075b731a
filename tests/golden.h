/* golden.h - compare a text with the file that says how it should look.
 *
 * TARE_GOLDEN_UPDATE=1 writes the files anew; read the difference in git before you commit it.
 */
#ifndef TARE_GOLDEN_H
#define TARE_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fail the cmocka test when `text` differs from tests/golden/NAME; NAME has its folder: "report/table-80". */
static inline void golden_check(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/golden/%s", TESTS_DIR, name);
    const char *update = getenv("TARE_GOLDEN_UPDATE");
    if (update && strcmp(update, "1") == 0) {
        FILE *file = fopen(path, "w");
        if (!file || fputs(text, file) < 0 || fclose(file) != 0)
            fail_msg("%s cannot be written", path);
        return;
    }
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s is not there; TARE_GOLDEN_UPDATE=1 makes it", path);
    static char expected[1 << 20];
    size_t size = fread(expected, 1, sizeof expected - 1, file);
    fclose(file);
    expected[size] = '\0';
    if (strcmp(text, expected) == 0)
        return;
    /* The first line that differs says more than two whole texts. */
    size_t at = 0, line = 1, begin = 0;
    for (; text[at] == expected[at]; at++)
        if (text[at] == '\n') {
            line++;
            begin = at + 1;
        }
    fail_msg("%s:%zu\n  expected: %.*s\n  got:      %.*s\nTARE_GOLDEN_UPDATE=1 takes the new text over", path, line,
             (int)strcspn(expected + begin, "\n"), expected + begin, (int)strcspn(text + begin, "\n"), text + begin);
}

#endif
