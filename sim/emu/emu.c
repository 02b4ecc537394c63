/* SPDX-License-Identifier: Apache-2.0
 * gantry-emu: runs a command that finds the Verilated accelerator through XRT. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emu.h"

enum {
    SESSIONS = 8,
    EXIT_USAGE = 2,
    EXIT_MISSING = 3,
    EXIT_NO_COMMAND = 127,
    KILOBYTE = 1 << 10,
    BANK_KILOBYTES = 4 << 20,
    SECOND_MS = 1000
};

struct launcher {
    struct emu_setup setup;
    struct emu_files files;
    char *const *command;
    bool check;
    pid_t child;
    int signals, control;
    struct emu_session sessions[SESSIONS];
    size_t count;
};

/* ---- Arguments ---- */

/* value NULL: there is none. */
static int bad(const char *what, const char *value)
{
    fprintf(stderr, "gantry-emu: %s%s%s%s\nhint: gantry-emu --help lists the options\n", what,
            value ? " (" : "", value ? value : "", value ? ")" : "");
    return EXIT_USAGE;
}

static int set_fault(struct launcher *launcher, const char *value)
{
    static const char *const names[] = {[EMU_FAULT_HANG] = "hang",
                                        [EMU_FAULT_STUCK] = "stuck",
                                        [EMU_FAULT_DIE] = "die",
                                        [EMU_FAULT_SPEC] = "spec-hash"};
    for (size_t i = EMU_FAULT_HANG; i < GANTRY_COUNT(names); i++)
        if (strcmp(value, names[i]) == 0) {
            launcher->setup.fault = (enum emu_fault)i;
            return 0;
        }
    return bad("unknown fault", value);
}

static int set_option(struct launcher *launcher, const char *name, const char *value)
{
    struct emu_setup *setup = &launcher->setup;
    if (strcmp(name, "--fault") == 0) return set_fault(launcher, value);
    if (strcmp(name, "--memory") == 0) {
        setup->preset = gantry_ddr_preset_named(value);
        return setup->preset ? 0 : bad("unknown memory model", value);
    }
    if (strcmp(name, "--config") == 0) {
        setup->core = NULL;
        for (size_t i = 0; gantry_sim_cores[i]; i++)
            if (strcmp(gantry_sim_cores[i]->config, value) == 0) setup->core = gantry_sim_cores[i];
        return setup->core ? 0 : bad("unknown configuration", value);
    }
    if (strcmp(name, "--bank") == 0) {
        char *end;
        unsigned long kilobytes = strtoul(value, &end, 10);
        if (*end || kilobytes < 4 || kilobytes > BANK_KILOBYTES)
            return bad("--bank: not a size from 4 to 4194304", value);
        setup->bank_bytes = (uint64_t)kilobytes * KILOBYTE;
        return 0;
    }
    return bad("unknown option", name);
}

/* 0: go on with the command; else the exit code + 1. */
static int parse(struct launcher *launcher, int count, char **words)
{
    int at = 1;
    launcher->setup = (struct emu_setup){gantry_sim_cores[0], gantry_ddr_preset_named("kv260"),
                                         EMU_FAULT_NONE, (uint64_t)BANK_KILOBYTES * KILOBYTE};
    for (; at < count && strncmp(words[at], "--", 2) == 0; at++) {
        if (strcmp(words[at], "--help") == 0) {
            emu_help(stdout);
            return 1;
        }
        if (strcmp(words[at], "--manual") == 0) { /* for the build */
            emu_manual(stdout);
            return 1;
        }
        if (strcmp(words[at], "--check") == 0) {
            launcher->check = true;
            return 0;
        }
        if (strcmp(words[at], "--attach") == 0 && at + 1 < count)
            return emu_attach(words[at + 1]) + 1;
        if (at + 1 >= count) return bad("no value", words[at]) + 1;
        int code = set_option(launcher, words[at], words[at + 1]);
        if (code) return code + 1;
        at++;
    }
    if (at >= count) return bad("no command given", NULL) + 1;
    launcher->command = words + at;
    return 0;
}

/* ---- The command ---- */

/* The driver kills its process group when it crashes: the command gets one of its own. */
static bool start(struct launcher *launcher, const sigset_t *old)
{
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    launcher->child = fork();
    if (launcher->child != 0) return launcher->child > 0;
    (void)setsid();
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)sigprocmask(SIG_SETMASK, old, NULL);
    if (!emu_files_environment(&launcher->files)) _exit(EXIT_NO_COMMAND);
    (void)execvp(launcher->command[0], launcher->command);
    fprintf(stderr, "gantry-emu: %s: %s\n", launcher->command[0], strerror(errno));
    _exit(EXIT_NO_COMMAND);
}

static void take_session(struct launcher *launcher)
{
    int calls, other;
    if (!emu_attach_take(launcher->control, &calls, &other)) return;
    if (launcher->count == SESSIONS) {
        fprintf(stderr, "gantry-emu: too many devices are open (limit %d)\n", SESSIONS);
        (void)close(calls);
        (void)close(other);
        return;
    }
    struct emu_session *session = &launcher->sessions[launcher->count++];
    if (!emu_session_open(session, &launcher->setup, calls, other))
        fprintf(stderr, "gantry-emu: the RTL cannot be started\n");
}

static void end_session(struct launcher *launcher, size_t index)
{
    emu_session_close(&launcher->sessions[index]);
    launcher->sessions[index] = launcher->sessions[--launcher->count];
}

/* Exit code of the command when it has ended, else -1. Other children are orphans of it. */
static int take_signal(struct launcher *launcher)
{
    struct signalfd_siginfo info;
    int status;
    if (read(launcher->signals, &info, sizeof info) != (ssize_t)sizeof info) return -1;
    if (info.ssi_signo != SIGCHLD) {
        (void)kill(-launcher->child, (int)info.ssi_signo);
        return -1;
    }
    if (waitpid(launcher->child, &status, WNOHANG) != launcher->child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int serve(struct launcher *launcher)
{
    for (;;) {
        struct pollfd fds[SESSIONS + 2] = {{.fd = launcher->signals, .events = POLLIN},
                                           {.fd = launcher->control, .events = POLLIN}};
        for (size_t i = 0; i < launcher->count; i++)
            fds[i + 2] = (struct pollfd){.fd = launcher->sessions[i].calls, .events = POLLIN};
        size_t count = launcher->count;
        if (poll(fds, (nfds_t)count + 2, SECOND_MS) < 0 && errno != EINTR) return 1;
        for (size_t i = count; i-- > 0;)
            if (fds[i + 2].revents && !emu_session_serve(&launcher->sessions[i]))
                end_session(launcher, i);
        if (fds[1].revents) take_session(launcher);
        int code = fds[0].revents ? take_signal(launcher) : -1;
        if (code >= 0) return code;
    }
}

static int run(struct launcher *launcher)
{
    sigset_t wanted, old;
    (void)sigemptyset(&wanted);
    static const int numbers[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < GANTRY_COUNT(numbers); i++) (void)sigaddset(&wanted, numbers[i]);
    (void)sigprocmask(SIG_BLOCK, &wanted, &old);
    launcher->signals = signalfd(-1, &wanted, SFD_CLOEXEC);
    launcher->control = emu_attach_listen(&launcher->files);
    if (launcher->signals < 0 || launcher->control < 0 || !start(launcher, &old)) {
        fprintf(stderr, "gantry-emu: %s: cannot start (%s)\n", launcher->command[0],
                strerror(errno));
        return 1;
    }
    int code = serve(launcher);
    (void)kill(-launcher->child, SIGKILL); /* what the command left */
    while (launcher->count) end_session(launcher, launcher->count - 1);
    while (waitpid(-launcher->child, NULL, 0) > 0) {
    }
    return code;
}

int main(int count, char **words)
{
    static struct launcher launcher;
    int code = parse(&launcher, count, words);
    if (code) return code - 1;
    bool found = emu_files_find(&launcher.files, launcher.check);
    if (launcher.check)
        printf("%s\n", found ? "the emulation can run" : "the emulation cannot run");
    if (!found) return EXIT_MISSING;
    if (launcher.check) return 0;
    code = 1;
    if (emu_files_make(&launcher.files, &launcher.setup))
        code = run(&launcher);
    else
        fprintf(stderr, "gantry-emu: /tmp: cannot be written (%s)\n", strerror(errno));
    emu_files_remove(&launcher.files);
    return code;
}
