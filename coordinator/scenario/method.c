#include "method.h"

#include "base/text.h"
#include "scenario/keys.h"

enum { BLOCKS_LEAST = 3 }; /* of which an interval can be made */

struct number {
    int64_t repeats;
};

struct rule {
    int64_t least, most, until; /* `until` in millionths */
};

struct order {
    int order;
    int64_t seed;
};

/* clang-format off */
static const struct field NUMBER_FIELDS[] = {
    { .key = "repeats", .kind = FIELD_INT, .offset = offsetof(struct number, repeats), .min = 1, .max = 1000, .fallback = "1",
      .doc = "how often all steps are run, 1 to 1000" },
};
static const struct field RULE_FIELDS[] = {
    { .key = "min", .kind = FIELD_INT, .offset = offsetof(struct rule, least), .min = BLOCKS_LEAST, .max = 1000, .fallback = "5",
      .doc = "rounds at least, 3 to 1000" },
    { .key = "max", .kind = FIELD_INT, .offset = offsetof(struct rule, most), .min = BLOCKS_LEAST, .max = 1000, .fallback = "30",
      .doc = "rounds at most, 3 to 1000" },
    { .key = "until", .kind = FIELD_PERCENT, .offset = offsetof(struct rule, until), .min = 100, .max = 500000,
      .doc = "half the width of the ratio's interval at which a step is known well enough, as in 3%" },
};
static const struct field ORDER_FIELDS[] = {
    { .key = "order", .kind = FIELD_CHOICE, .offset = offsetof(struct order, order), .choices = BLOCK_ORDERS, .fallback = "written",
      .doc = "of the nodes within a block: as written, at random, or to and fro" },
    { .key = "seed", .kind = FIELD_INT, .offset = offsetof(struct order, seed), .min = 0, .max = INT64_MAX, .fallback = "0",
      .doc = "of what is random; 0: another one in each run" },
};
/* clang-format on */

#define SCHEMA(name, fields, type)                     \
    {                                                  \
        name, fields, ARRAY_SIZE(fields), sizeof(type) \
    }
const struct schema SCENARIO_REPEATS = SCHEMA("repeats", NUMBER_FIELDS, struct number);
const struct schema SCENARIO_UNTIL = SCHEMA("repeats", RULE_FIELDS, struct rule);
const struct schema SCENARIO_ORDER = SCHEMA("scenario", ORDER_FIELDS, struct order);
static const struct schema NOTHING = { "", NULL, 0, 0 };

/* `repeats: {min: 5, max: 30, until: 3%}` */
static void read_rule(const struct reader *r, const struct yaml_value *value)
{
    static const struct reader_keys KEYS = { .fields = &SCENARIO_UNTIL, .others = "", .later = "" };
    struct rule rule;
    reader_check_keys(r, value, &KEYS);
    if (!reader_fields(r, value, &SCENARIO_UNTIL, &rule))
        return;
    if (rule.least > rule.most)
        READER_SAY(r, value, "repeats: min is %lld and max %lld: turn them round", (long long)rule.least,
                   (long long)rule.most);
    r->scenario->repeats = (int)rule.most;
    r->scenario->repeats_least = (int)rule.least;
    r->scenario->until = (double)rule.until / 1e6;
}

void method_read_repeats(const struct reader *r, const struct yaml_value *root)
{
    const struct yaml_value *repeats = yaml_get(root, "repeats");
    struct number number = { 1 };
    struct order order;
    r->scenario->repeats = 1;
    if (repeats && !repeats->broken && repeats->kind == YAML_MAP) {
        read_rule(r, repeats);
    } else {
        reader_fields(r, root, &SCENARIO_REPEATS, &number);
        r->scenario->repeats = r->scenario->repeats_least = (int)number.repeats;
    }
    reader_fields(r, root, &SCENARIO_ORDER, &order);
    r->scenario->order = (enum block_order)order.order;
    r->scenario->seed = (uint64_t)order.seed;
}

/* Whether any step measures both nodes. */
static bool is_comparable(const struct scenario *s, int a, int b)
{
    for (size_t i = 0; i < s->step_count; i++) {
        bool has_a = false, has_b = false;
        for (size_t k = 0; k < s->steps[i].on_count; k++) {
            has_a |= s->steps[i].on[k] == a;
            has_b |= s->steps[i].on[k] == b;
        }
        if (has_a && has_b)
            return true;
    }
    return false;
}

static void read_compare(const struct reader *r, const struct yaml_value *value)
{
    static const struct reader_keys KEYS = { .fields = &NOTHING, .others = "base|with", .later = "" };
    struct scenario *s = r->scenario;
    if (!reader_map(r, value, "compare", "{base: host, with: [guest]}"))
        return;
    reader_check_keys(r, value, &KEYS);
    const struct yaml_value *base = yaml_get(value, "base"), *with = yaml_get(value, "with");
    if (!base)
        reader_missing(r, value, "base", "the node that the others are compared with");
    if (!with)
        reader_missing(r, value, "with", "the nodes to compare with the base, as in with: [guest]");
    int index = base ? reader_node(r, base, "base") : -1;
    if (base && index >= 0 && s->nodes[index].role == ROLE_PEER)
        READER_SAY(r, base, "base: '%s' is a peer: only hosts and guests are measured", s->nodes[index].name);
    s->compare.base = index;
    if (!with || !reader_nodes(r, with, "with", &s->compare.with, &s->compare.with_count) || index < 0)
        return;
    for (size_t i = 0; i < s->compare.with_count; i++) {
        int other = s->compare.with[i];
        const struct yaml_value *each = reader_place_of(r, with, other);
        if (other == index)
            READER_SAY(r, each, "with: '%s' is the base: compare it with another node", s->nodes[index].name);
        else if (diags_count(r->diags) == 0 && !is_comparable(s, index, other))
            READER_SAY(r, each, "with: no step measures both '%s' and '%s': add one, or leave '%s' out",
                       s->nodes[index].name, s->nodes[other].name, s->nodes[other].name);
    }
}

/* The only host; -1 where there is none, or several. */
static int only_host(const struct scenario *s)
{
    int host = -1;
    for (size_t i = 0; i < s->node_count; i++) {
        if (s->nodes[i].role != ROLE_HOST)
            continue;
        if (host >= 0)
            return -1;
        host = (int)i;
    }
    return host;
}

/* Whether anything is compared, by what `compare` says or by default. */
static bool is_any_compared(const struct scenario *s)
{
    int base = s->compare.base >= 0 ? s->compare.base : only_host(s);
    if (s->compare.with_count > 0) /* that a step has both is checked */
        return true;
    for (size_t i = 0; base >= 0 && i < s->node_count; i++)
        if ((int)i != base && is_comparable(s, base, (int)i))
            return true;
    return false;
}

void method_read_compare(const struct reader *r, const struct yaml_value *root)
{
    const struct yaml_value *compare = yaml_get(root, "compare"), *repeats = yaml_get(root, "repeats");
    if (compare)
        read_compare(r, compare);
    if (r->scenario->until > 0 && diags_count(r->diags) == 0 && !is_any_compared(r->scenario))
        READER_SAY(
            r, repeats,
            "until: no step measures two nodes that are compared: say compare: {base: NODE, with: [NODE]}, or give "
            "repeats a number");
}
