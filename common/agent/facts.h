/* facts.h - what an agent tells of its machine and of what it can run. */
#ifndef TARE_FACTS_H
#define TARE_FACTS_H

#include "agent/agent_main.h"
#include "base/err.h"
#include "wire/message.h"

/* The kernel's id of this boot: nodes with the same one share a machine. "" where it is not told. */
void facts_boot_id(char *boot_id, size_t size);

/* The message FACTS. */
MUST_CHECK bool facts_collect(const struct agent *agent, struct message *m, struct err *e);

#endif
