/* facts.h - the fingerprints of a run's nodes, read once for whoever judges by them.
 *
 * They come from other machines: what is not there or of another kind is not known, never an error.
 */
#ifndef TARE_RESULT_FACTS_H
#define TARE_RESULT_FACTS_H

#include <jansson.h>

#include "base/err.h"
#include "result/model.h"

struct facts;

/* Beside what a fingerprint says: the versions of the node's agent and of the coordinator. */
#define FACT_AGENT "agent"
#define FACT_COORDINATOR "coordinator"

/* Borrows from `run`, which must outlive it. */
MUST_CHECK bool facts_of(const struct run *run, struct facts **facts, struct err *e);
void facts_destroy(struct facts **facts);

/* The fact `key` of a node, NULL where it is not known. */
const json_t *facts_get(const struct facts *facts, const char *node, const char *key);

/* As text and as number; NULL and `otherwise` where it is not known, or of another kind. */
const char *facts_text(const struct facts *facts, const char *node, const char *key);
json_int_t facts_int(const struct facts *facts, const char *node, const char *key, json_int_t otherwise);

/* How many CPUs the node's agent may use, from its list "0-3,8"; 0 where it is not known. */
int facts_cpus(const struct facts *facts, const char *node);

/* The host of a guest: the one that the scenario names, else the run's only one; NULL without. */
const char *facts_host_of(const struct run *run, const char *guest);

#endif
