/* tare-node - the agent of a host or a guest: runs what its coordinator asks it to measure, and on a host
 * keeps its guests. */
#include "agent/agent_main.h"
#include "command/command.h"
#include "services.h"
#include "workloads/workloads.h"

int main(int argc, char **argv)
{
    struct services services = { .trees = NULL };
    const struct agent_service service = services_of(&services);
    const struct agent agent = { .program = "node",
                                 .doc = "the agent of a host or a guest",
                                 .text = AGENT_TEXT,
                                 .workloads = WORKLOADS,
                                 .service = &service };
    return command_finish(agent_main(argc, argv, &agent));
}
