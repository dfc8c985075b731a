/* override.h - `--set path=value`: change a scenario's tree before it is checked.
 *
 *     repeats=5    start.tolerance=50us    steps.send.length=2s    nodes.peer.role=peer
 *
 * A path goes from key to key; a step and a node go by their names. What is set is YAML, so
 * `steps.send.on=[host, guest]` is a list. It replaces what stood there, or is added; a mapping on
 * the way that is not there is made, but not a node or a step, whose name is rather a slip then.
 */
#ifndef TARE_OVERRIDE_H
#define TARE_OVERRIDE_H

#include "base/err.h"
#include "scenario/yaml.h"

enum { OVERRIDES_MAX = 100 };

/* What `--set` was given, in its order; NULL-ended, as scenario_load_with takes it. */
struct overrides {
    const char *list[OVERRIDES_MAX + 1];
};

/* Its row in a table of options (command.h). */
#define OVERRIDE_OPTION                                                       \
    {                                                                         \
        .name = "set", .kind = ARGUMENT_TEXT, .argument = "PATH=VALUE",       \
        .doc = "change the scenario before it is checked, as in repeats=5, "  \
               "start.tolerance=50us or steps.send.length=2s; VALUE is YAML", \
        .is_repeatable = true                                                 \
    }

/* Keep one more; `argument` is borrowed. */
MUST_CHECK bool overrides_add(struct overrides *overrides, const char *argument, struct err *e);

/* Apply "path=value". What is wrong with it is told in `diags` as that of "--set path=value", and so
 * is what the checks of the tree find wrong with its values. */
void override_apply(struct yaml_tree *tree, const char *argument, struct diags *diags);

#endif
