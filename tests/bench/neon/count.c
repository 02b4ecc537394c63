/* SPDX-License-Identifier: Apache-2.0
 * A plugin of QEMU's translator: counts the instructions that a program executes, by function. When
 * the program ends it writes the calls of gantry_engine_run, then a line for each function:
 * instructions and name ("-": outside of the program's own functions). The interface is that of
 * qemu-plugin.h, which Debian does not package. */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*translated)(qemu_plugin_id_t id,
                                                              struct qemu_plugin_tb *block));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t at);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
                                                enum qemu_plugin_op op, void *counter,
                                                uint64_t summand);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
                                    void (*ended)(qemu_plugin_id_t id, void *context),
                                    void *context);
void qemu_plugin_outs(const char *text);

extern int qemu_plugin_version;
int qemu_plugin_version = 1;
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv);

enum { FUNCTIONS_MAX = 1 << 14 };
static struct function {
    const char *name; /* QEMU's, there as long as it runs */
    uint64_t instructions;
} functions[FUNCTIONS_MAX];
static uint64_t run_address, runs; /* of gantry_engine_run */

static struct function *function_of(const char *name)
{
    size_t at = 5381;
    for (const char *c = name; *c; c++) at = at * 33 + (unsigned char)*c;
    for (at %= FUNCTIONS_MAX; functions[at].name; at = (at + 1) % FUNCTIONS_MAX)
        if (strcmp(functions[at].name, name) == 0) break;
    functions[at].name = name;
    return &functions[at];
}

static void count(struct qemu_plugin_insn *insn, uint64_t *counter)
{
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, counter, 1);
}

/* A function is entered by its first instruction, which begins a block. */
static void count_runs(struct qemu_plugin_insn *first)
{
    const char *name = qemu_plugin_insn_symbol(first);
    uint64_t address = qemu_plugin_insn_vaddr(first);
    if (!name || strcmp(name, "gantry_engine_run") != 0) return;
    if (run_address == 0) run_address = address;
    if (address == run_address) count(first, &runs);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    count_runs(qemu_plugin_tb_get_insn(block, 0));
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        const char *name = qemu_plugin_insn_symbol(insn);
        count(insn, &function_of(name && *name ? name : "-")->instructions);
    }
}

static void ended(qemu_plugin_id_t id, void *context)
{
    char line[256];
    (void)id;
    (void)context;
    (void)snprintf(line, sizeof line, "%" PRIu64 " runs\n", runs);
    qemu_plugin_outs(line);
    for (size_t i = 0; i < FUNCTIONS_MAX; i++) {
        if (functions[i].instructions == 0) continue;
        (void)snprintf(line, sizeof line, "%" PRIu64 " %s\n", functions[i].instructions,
                       functions[i].name);
        qemu_plugin_outs(line);
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    (void)argc;
    (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
