/* SPDX-License-Identifier: Apache-2.0
 * The checker's rules for single instructions: what the hardware would run, but not as meant. */
#include "accel/check.h"

#include <inttypes.h>

/* A rule: value must not exceed limit. */
struct rule {
    const char *what;
    int64_t value, limit;
};

static enum gantry_status refuse(struct gantry_check *check, int32_t insn, const struct rule *rule)
{
    const struct gantry_check_insn *at = &check->insns[insn];
    return gantry_fail(check->error, GANTRY_ERR_ARGUMENT,
                       "program: instruction %" PRIu32 " %s: %s (%" PRId64 ", limit %" PRId64 ")",
                       at->index, gantry_insn_name(at->opcode), rule->what, rule->value,
                       rule->limit);
}

static enum gantry_status apply(struct gantry_check *check, int32_t insn, const struct rule *rules,
                                size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rules[i].value > rules[i].limit) return refuse(check, insn, &rules[i]);
    return GANTRY_OK;
}

static int64_t plane_width(const struct gantry_act_tensor *t) { return gantry_div_up(t->w, t->sx); }

/* Pixels that a plane must have room for; 0 without planes. */
static int64_t plane_pixels(const struct gantry_act_tensor *t)
{
    if (t->sy * t->sx == 1) return 0;
    return (int64_t)(gantry_div_up(t->h, t->sy) - 1) * t->pitch + plane_width(t);
}

static enum gantry_status conv_fields(struct gantry_check *check, int32_t insn)
{
    struct gantry_conv c;
    gantry_conv_decode(&c, &check->insns[insn].insn, check->npx);
    int64_t walked = c.diag ? c.groups : c.tcb ? c.blocks : c.walk_cb;
    int64_t groups = c.tcb ? 1 : gantry_div_up(c.blocks, c.m);
    int64_t raster = (int64_t)c.in.pitch * (c.out.h - 1) + c.out.w;
    bool runs_over_pitch = !c.window && !c.tcb;
    const struct rule rules[] = {
        {"more groups than blocks need", c.groups, groups},
        {"fewer groups than blocks need", groups, c.groups},
        {"input blocks beyond IN_CB", walked, c.in.cb},
        {"output blocks beyond OUT_CB", c.out_cb0 + (int64_t)c.blocks, c.out.cb},
        {"residual blocks beyond RES_CB", c.res ? c.blocks : 0, c.residual.cb},
        {"OUT_W beyond the raster's IN_PITCH", c.window ? 0 : c.out.w, c.in.pitch},
        {"input row beyond IN_PITCH", plane_width(&c.in), c.in.pitch},
        {"output row beyond OUT_PITCH", plane_width(&c.out), c.out.pitch},
        {"residual row beyond RES_PITCH", c.res ? plane_width(&c.residual) : 0, c.residual.pitch},
        {"input plane beyond IN_PS", plane_pixels(&c.in), c.in.ps},
        {"output plane beyond OUT_PS", plane_pixels(&c.out), c.out.ps},
        {"residual plane beyond RES_PS", c.res ? plane_pixels(&c.residual) : 0, c.residual.ps},
        {"ROWS of TCB are not BLOCKS", c.tcb && !c.window && c.rows != c.blocks ? 1 : 0, 0},
        {"WALK_CB of TCB is not BLOCKS", c.tcb && c.window && c.walk_cb != c.blocks ? 1 : 0, 0},
        {"output pixels beyond ROWS", runs_over_pitch ? raster : 0, (int64_t)c.rows * c.p},
        {"ZERO_POINT with POOL", c.pool && c.zero != 0 ? 1 : 0, 0},
        {"LO beyond HI", c.lo, c.hi},
        {"DEP beyond the first COMPUTE", c.dep > 0 && check->insns[insn].dep < 0 ? 1 : 0, 0},
    };
    return apply(check, insn, rules, GANTRY_COUNT(rules));
}

static bool same_tensor(const struct gantry_act_tensor *a, const struct gantry_act_tensor *b)
{
    return a->base == b->base && a->cb == b->cb && a->pitch == b->pitch && a->h == b->h &&
           a->w == b->w && a->sy == b->sy && a->sx == b->sx &&
           (a->sy * a->sx == 1 || a->ps == b->ps);
}

/* A DEP without WHOLE follows the rows of its producer, which must then write exactly this input.
 */
static enum gantry_status fine_dep(struct gantry_check *check, int32_t insn)
{
    const struct gantry_check_insn *at = &check->insns[insn];
    if (at->dep < 0 || at->whole) return GANTRY_OK;
    const struct gantry_check_insn *from = &check->insns[at->dep];
    struct gantry_conv consumer, producer;
    gantry_conv_decode(&consumer, &at->insn, check->npx);
    if (from->opcode == GANTRY_INSN_CONV || from->opcode == GANTRY_INSN_WINDOW) {
        gantry_conv_decode(&producer, &from->insn, check->npx);
        /* The blocks of TCB are not counted one by one. */
        if (!producer.tcb && !consumer.tcb && producer.out_cb0 == 0 &&
            same_tensor(&consumer.in, &producer.out))
            return GANTRY_OK;
    }
    return gantry_fail(
        check->error, GANTRY_ERR_ARGUMENT,
        "program: instruction %" PRIu32 " %s: DEP without WHOLE on instruction %" PRIu32
        " %s, which does not write this input alone",
        at->index, gantry_insn_name(at->opcode), from->index, gantry_insn_name(from->opcode));
}

static enum gantry_status move_fields(struct gantry_check *check, int32_t insn)
{
    struct gantry_move m;
    gantry_move_decode(&m, &check->insns[insn].insn);
    const struct rule rules[] = {
        {"blocks beyond CB", m.cb0 + (int64_t)m.words, m.tensor.cb},
        {"row beyond PITCH", plane_width(&m.tensor), m.tensor.pitch},
        {"plane beyond PS", plane_pixels(&m.tensor), m.tensor.ps},
    };
    return apply(check, insn, rules, GANTRY_COUNT(rules));
}

static enum gantry_status bounds(struct gantry_check *check, int32_t insn)
{
    struct gantry_check_access list[GANTRY_CHECK_ACCESSES];
    int32_t count = gantry_check_list(check, insn, list);
    for (int32_t i = 0; i < count; i++) {
        struct rule rule = {"an activation row lies beyond ACT_ROWS", list[i].row1,
                            check->params->act_rows - 1};
        if (list[i].space != GANTRY_CHECK_ACT)
            rule = (struct rule){"a byte lies beyond its buffer",
                                 list[i].offset + (list[i].rows - 1) * list[i].stride +
                                     list[i].row_bytes - 1,
                                 (int64_t)check->memory->buffer_bytes[list[i].space] - 1};
        if (rule.value > rule.limit) return refuse(check, insn, &rule);
    }
    return GANTRY_OK;
}

enum gantry_status gantry_check_fields(struct gantry_check *check, int32_t insn)
{
    const struct gantry_check_insn *at = &check->insns[insn];
    enum gantry_operand field;
    enum gantry_cause cause = gantry_insn_legal(check->params, &at->insn, &field);
    if (cause != GANTRY_CAUSE_NONE) {
        const char *name = gantry_insn_name(at->opcode);
        bool named = field != GANTRY_OPERAND_COUNT;
        return gantry_fail(check->error, GANTRY_ERR_ARGUMENT,
                           "program: instruction %" PRIu32 " %s: %s (%s = %" PRId64 ")", at->index,
                           name ? name : "", gantry_cause_sentence(cause),
                           named ? gantry_operand_info(field)->name : "reserved",
                           named ? gantry_insn_get(&at->insn, field) : 1);
    }
    enum gantry_status status = GANTRY_OK;
    if (at->opcode == GANTRY_INSN_CONV || at->opcode == GANTRY_INSN_WINDOW) {
        status = conv_fields(check, insn);
        if (status == GANTRY_OK) status = fine_dep(check, insn);
    } else if (at->queue == GANTRY_UNIT_LOAD || at->queue == GANTRY_UNIT_STORE) {
        status = move_fields(check, insn);
    }
    return status == GANTRY_OK ? bounds(check, insn) : status;
}
