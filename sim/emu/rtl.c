/* SPDX-License-Identifier: Apache-2.0
 * The RTL in a process of its own. Orders and answers are records on a socket; memory is shared. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emu.h"
#include "gantry_spec.h"
#include "sim/bench.h"

enum {
    SLICE_CYCLES = 8192,    /* of simulated time at most for a look at the control register */
    LOOK_CYCLES = 256,      /* between looks at the end of the launch */
    ANSWER_MS = 60000,      /* a process that needs longer for a slice is stopped */
    STUCK_CYCLES = 1 << 16, /* an abort that takes longer has a port that is never answered */
    FAULT_CYCLES = 512      /* of a launch before the process dies, where that is asked for */
};

enum kind { MAP, UNMAP, READ, WRITE };
struct order {
    uint64_t address, bytes;
    uint32_t kind, instance, reg, value;
};
struct answer {
    uint32_t fine, value;
};

/* ---- The process ---- */

struct instance {
    struct gantry_sim_bench bench;
    bool running, aborted;
    uint32_t aborted_cycles;
};
struct worker {
    struct gantry_sim_chip chip;
    struct instance instances[GANTRY_SIM_INSTANCES_MAX];
    struct gantry_ddr *ddr;
    uint8_t *memory;
    enum emu_fault fault;
};

static void stick(struct worker *worker, const struct instance *instance, unsigned channels)
{
    for (int port = 0; port < GANTRY_SIM_PORTS; port++)
        gantry_ddr_stick(worker->ddr, instance->bench.index * GANTRY_SIM_PORTS + port, channels);
}

__attribute__((noreturn)) static void give_up(const char *why)
{
    fprintf(stderr, "gantry-emu: %s\n", why);
    _exit(1);
}

static void run(struct worker *worker, uint32_t cycles)
{
    while (cycles--) gantry_sim_chip_cycle(&worker->chip);
    const char *broken = gantry_ddr_violation(worker->ddr);
    if (broken) give_up(broken);
}

/* Time passes only here: as long as a launch is under way and is asked after. */
static bool read_control(struct worker *worker, struct instance *instance, uint32_t *value)
{
    const uint32_t over = 1u << GANTRY_FIELD_AP_CTRL_DONE_LSB | 1u << GANTRY_FIELD_AP_CTRL_IDLE_LSB;
    struct gantry_sim_bench *bench = &instance->bench;
    for (uint32_t cycles = 0; instance->running && cycles < SLICE_CYCLES; cycles += LOOK_CYCLES) {
        if (worker->fault == EMU_FAULT_DIE && cycles >= FAULT_CYCLES) (void)raise(SIGKILL);
        run(worker, LOOK_CYCLES);
        if (instance->aborted && (instance->aborted_cycles += LOOK_CYCLES) > STUCK_CYCLES)
            give_up("a launch does not end after its abort");
        if (!gantry_sim_bench_read(bench, GANTRY_REG_AP_CTRL, value)) return false;
        if (!(*value & over)) continue;
        instance->running = false;
        return true;
    }
    return gantry_sim_bench_read(bench, GANTRY_REG_AP_CTRL, value);
}

static bool read_register(struct worker *worker, struct instance *instance, uint32_t reg,
                          uint32_t *value)
{
    if (reg == GANTRY_REG_AP_CTRL) return read_control(worker, instance, value);
    if (!gantry_sim_bench_read(&instance->bench, reg, value)) return false;
    if (reg == GANTRY_REG_SPEC_HASH && worker->fault == EMU_FAULT_SPEC) *value = ~*value;
    return true;
}

static bool write_register(struct worker *worker, struct instance *instance, uint32_t reg,
                           uint32_t value)
{
    bool faulty = worker->fault == EMU_FAULT_HANG || worker->fault == EMU_FAULT_STUCK;
    if (reg == GANTRY_REG_AP_CTRL && value & 1u << GANTRY_FIELD_AP_CTRL_START_LSB) {
        instance->running = true;
        instance->aborted = false;
        instance->aborted_cycles = 0;
        if (faulty) stick(worker, instance, GANTRY_DDR_AR | GANTRY_DDR_R);
    }
    if (reg == GANTRY_REG_ABORT) instance->aborted = true;
    if (reg == GANTRY_REG_ABORT && worker->fault == EMU_FAULT_HANG) {
        stick(worker, instance, 0);
        worker->fault = EMU_FAULT_NONE;
    }
    return gantry_sim_bench_write(&instance->bench, reg, value);
}

static struct answer obey(struct worker *worker, const struct order *order)
{
    struct answer answer = {.fine = true, .value = UINT32_MAX};
    struct instance *instance = &worker->instances[order->instance];
    if (order->instance >= (uint32_t)worker->chip.count) return answer;
    switch ((enum kind)order->kind) {
    case MAP:
        answer.fine = gantry_ddr_map(worker->ddr, order->address,
                                     worker->memory + (order->address - EMU_MEMORY_BASE),
                                     (size_t)order->bytes);
        break;
    case UNMAP:
        gantry_ddr_unmap(worker->ddr, order->address);
        break;
    case READ:
        answer.fine = read_register(worker, instance, order->reg, &answer.value);
        break;
    case WRITE:
        answer.fine = write_register(worker, instance, order->reg, order->value);
        break;
    }
    return answer;
}

__attribute__((noreturn)) static void work(int socket, const struct emu_setup *setup,
                                           uint8_t *memory)
{
    static struct worker worker;
    struct order order;
    (void)prctl(PR_SET_NAME, "gantry-emu-rtl");
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    worker.memory = memory;
    worker.fault = setup->fault;
    worker.ddr = gantry_ddr_create(setup->preset, emu_instances(setup), 0, NULL);
    if (!worker.ddr) _exit(1);
    gantry_sim_chip_init(&worker.chip, worker.ddr);
    for (int i = 0; i < emu_instances(setup); i++)
        if (!gantry_sim_bench_init(&worker.instances[i].bench, setup->core, &worker.chip)) _exit(1);
    while (recv(socket, &order, sizeof order, 0) == (ssize_t)sizeof order) {
        struct answer answer = obey(&worker, &order);
        if (send(socket, &answer, sizeof answer, MSG_NOSIGNAL) != (ssize_t)sizeof answer) break;
    }
    _exit(0);
}

/* ---- The launcher's side ---- */

bool emu_rtl_start(struct emu_rtl *rtl, const struct emu_setup *setup, uint8_t *memory)
{
    int pair[2];
    *rtl = (struct emu_rtl){.pid = -1, .socket = -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) return false;
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(pair[0]);
        work(pair[1], setup, memory);
    }
    (void)close(pair[1]);
    if (pid < 0) {
        (void)close(pair[0]);
        return false;
    }
    *rtl = (struct emu_rtl){.pid = pid, .socket = pair[0]};
    return true;
}

void emu_rtl_stop(struct emu_rtl *rtl)
{
    if (rtl->socket < 0) return;
    (void)close(rtl->socket);
    rtl->socket = -1;
    (void)kill(rtl->pid, SIGKILL);
    (void)waitpid(rtl->pid, NULL, 0);
}

static void bury(struct emu_rtl *rtl)
{
    int status = 0;
    (void)close(rtl->socket);
    rtl->socket = -1;
    (void)kill(rtl->pid, SIGKILL);
    (void)waitpid(rtl->pid, &status, 0);
    if (WIFSIGNALED(status))
        fprintf(stderr, "gantry-emu: the process with the RTL ended by signal %d\n",
                WTERMSIG(status));
    else
        fprintf(stderr, "gantry-emu: the process with the RTL ended\n");
}

static struct answer ask(struct emu_rtl *rtl, struct order order)
{
    struct answer answer = {.fine = false, .value = UINT32_MAX};
    if (rtl->socket < 0) return answer;
    if (send(rtl->socket, &order, sizeof order, MSG_NOSIGNAL) == (ssize_t)sizeof order) {
        struct pollfd wait = {.fd = rtl->socket, .events = POLLIN};
        int ready = poll(&wait, 1, ANSWER_MS);
        if (ready > 0 && recv(rtl->socket, &answer, sizeof answer, 0) == (ssize_t)sizeof answer)
            return answer;
    }
    bury(rtl);
    return (struct answer){.fine = false, .value = UINT32_MAX};
}

uint32_t emu_rtl_read(struct emu_rtl *rtl, uint32_t instance, uint32_t reg)
{
    return ask(rtl, (struct order){.kind = READ, .instance = instance, .reg = reg}).value;
}

void emu_rtl_write(struct emu_rtl *rtl, uint32_t instance, uint32_t reg, uint32_t value)
{
    (void)ask(rtl, (struct order){.kind = WRITE, .instance = instance, .reg = reg, .value = value});
}

bool emu_rtl_map(struct emu_rtl *rtl, uint64_t address, uint64_t bytes)
{
    return ask(rtl, (struct order){.kind = MAP, .address = address, .bytes = bytes}).fine;
}

void emu_rtl_unmap(struct emu_rtl *rtl, uint64_t address)
{
    (void)ask(rtl, (struct order){.kind = UNMAP, .address = address});
}
