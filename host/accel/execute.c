/* SPDX-License-Identifier: Apache-2.0
 * The executor: a launch, and the life of the activation RAM. */
#include "accel/execute.h"

void gantry_accel_run(struct gantry_accel *accel, const struct gantry_accel_memory *memory,
                      uint64_t order_seed, struct gantry_accel_result *result)
{
    static const struct gantry_order_ops ops = {gantry_exec_load, gantry_exec_store,
                                                gantry_exec_conv, gantry_exec_write_all, NULL};
    accel->stripe_bytes = gantry_stripe_bytes(memory->wgt_lines, accel->params.ports);
    accel->pending_head = accel->pending_count = 0;
    gantry_order_start(&accel->order, &accel->params, memory, order_seed, &ops, accel, result);
    while (!accel->order.over) gantry_order_step(&accel->order);
}

uint8_t *gantry_accel_act_word(struct gantry_accel *accel, int32_t bank, int32_t row)
{
    return accel->act + ((int64_t)row * accel->npx + bank) * GANTRY_CHANNELS;
}

/* ---- Life ---- */

static enum gantry_status check_params(const struct gantry_array_params *params,
                                       struct gantry_error *error)
{
    const struct {
        const char *name;
        int32_t value, least, most;
        bool power; /* of two */
    } rows[] = {
        {"G", params->g, GANTRY_G_MIN, GANTRY_G_MAX, true},
        {"ACT_ROWS", params->act_rows, GANTRY_ACT_ROWS_MIN, GANTRY_ACT_ROWS_MAX, false},
        {"RING_LINES", params->ring_lines, GANTRY_RING_LINES_MIN, GANTRY_RING_LINES_MAX, false},
        {"PORTS", params->ports, GANTRY_PORTS_MIN, GANTRY_PORTS_MAX, true},
    };
    for (size_t i = 0; i < GANTRY_COUNT(rows); i++) {
        int32_t value = rows[i].value;
        bool odd = rows[i].power && (value & (value - 1));
        if (value < rows[i].least || value > rows[i].most || odd)
            return gantry_fail(error, GANTRY_ERR_ARGUMENT,
                               "array parameter %s: %d is not %sin %d..%d", rows[i].name, value,
                               rows[i].power ? "a power of two " : "", rows[i].least, rows[i].most);
    }
    return GANTRY_OK;
}

enum gantry_status gantry_accel_create(struct gantry_accel **out,
                                       const struct gantry_array_params *params,
                                       const struct gantry_allocator *allocator,
                                       struct gantry_error *error)
{
    *out = NULL;
    enum gantry_status status = check_params(params, error);
    if (status != GANTRY_OK) return status;
    struct gantry_accel *accel = gantry_allocate(allocator, 1, sizeof *accel);
    if (!accel) goto no_memory;
    accel->params = *params;
    accel->allocator = allocator;
    accel->npx = 2 * params->g;
    accel->act_words = (int64_t)params->act_rows * accel->npx;
    accel->act = gantry_allocate(allocator, (size_t)accel->act_words, GANTRY_CHANNELS);
    accel->pending = gantry_allocate(allocator, (size_t)accel->act_words, sizeof *accel->pending);
    accel->rule_x = gantry_allocate(allocator, GANTRY_COMPUTE_QUEUE, sizeof *accel->rule_x);
    if (!accel->act || !accel->pending || !accel->rule_x) goto no_memory;
    *out = accel;
    return GANTRY_OK;

no_memory:
    gantry_accel_destroy(accel);
    return gantry_fail(error, GANTRY_ERR_MEMORY, "accelerator model: no memory for %d rows",
                       params->act_rows);
}

void gantry_accel_destroy(struct gantry_accel *accel)
{
    if (!accel) return;
    const struct gantry_allocator *allocator = accel->allocator;
    gantry_release(allocator, accel->rule_x);
    gantry_release(allocator, accel->pending);
    gantry_release(allocator, accel->act);
    gantry_release(allocator, accel);
}
