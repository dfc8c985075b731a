/* tare-netserver - the agent of the third machine, against which nodes measure the network. */
#include "agent/agent_main.h"
#include "command/command.h"
#include "netserver.h"

int main(int argc, char **argv)
{
    static const struct workload *const SERVED[] = { &NETSERVER_NET_STREAM, NULL };
    static const struct agent AGENT = { .program = "netserver",
                                        .doc = "the agent of the peer, against which nodes measure the network",
                                        .workloads = SERVED };
    return command_finish(agent_main(argc, argv, &AGENT));
}
