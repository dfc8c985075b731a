/* tare-node - the agent of a host or a guest: runs what its coordinator asks it to measure. */
#include "agent/agent_main.h"
#include "command/command.h"
#include "workloads/workloads.h"

int main(int argc, char **argv)
{
    static const struct agent AGENT = {
        .program = "node", .doc = "the agent of a host or a guest", .text = AGENT_TEXT, .workloads = WORKLOADS
    };
    return command_finish(agent_main(argc, argv, &AGENT));
}
