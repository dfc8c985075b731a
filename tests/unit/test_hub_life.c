/* How long a node is there, and how a hub ends; with other processes, which are this program with other arguments. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "hub_world.h"

static void the_heartbeat_tells_the_round_trip(void **state)
{
    struct world *w = *state;
    static struct client a;
    join(w, &a, "a");
    EVENTUALLY(w, node_of(w, "a")->rtt_ns > 0);
    assert_true(node_of(w, "a")->rtt_ns < CLOCK_NS_PER_S);
    int before = a.received[MESSAGE_PING];
    pass(w, 1100);
    assert_in_range(a.received[MESSAGE_PING] - before, 1, 3); /* one a second */
    hub_set_armed(w->hub, node_of(w, "a"), true);
    before = a.received[MESSAGE_PING];
    pass(w, 500);
    assert_in_range(a.received[MESSAGE_PING] - before, 2, 6); /* five a second */
    assert_int_equal(w->lost, 0);
}

static void silence_is_a_loss_sooner_when_armed(void **state)
{
    struct world *w = *state;
    static struct client silent, armed, good;
    join(w, &good, "good");
    join(w, &silent, "silent");
    join(w, &armed, "armed");
    pass(w, 50);
    silent.is_mute = armed.is_mute = true;
    hub_set_armed(w->hub, node_of(w, "armed"), true);
    int64_t begin = clock_mono_ns();
    EVENTUALLY(w, w->lost == 1);
    assert_ptr_equal(w->last_lost, node_of(w, "armed"));
    assert_in_range(clock_mono_ns() - begin, clock_ms(ROSTER_ARMED_DEAD_MS - 300), clock_ms(ROSTER_DEAD_MS - 1100));
    EVENTUALLY(w, w->lost == 2);
    assert_ptr_equal(w->last_lost, node_of(w, "silent"));
    assert_true(clock_mono_ns() - begin >= clock_ms(ROSTER_DEAD_MS - 1100)); /* it was last heard a PING before */
    assert_true(node_of(w, "good")->is_joined);
    works(w, &good);
    /* One that was lost comes back with its next HELLO. */
    silent.is_mute = false;
    say_hello(&silent);
    EVENTUALLY(w, silent.received[MESSAGE_WELCOME] == 2);
    say_facts(&silent);
    EVENTUALLY(w, w->joined == 4);
    works(w, &silent);
}

static void a_signal_comes_as_an_event(void **state)
{
    struct world *w = *state;
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    EVENTUALLY(w, w->signals == 1);
}

static pid_t spawn(const char *const arguments[], int *out)
{
    extern char **environ;
    int ends[2];
    pid_t child;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    assert_int_equal(
        posix_spawn(&child, "/proc/self/exe", &actions, NULL, (char *const *)(uintptr_t)arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    *out = ends[0];
    return child;
}

static const char *text_of(int fd, pid_t child)
{
    static char text[1024];
    size_t used = 0;
    for (ssize_t n; used < sizeof text - 1 && (n = read(fd, text + used, sizeof text - 1 - used)) > 0;)
        used += (size_t)n;
    text[used] = '\0';
    close(fd);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return text;
}

static int second_hub(const char *directory, const char *port)
{
    struct keyring *keyring = NULL;
    struct hub *hub = NULL;
    struct err e = { 0 };
    bool ok = keyring_open(directory, &keyring, &e) && hub_open(keyring, (unsigned)strtoul(port, NULL, 10), &hub, &e);
    printf("%s", ok ? "opened" : e.text);
    hub_close(&hub, NULL);
    keyring_close(&keyring);
    return 0;
}

static void a_second_hub_on_the_port_says_that_it_is_in_use(void **state)
{
    struct world *w = *state;
    char port[16];
    int out;
    snprintf(port, sizeof port, "%u", w->port);
    pid_t child = spawn((const char *const[]){ "test_hub_life", "second-hub", w->directory, port, NULL }, &out);
    const char *said = text_of(out, child);
    if (!strstr(said, port) || !strstr(said, "is in use: another `tare run` or program has the port"))
        fail_msg("says '%s'", said);
    static struct client a;
    join(w, &a, "a"); /* the first one goes on */
}

/* A client of its own process: joins and tells what BYE it gets. */
static int lone_client(const char *path)
{
    struct world w = { 0 };
    struct client c = { .instance = "1" };
    struct err e = { 0 };
    if (!channel_start(&e) || !invite_read(path, &c.invite, &e)) {
        printf("%s", e.text);
        return 1;
    }
    dial(&w, &c);
    say_hello(&c);
    bool is_over = false;
    for (int64_t end = clock_mono_ns() + clock_ms(10000); !is_over && clock_mono_ns() < end;) {
        static struct message m;
        struct channel_frame frame;
        while (!is_over && channel_receive(c.dealer, false, &frame)) {
            if (!channel_frame_decode(&frame, &m, &e))
                printf("%s", e.text);
            channel_frame_close(&frame);
            if (m.type == MESSAGE_WELCOME)
                say_facts(&c);
            if (m.type == MESSAGE_BYE)
                printf("%s", m.bye.reason);
            is_over = m.type == MESSAGE_BYE;
        }
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(1));
    }
    hang_up(&w, &c);
    return 0;
}

static void a_hub_that_closes_says_goodbye(void **state)
{
    struct world *w = *state;
    static struct client a;
    struct err e = { 0 };
    char path[512];
    int out;
    invite(w, &a, "a");
    snprintf(path, sizeof path, "%s/invite", (const char *)w->directory);
    assert_true(invite_write(path, &a.invite, &e));
    pid_t child = spawn((const char *const[]){ "test_hub_life", "lone-client", path, NULL }, &out);
    EVENTUALLY(w, w->joined == 1);
    hub_close(&w->hub, "all is measured");
    assert_null(w->hub);
    assert_string_equal(text_of(out, child), "all is measured");
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "second-hub") == 0)
        return second_hub(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "lone-client") == 0)
        return lone_client(argv[2]);
    const struct CMUnitTest tests[] = {
        WITH_HUB(the_heartbeat_tells_the_round_trip), WITH_HUB(silence_is_a_loss_sooner_when_armed),
        WITH_HUB(a_signal_comes_as_an_event),         WITH_HUB(a_second_hub_on_the_port_says_that_it_is_in_use),
        WITH_HUB(a_hub_that_closes_says_goodbye),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
