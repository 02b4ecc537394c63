/* SPDX-License-Identifier: Apache-2.0
 * Named configurations of hw/spec/params.def, and the names of causes and cycle classes. */
#include "accel/accel.h"

#include <stdio.h>
#include <string.h>

#define PARAM(name, min, max, doc)
#define CONST(name, value, doc)
#define CONFIG(name, g, act_rows, ring_lines, acc_rows, ports, window, instances) \
    {#name, instances, {g, act_rows, ring_lines, acc_rows, ports, window}},
static const struct {
    const char *name;
    int32_t instances;
    struct gantry_array_params params;
} configs[] = {
#include "params.def"
};
#undef PARAM
#undef CONST
#undef CONFIG

#define REG(name, offset, access, doc)
#define REG_FIELD(reg, name, lsb, width, doc)
#define UNIT(name, code, doc)
#define STALL(name, index, label, doc)
#define CAUSE(name, code, doc) [code] = doc,
static const char *const causes[] = {
#include "regs.def"
};
#undef CAUSE
#undef STALL
#define CAUSE(name, code, doc)
#define STALL(name, index, label, doc) [index] = label,
static const char *const stalls[] = {
#include "regs.def"
};
#undef CAUSE
#undef STALL
#undef UNIT
#define UNIT(name, code, doc) [code] = #name,
#define CAUSE(name, code, doc)
#define STALL(name, index, label, doc)
static const char *const units[] = {
#include "regs.def"
};

_Static_assert(GANTRY_COUNT(stalls) == GANTRY_STALL_CLASSES, "one label per class");

bool gantry_array_params_named(const char *name, struct gantry_array_params *out)
{
    for (size_t i = 0; i < GANTRY_COUNT(configs); i++) {
        if (strcmp(configs[i].name, name) != 0) continue;
        *out = configs[i].params;
        return true;
    }
    return false;
}

int32_t gantry_array_instances(const char *name)
{
    for (size_t i = 0; i < GANTRY_COUNT(configs); i++)
        if (strcmp(configs[i].name, name) == 0) return configs[i].instances;
    return 0;
}

const char *gantry_array_name(size_t index)
{
    return index < GANTRY_COUNT(configs) ? configs[index].name : NULL;
}

const char *gantry_array_names(char *buffer, size_t size)
{
    size_t used = 0;
    if (size > 0) buffer[0] = 0;
    for (size_t i = 0; i < GANTRY_COUNT(configs) && used < size; i++) {
        int written = snprintf(buffer + used, size - used, "%s%s", i ? ", " : "", configs[i].name);
        used += written < 0 ? 0 : (size_t)written;
    }
    return buffer;
}

const char *gantry_cause_sentence(uint32_t cause)
{
    return cause < GANTRY_COUNT(causes) ? causes[cause] : "Unknown cause";
}

const char *gantry_unit_name(uint32_t unit)
{
    return unit < GANTRY_COUNT(units) ? units[unit] : "unknown";
}

const char *gantry_stall_label(uint32_t index)
{
    return index < GANTRY_COUNT(stalls) ? stalls[index] : "unknown";
}
