/* SPDX-License-Identifier: Apache-2.0
 * From trace records to nodes, on records made by hand. */
#include "test.h"

#include <string.h>

#include "runtime/engine_internal.h"

enum {
    NODES = 3,
    RECORDS = 8,
    QUEUE_FETCH = 0,
    QUEUE_LOAD = 1,
    QUEUE_COMPUTE = 2,
    QUEUE_STORE = 3
};

/* LOAD, CONV of node 0, CONV of node 2, SYNC, copy, STORE, END */
static const int32_t insn_node[] = {0, 0, 2, 1, GANTRY_NODE_LAUNCH, 2, GANTRY_NODE_STORE};

struct trace {
    uint8_t bytes[RECORDS * GANTRY_TRACE_BYTES];
    size_t count;
};

static void trace_init(struct trace *trace)
{
    memset(trace->bytes, 0xFF, sizeof trace->bytes);
    trace->count = 0;
}

static void add(struct trace *trace, uint32_t index, uint32_t opcode, uint32_t queue, uint32_t busy,
                uint32_t empty)
{
    uint8_t *record = trace->bytes + trace->count++ * GANTRY_TRACE_BYTES;
    memset(record, 0, GANTRY_TRACE_BYTES);
    gantry_store_u32(record + 4 * GANTRY_TRACE_INDEX_WORD, index);
    gantry_store_u32(record + 4 * GANTRY_TRACE_OPCODE_WORD,
                     opcode << GANTRY_TRACE_OPCODE_LSB | queue << GANTRY_TRACE_QUEUE_LSB);
    gantry_store_u32(record + 4 * (GANTRY_TRACE_STALL0_WORD + GANTRY_STALL_BUSY), busy);
    gantry_store_u32(record + 4 * (GANTRY_TRACE_STALL0_WORD + GANTRY_STALL_EMPTY), empty);
}

static size_t attribute(const struct trace *trace, struct gantry_profile_node *nodes)
{
    memset(nodes, 0, (NODES + 2) * sizeof *nodes);
    return gantry_trace_attribute(trace->bytes, RECORDS, insn_node,
                                  sizeof insn_node / sizeof *insn_node, nodes, NODES);
}

static void attribute__compute_records_own_the_cycles_of_their_node(void **state)
{
    (void)state;
    struct trace trace;
    struct gantry_profile_node nodes[NODES + 2];
    trace_init(&trace);
    add(&trace, 1, GANTRY_INSN_CONV, QUEUE_COMPUTE, 100, 7);
    add(&trace, 2, GANTRY_INSN_CONV, QUEUE_COMPUTE, 50, 3);
    add(&trace, 1, GANTRY_INSN_CONV, QUEUE_COMPUTE, 10, 0);
    assert_int_equal(attribute(&trace, nodes), 3);
    assert_int_equal(nodes[0].cycles, 117);
    assert_int_equal(nodes[0].stalls[GANTRY_STALL_BUSY], 110);
    assert_int_equal(nodes[0].stalls[GANTRY_STALL_EMPTY], 7);
    assert_int_equal(nodes[1].cycles, 0);
    assert_int_equal(nodes[2].cycles, 53);
}

static void attribute__load_and_store_records_own_nothing(void **state)
{
    (void)state;
    struct trace trace;
    struct gantry_profile_node nodes[NODES + 2];
    trace_init(&trace);
    add(&trace, 0, GANTRY_INSN_LOAD, QUEUE_LOAD, 100, 100);
    add(&trace, 5, GANTRY_INSN_STORE, QUEUE_STORE, 100, 100);
    add(&trace, 0, GANTRY_INSN_NOP, QUEUE_FETCH, 100, 100);
    assert_int_equal(attribute(&trace, nodes), 3);
    for (int i = 0; i < NODES + 2; i++) assert_int_equal(nodes[i].cycles, 0);
}

static void attribute__sync_and_copies_belong_to_the_launch(void **state)
{
    (void)state;
    struct trace trace;
    struct gantry_profile_node nodes[NODES + 2];
    trace_init(&trace);
    add(&trace, 3, GANTRY_INSN_SYNC, QUEUE_COMPUTE, 1, 4);
    add(&trace, 4, GANTRY_INSN_CONV, QUEUE_COMPUTE, 20, 0);
    assert_int_equal(attribute(&trace, nodes), 2);
    assert_int_equal(nodes[1].cycles, 0);
    assert_int_equal(nodes[NODES].cycles, 25);
}

static void attribute__end_owns_the_tail(void **state)
{
    (void)state;
    struct trace trace;
    struct gantry_profile_node nodes[NODES + 2];
    trace_init(&trace);
    add(&trace, 6, GANTRY_INSN_END, QUEUE_FETCH, 0, 300);
    assert_int_equal(attribute(&trace, nodes), 1);
    assert_int_equal(nodes[NODES + 1].cycles, 300);
    assert_int_equal(nodes[NODES + 1].stalls[GANTRY_STALL_EMPTY], 300);
}

static void attribute__stops_at_what_was_not_written(void **state)
{
    (void)state;
    struct trace trace;
    struct gantry_profile_node nodes[NODES + 2];
    trace_init(&trace);
    assert_int_equal(attribute(&trace, nodes), 0);
    add(&trace, 1, GANTRY_INSN_CONV, QUEUE_COMPUTE, 5, 0);
    assert_int_equal(attribute(&trace, nodes), 1);
    assert_int_equal(nodes[0].cycles, 5);
}

static void attribute__an_index_out_of_range_is_no_node(void **state)
{
    (void)state;
    struct trace trace;
    struct gantry_profile_node nodes[NODES + 2];
    trace_init(&trace);
    add(&trace, 12345, GANTRY_INSN_CONV, QUEUE_COMPUTE, 5, 0);
    assert_int_equal(attribute(&trace, nodes), 1);
    assert_int_equal(nodes[NODES].cycles, 5);
}

static void events__work_of_compute_begins_behind_its_semaphores(void **state)
{
    (void)state;
    struct trace trace;
    struct gantry_profile_event events[RECORDS];
    const size_t semaphore = 4 * (GANTRY_TRACE_STALL0_WORD + GANTRY_STALL_SEMAPHORE);
    trace_init(&trace);
    add(&trace, 0, GANTRY_INSN_LOAD, QUEUE_LOAD, 0, 0);
    add(&trace, 1, GANTRY_INSN_CONV, QUEUE_COMPUTE, 100, 7);
    for (size_t i = 0; i < 2; i++) {
        uint8_t *record = trace.bytes + i * GANTRY_TRACE_BYTES;
        gantry_store_u32(record + 4 * GANTRY_TRACE_START_WORD, 40);
        gantry_store_u32(record + 4 * GANTRY_TRACE_END_WORD, 199);
        gantry_store_u32(record + semaphore, 60);
    }
    assert_int_equal(gantry_trace_events(trace.bytes, RECORDS, insn_node, 7, 0, events), 2);
    assert_true(events[0].from_cycle == 40 && events[0].work_cycle == 40);
    assert_true(events[1].from_cycle == 40 && events[1].work_cycle == 100);
    assert_int_equal(events[1].to_cycle, 199);
}

static void profile__stall_names_are_the_specifications(void **state)
{
    (void)state;
    assert_string_equal(gantry_profile_stall_name(GANTRY_STALL_BUSY), "busy");
    assert_string_equal(gantry_profile_stall_name(GANTRY_STALL_EMPTY), "empty");
    assert_non_null(gantry_profile_stall_name(99));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(attribute__compute_records_own_the_cycles_of_their_node),
    cmocka_unit_test(attribute__load_and_store_records_own_nothing),
    cmocka_unit_test(attribute__sync_and_copies_belong_to_the_launch),
    cmocka_unit_test(attribute__end_owns_the_tail),
    cmocka_unit_test(attribute__stops_at_what_was_not_written),
    cmocka_unit_test(attribute__an_index_out_of_range_is_no_node),
    cmocka_unit_test(events__work_of_compute_begins_behind_its_semaphores),
    cmocka_unit_test(profile__stall_names_are_the_specifications),
};

GANTRY_TEST_MAIN("attribute", tests)
