/* The library as the conductor uses it: find a lab, enter the coordinator's port, start programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lab/lab.h"

enum { HOST = LAB_FIRST_NODE, PEER };

static struct lab *lab;
static char runtime_dir[] = "/tmp/tare-test-XXXXXX", tare[512];

static int run_tare(const char *what)
{
    char command[1024];
    snprintf(command, sizeof command, "'%s' lab %s 2>&1", tare, what);
    return system(command); // NOLINT(cert-env33-c): a command line of our own
}

static int bring_up(void **unused)
{
    (void)unused;
    struct err e;
    if (run_tare("up enter") != 0 || !lab_find(NULL, &lab, &e))
        return -1;
    return 0;
}

static int take_down(void **unused)
{
    (void)unused;
    struct err e;
    bool ok = lab_down(&lab, &e);
    if (!ok)
        print_error("%s\n", e.text);
    return ok ? 0 : -1;
}

static int listen_here(void)
{
    /* Not the port that the lab's own agents dial. */
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(5671) };
    inet_pton(AF_INET, "10.77.0.1", &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static pid_t spawn(int machine, const char *script, const char *log_path)
{
    char shell[] = "bash", option[] = "-c", text[256];
    snprintf(text, sizeof text, "%s", script);
    char *argv[] = { shell, option, text, NULL };
    struct err e;
    pid_t pid = -1;
    if (!lab_spawn(lab, machine, argv, log_path, &pid, &e))
        fail_msg("%s", e.text);
    return pid;
}

static int status_of(pid_t pid)
{
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void both_machines_reach_who_entered_the_coordinators_port(void **unused)
{
    (void)unused;
    struct err e;
    assert_string_equal(lab_name(lab), "enter");
    assert_string_equal(lab_endpoint(lab), "tcp://10.77.0.1:5670");
    if (!lab_enter(lab, LAB_COORDINATOR, &e))
        fail_msg("%s", e.text);
    int listener = listen_here();
    for (int machine = HOST; machine <= PEER; machine++) {
        pid_t pid = spawn(machine, "exec 3<>/dev/tcp/10.77.0.1/5671 && read -t 5 word <&3 && test $word = go", NULL);
        struct pollfd ready = { .fd = listener, .events = POLLIN };
        assert_int_equal(poll(&ready, 1, 5000), 1);
        int peer = accept(listener, NULL, NULL);
        assert_int_equal(write(peer, "go\n", 3), 3);
        assert_int_equal(status_of(pid), 0);
        close(peer);
    }
    close(listener);
}

static void status_and_signals_pass_through(void **unused)
{
    (void)unused;
    int status = status_of(spawn(HOST, "exit 42", NULL));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    pid_t pid = spawn(HOST, "exec sleep 1000", NULL);
    assert_int_equal(kill(pid, SIGTERM), 0);
    status = status_of(pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void output_goes_to_the_log(void **unused)
{
    (void)unused;
    char path[600], text[64] = "";
    snprintf(path, sizeof path, "%s/log", runtime_dir);
    assert_int_equal(status_of(spawn(PEER, "echo out; echo err >&2; cat", path)), 0); /* no stdin to wait for */
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof text - 1, file), 8);
    fclose(file);
    assert_string_equal(text, "out\nerr\n");
    unlink(path);
}

static void the_end_of_the_lab_is_seen(void **unused)
{
    (void)unused;
    struct err e;
    pid_t pid = spawn(HOST, "exec sleep 1000", NULL);
    struct pollfd watch = { .fd = lab_watch(lab), .events = POLLIN };
    assert_true(watch.fd >= 0);
    assert_int_equal(poll(&watch, 1, 0), 0);
    assert_int_equal(run_tare("down enter"), 0);
    assert_int_equal(poll(&watch, 1, 5000), 1);
    close(watch.fd);
    assert_false(lab_is_alive(lab));
    assert_int_equal(lab_watch(lab), -1);
    int status = status_of(pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_false(lab_enter(lab, LAB_COORDINATOR, &e));
    assert_non_null(strstr(e.text, "tare lab up enter"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_machines_reach_who_entered_the_coordinators_port),
        cmocka_unit_test(status_and_signals_pass_through),
        cmocka_unit_test(output_goes_to_the_log),
        cmocka_unit_test(the_end_of_the_lab_is_seen),
    };
    const char *bin = getenv("TARE_BIN");
    if (!bin || !mkdtemp(runtime_dir))
        return 1;
    snprintf(tare, sizeof tare, "%s/tare", bin);
    setenv("XDG_RUNTIME_DIR", runtime_dir, 1);
    if (run_tare("up probe") != 0) {
        puts("skip: no lab can be built here");
        rmdir(runtime_dir);
        return 77;
    }
    (void)!run_tare("down probe");
    int failed = cmocka_run_group_tests(tests, bring_up, take_down);
    char path[600];
    snprintf(path, sizeof path, "%s/tare", runtime_dir);
    rmdir(path);
    rmdir(runtime_dir);
    return failed;
}
