/* SPDX-License-Identifier: Apache-2.0
 * The record, and what writers print of it. */
#include "report_record.h"

enum { TEXT_BYTES = 131072 };

struct gantry_profile_node report_nodes[REPORT_NODES];
struct gantry_profile_segment report_segments[2];
static const struct gantry_profile_event events[] = {
    {.node = GANTRY_NODE_LAUNCH,
     .insn = 0,
     .engine = GANTRY_ENGINE_LOAD,
     .name = "LOAD",
     .from_cycle = 10,
     .work_cycle = 10,
     .to_cycle = 99},
    {.node = 0,
     .insn = 1,
     .engine = GANTRY_ENGINE_COMPUTE,
     .name = "CONV",
     .from_cycle = 40,
     .work_cycle = 70,
     .to_cycle = 499},
    {.node = 0,
     .insn = 2,
     .engine = GANTRY_ENGINE_COMPUTE,
     .name = "CONV",
     .from_cycle = 500,
     .work_cycle = 500,
     .to_cycle = 939},
    {.node = GANTRY_NODE_STORE,
     .insn = 3,
     .engine = GANTRY_ENGINE_STORE,
     .name = "STORE",
     .from_cycle = 950,
     .work_cycle = 950,
     .to_cycle = 990},
    {.node = GANTRY_NODE_STORE,
     .insn = 4,
     .engine = GANTRY_ENGINE_FETCH,
     .name = "END",
     .from_cycle = 5,
     .work_cycle = 5,
     .to_cycle = 999},
};
struct gantry_profile report_profile;
const struct gantry_report_context report_context = {.target = "kv260", .clock_hz = 300000000};

static void make_nodes(void)
{
    report_nodes[0] = (struct gantry_profile_node){.index = 0,
                                                   .name = "conv \"one\"",
                                                   .op = "CONV_2D",
                                                   .accelerator = true,
                                                   .macs = 512000,
                                                   .fused_into = -1,
                                                   .cycles = 900,
                                                   .stalls = {600, 0, 0, 200, 0, 0, 0, 100, 0}};
    report_nodes[1] = (struct gantry_profile_node){
        .index = 1, .name = "add", .op = "ADD", .accelerator = true, .fused_into = 0};
    report_nodes[2] = (struct gantry_profile_node){.index = 2,
                                                   .name = "softmax",
                                                   .op = "SOFTMAX",
                                                   .fused_into = -1,
                                                   .cpu_ns = 2500,
                                                   .segment = 1,
                                                   .reason = {.code = "operator",
                                                              .rule = "No such instruction",
                                                              .has_numbers = true,
                                                              .limit = 3,
                                                              .value = 4}};
    report_nodes[3] = (struct gantry_profile_node){.index = GANTRY_NODE_LAUNCH,
                                                   .name = "@launch",
                                                   .op = "@launch",
                                                   .accelerator = true,
                                                   .segment = -1,
                                                   .fused_into = -1,
                                                   .cycles = 40,
                                                   .stalls = {0, 0, 0, 0, 0, 0, 0, 40, 0}};
    report_nodes[4] = (struct gantry_profile_node){.index = GANTRY_NODE_STORE,
                                                   .name = "@store",
                                                   .op = "@store",
                                                   .accelerator = true,
                                                   .segment = -1,
                                                   .fused_into = -1,
                                                   .cycles = 60,
                                                   .stalls = {0, 0, 0, 0, 0, 0, 0, 0, 60}};
}

int report_setup(void **state)
{
    (void)state;
    make_nodes();
    for (int i = 0; i < REPORT_NODES; i++) {
        report_nodes[i].other_cycles = report_nodes[i].other_cpu_ns = GANTRY_UNKNOWN;
        report_nodes[i].cpu_estimate_ns = GANTRY_UNKNOWN;
    }
    report_nodes[0].predicted_cycles = 810;
    report_nodes[0].weight_bytes = 1000;
    report_nodes[0].load_bytes = 24;
    report_nodes[0].weight_operand_bytes = 800;
    report_nodes[0].input_operand_bytes = 16;
    report_nodes[0].other_cpu_ns = 77000;
    report_nodes[0].shape = (struct gantry_profile_shape){
        .path = "array", .instructions = 2, .m = 2, .groups = 4, .tile_rows = 8, .tiles = 6};
    report_nodes[2].other_cycles = 321;
    report_segments[0] = (struct gantry_profile_segment){.accelerator = true,
                                                         .instructions = 5,
                                                         .cycles = 1000,
                                                         .predicted_cycles = 900,
                                                         .chip_bytes = 4096};
    report_segments[1] = (struct gantry_profile_segment){.accelerator = false};
    report_profile = (struct gantry_profile){.model = "made.tflite",
                                             .device = "sim:half",
                                             .memory = "kv260",
                                             .has_cycles = true,
                                             .macs = 512000,
                                             .macs_offloaded = 512000,
                                             .peak_macs_per_cycle = 1024,
                                             .accelerator_cycles = 1000,
                                             .stalls = {600, 0, 0, 200, 0, 0, 0, 140, 60},
                                             .cpu_ns = 3500,
                                             .layout_ns = 1000,
                                             .pack_ns = 400,
                                             .unpack_ns = 600,
                                             .predicted_cycles = 900,
                                             .modelled_ns = 5000,
                                             .proven = true,
                                             .memory_bytes_per_cycle = 51,
                                             .chip_bytes = 65536,
                                             .runs = 1,
                                             .equal_to_cpu = 1,
                                             .segment_count = 2,
                                             .segments = report_segments,
                                             .event_count = sizeof events / sizeof *events,
                                             .events = events,
                                             .total_ns = 90000,
                                             .launches = 1,
                                             .ddr_read_bytes = 4096,
                                             .ddr_write_bytes = 64,
                                             .node_count = REPORT_NODES,
                                             .nodes = report_nodes};
    return 0;
}

const char *report_text(void (*report)(FILE *, const struct gantry_profile *,
                                       const struct gantry_report_context *))
{
    static char text[TEXT_BYTES];
    FILE *file = tmpfile();
    assert_non_null(file);
    report(file, &report_profile, &report_context);
    rewind(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = 0;
    (void)fclose(file);
    return text;
}

void report_make_timed(void)
{
    report_profile.has_cycles = false;
    report_profile.has_times = true;
    report_profile.device_ns = report_segments[0].device_ns = 5000;
    report_nodes[0].device_ns = 4200;
}
