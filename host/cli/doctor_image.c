/* SPDX-License-Identifier: Apache-2.0
 * Checks of the accelerator's file on a board: its specification, its clock, its addresses. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "gantry_spec.h"

enum { NAME_BYTES = 256, PROPERTY_BYTES = 256, REGISTER_BYTES = 4096, RANGES_MAX = 16 };

struct range {
    uint64_t base, bytes;
};

/* Where the processor of a Zynq UltraScale+ MPSoC reaches the fabric (its technical reference
 * manual, system addresses). */
static const struct range windows[] = {
    {0x80000000, 0x20000000},     {0xA0000000, 0x20000000},     {0x400000000, 0x200000000},
    {0x1000000000, 0x3800000000}, {0x4800000000, 0x3800000000},
};

/* ---- What it says of itself ---- */

static const char *text_of(const json_t *root, const char *name)
{
    const char *text = json_string_value(json_object_get(root, name));
    return text ? text : "";
}

static void check_specification(struct gantry_doctor *doctor, const struct gantry_xclbin *xclbin,
                                const char *path)
{
    char wanted[32], loaded[NAME_BYTES];
    json_t *root = json_loads(xclbin->text, 0, NULL);
    const char *hash = text_of(root, "spec_hash"), *name = text_of(root, "configuration");
    (void)snprintf(wanted, sizeof wanted, "%016" PRIx64, GANTRY_SPEC_HASH);
    gantry_doctor_configuration(doctor, loaded, sizeof loaded);
    if (!xclbin->has_kernel)
        gantry_doctor_say(doctor, "image", GANTRY_DOCTOR_FAILED, GANTRY_DOCTOR_INSTALL_BOTH,
                          "%.150s holds no accelerator of Gantry", path);
    else if (!hash[0])
        gantry_doctor_say(doctor, "image", GANTRY_DOCTOR_WARNING, NULL,
                          "%.150s does not say its specification: known when it is opened", path);
    else if (strcmp(hash, wanted) != 0)
        gantry_doctor_say(doctor, "image", GANTRY_DOCTOR_FAILED, GANTRY_DOCTOR_INSTALL_BOTH,
                          "%.100s has specification %.20s, the command %s", path, hash, wanted);
    else if (loaded[0] && strcmp(loaded, name) != 0)
        gantry_doctor_say(doctor, "image", GANTRY_DOCTOR_FAILED, GANTRY_DOCTOR_LOAD,
                          "%.100s is of configuration %.20s, the fabric holds %.20s", path, name,
                          loaded);
    else
        gantry_doctor_say(doctor, "image", GANTRY_DOCTOR_OK, NULL, "%.150s, configuration %.20s",
                          path, name);
    json_decref(root);
}

/* ---- Clock ---- */

/* The clock that the fabric gets: that of the overlay's node, and what it is, for root to see. */
static bool source_is_off(const struct gantry_doctor *doctor, uint64_t *wanted, uint64_t *is)
{
    char text[NAME_BYTES];
    gantry_doctor_line(doctor, "/sys/kernel/debug/clk/pl0_ref/clk_rate", text, sizeof text);
    if (!text[0] ||
        !gantry_board_property(doctor->root, "axi/clocking0/assigned-clock-rates", wanted))
        return false;
    *is = strtoull(text, NULL, 10);
    uint64_t difference = *is > *wanted ? *is - *wanted : *wanted - *is;
    return difference > *wanted / 100;
}

static void check_clock(struct gantry_doctor *doctor, const struct gantry_xclbin *xclbin)
{
    uint64_t wanted, is;
    double mhz = xclbin->clock_hz / 1e6, planned = doctor->target.clock_hz / 1e6;
    char fix[NAME_BYTES];
    (void)snprintf(fix, sizeof fix,
                   "sed 's/\"clock_mhz\": [0-9.]*/\"clock_mhz\": %.0f/' %s.json >board.json  "
                   "# of targets/, for --target board.json",
                   mhz, doctor->target.name);
    if (source_is_off(doctor, &wanted, &is))
        gantry_doctor_say(doctor, "clock", GANTRY_DOCTOR_FAILED, GANTRY_DOCTOR_LOAD,
                          "pl0_ref has %" PRIu64 " Hz, not %" PRIu64 ": the accelerator's clock is "
                          "off by as much",
                          is, wanted);
    else if (!xclbin->clock_hz)
        gantry_doctor_say(doctor, "clock", GANTRY_DOCTOR_WARNING, NULL,
                          "the image names no clock: times cannot be told");
    else if (xclbin->clock_hz < 0.99 * doctor->target.clock_hz ||
             xclbin->clock_hz > 1.01 * doctor->target.clock_hz)
        gantry_doctor_say(doctor, "clock", GANTRY_DOCTOR_WARNING, fix,
                          "%.0f MHz, but placement on target %.31s counts with %.0f MHz", mhz,
                          doctor->target.name, planned);
    else
        gantry_doctor_say(doctor, "clock", GANTRY_DOCTOR_OK, NULL, "%.0f MHz, as target %.31s", mhz,
                          doctor->target.name);
}

/* ---- Addresses ---- */

struct ranges {
    struct range at[RANGES_MAX];
    size_t count;
};

static bool is_within(uint64_t base, uint64_t bytes, const struct range *range)
{
    return base >= range->base && bytes <= range->bytes &&
           base - range->base <= range->bytes - bytes;
}

static bool overlap(const struct gantry_xclbin_memory *memory, const struct range *range)
{
    return memory->base < range->base + range->bytes && range->base < memory->base + memory->bytes;
}

/* Adds the ranges of a node memory@ADDRESS: pairs of 64-bit numbers. */
static bool add_memory(const struct gantry_doctor *doctor, const char *name, void *context)
{
    struct ranges *ranges = context;
    char path[NAME_BYTES], bytes[PROPERTY_BYTES];
    size_t length;
    (void)snprintf(path, sizeof path, "/proc/device-tree/%.100s/reg", name);
    if (!gantry_doctor_read(doctor, path, bytes, sizeof bytes, &length)) return false;
    for (size_t at = 0; at + 16 <= length && ranges->count < RANGES_MAX; at += 16) {
        uint64_t number[2] = {0, 0};
        for (size_t i = 0; i < 16; i++) number[i / 8] = number[i / 8] << 8 | (uint8_t)bytes[at + i];
        ranges->at[ranges->count++] = (struct range){number[0], number[1]};
    }
    return false;
}

static void check_window(struct gantry_doctor *doctor, const struct gantry_xclbin *xclbin)
{
    static const char again[] = "make -C hw/kria install  # an image for this board";
    struct ranges ranges = {.count = 0};
    bool reached = false, lent = false;
    (void)gantry_doctor_find(doctor, "/proc/device-tree", "memory", add_memory, &ranges);
    for (size_t i = 0; i < GANTRY_COUNT(windows); i++)
        reached |= is_within(xclbin->registers, REGISTER_BYTES, &windows[i]);
    for (size_t i = 0; i < xclbin->memory_count; i++)
        for (size_t j = 0; j < ranges.count; j++)
            lent |= overlap(&xclbin->memories[i], &ranges.at[j]);
    if (!reached)
        gantry_doctor_say(doctor, "window", GANTRY_DOCTOR_FAILED, again,
                          "registers at 0x%" PRIX64 ": the processor does not reach the fabric "
                          "there",
                          xclbin->registers);
    else if (!lent)
        gantry_doctor_say(doctor, "window", GANTRY_DOCTOR_FAILED, again,
                          "none of the image's %zu memories is memory of this board",
                          xclbin->memory_count);
    else
        gantry_doctor_say(doctor, "window", GANTRY_DOCTOR_OK, NULL,
                          "registers at 0x%" PRIX64 ", memory %.16s from 0x%" PRIX64 " on",
                          xclbin->registers, xclbin->memories[0].tag, xclbin->memories[0].base);
}

void gantry_doctor_image(struct gantry_doctor *doctor)
{
    char full[GANTRY_DOCTOR_PATH_BYTES];
    struct gantry_xclbin xclbin;
    struct gantry_error error = {0};
    const char *named = getenv("GANTRY_XCLBIN"), *path = named ? named : GANTRY_XCLBIN_DEFAULT;
    gantry_doctor_path(doctor, path, full, sizeof full);
    if (gantry_xclbin_read(&xclbin, "image", full, &error) != GANTRY_OK) {
        gantry_doctor_say(doctor, "image", GANTRY_DOCTOR_FAILED,
                          named ? "unset GANTRY_XCLBIN" : GANTRY_DOCTOR_INSTALL_FIRMWARE, "%s",
                          error.message + strlen("image: "));
        return;
    }
    check_specification(doctor, &xclbin, path);
    if (!xclbin.has_kernel) return;
    check_clock(doctor, &xclbin);
    check_window(doctor, &xclbin);
}
