/* SPDX-License-Identifier: Apache-2.0
 * The accelerator's file, written with the structures of XRT's header and read without them. */
#include "test.h"

#include <string.h>
#include <xclbin.h>

#include "device/xclbin.h"

#define PATH GANTRY_BUILD_DIR "/test.xclbin"

enum { IMAGE_BYTES = 8192, SECTIONS_MAX = 8 };

static union {
    struct axlf top;
    uint8_t bytes[IMAGE_BYTES];
} image;
static size_t used;

static void begin(void)
{
    memset(&image, 0, sizeof image);
    memcpy(image.top.m_magic, "xclbin2", sizeof image.top.m_magic);
    used = offsetof(struct axlf, m_sections) + SECTIONS_MAX * sizeof image.top.m_sections[0];
}

static struct axlf_section_header *add(enum axlf_section_kind kind, const void *content,
                                       size_t bytes)
{
    struct axlf_section_header *header = &image.top.m_sections[image.top.m_header.m_numSections++];
    header->m_sectionKind = kind;
    header->m_sectionOffset = used;
    header->m_sectionSize = bytes;
    memcpy(image.bytes + used, content, bytes);
    used = (used + bytes + 7) / 8 * 8;
    return header;
}

static enum gantry_status finish(struct gantry_xclbin *out, struct gantry_error *error)
{
    image.top.m_header.m_length = used;
    FILE *file = fopen(PATH, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(image.bytes, 1, used, file), used);
    assert_int_equal(fclose(file), 0);
    return gantry_xclbin_read(out, "test", PATH, error);
}

static void xclbin__what_xrt_s_structures_hold_is_read(void **state)
{
    (void)state;
    struct {
        struct mem_topology first;
        struct mem_data second;
    } memories = {.first = {.m_count = 2}};
    memories.first.m_mem_data[0].m_base_address = 0x1000;
    memories.second.m_used = 1;
    memories.second.m_size = 2048;
    memories.second.m_base_address = 0x800000000;
    memcpy(memories.second.m_tag, "HP0", 4);
    struct {
        struct ip_layout first;
        struct ip_data second;
    } kernels = {.first = {.m_count = 2}};
    kernels.first.m_ip_data[0].m_type = kernels.second.m_type = IP_KERNEL;
    kernels.first.m_ip_data[0].m_base_address = 0xA0010000;
    kernels.second.m_base_address = 0xA0020000;
    strncpy((char *)kernels.first.m_ip_data[0].m_name, "gantry_kernel:gantry_kernel_1", 64);
    strncpy((char *)kernels.second.m_name, "gantry_kernel:gantry_kernel_2", 64);
    struct clock_freq_topology clocks = {.m_count = 1};
    clocks.m_clock_freq[0].m_freq_Mhz = 250;
    clocks.m_clock_freq[0].m_type = CT_DATA;
    begin();
    add(MEM_TOPOLOGY, &memories, sizeof memories);
    add(IP_LAYOUT, &kernels, sizeof kernels);
    add(CLOCK_FREQ_TOPOLOGY, &clocks, sizeof clocks);
    add(USER_METADATA, "{\"spec_hash\": \"0\"}", 18);
    struct gantry_xclbin out;
    assert_int_equal(finish(&out, NULL), GANTRY_OK);
    assert_int_equal(out.clock_hz, 250000000);
    assert_true(out.has_kernel);
    assert_int_equal(out.registers, 0xA0010000);
    assert_int_equal(out.instances, 2);
    assert_string_equal(out.names[0], "gantry_kernel_1");
    assert_string_equal(out.names[1], "gantry_kernel_2");
    assert_int_equal(out.memory_count, 1);
    assert_int_equal(out.memories[0].base, 0x800000000);
    assert_int_equal(out.memories[0].bytes, 2048 * 1024);
    assert_string_equal(out.memories[0].tag, "HP0");
    assert_string_equal(out.text, "{\"spec_hash\": \"0\"}");
}

static void xclbin__another_kernel_is_none(void **state)
{
    (void)state;
    struct ip_layout kernels = {.m_count = 1};
    kernels.m_ip_data[0].m_type = IP_KERNEL;
    strncpy((char *)kernels.m_ip_data[0].m_name, "vadd:vadd_1", 64);
    begin();
    add(IP_LAYOUT, &kernels, sizeof kernels);
    struct gantry_xclbin out;
    assert_int_equal(finish(&out, NULL), GANTRY_OK);
    assert_false(out.has_kernel);
    assert_int_equal(out.clock_hz, 0);
}

static void xclbin__counts_beyond_a_section_read_nothing_more(void **state)
{
    (void)state;
    struct mem_topology memories = {.m_count = 0x7FFFFFFF};
    memories.m_mem_data[0].m_used = 1;
    begin();
    add(MEM_TOPOLOGY, &memories, sizeof memories);
    struct gantry_xclbin out;
    assert_int_equal(finish(&out, NULL), GANTRY_OK);
    assert_int_equal(out.memory_count, 1);
}

static void refused(const char *why)
{
    struct gantry_xclbin out;
    struct gantry_error error = {0};
    assert_int_equal(finish(&out, &error), GANTRY_ERR_FILE);
    assert_non_null(strstr(error.message, why));
}

static void xclbin__what_is_not_whole_is_refused(void **state)
{
    (void)state;
    static const char longer[2048];
    struct gantry_xclbin out;
    struct gantry_error error = {0};
    begin();
    image.top.m_magic[0] = 'X';
    refused("not an xclbin");
    begin();
    add(USER_METADATA, "{}", 2)->m_sectionOffset = IMAGE_BYTES;
    refused("a section lies beyond its end");
    begin();
    add(USER_METADATA, "{}", 2)->m_sectionSize = UINT64_MAX;
    refused("a section lies beyond its end");
    begin();
    image.top.m_header.m_numSections = 1000;
    refused("too many sections");
    begin();
    add(USER_METADATA, longer, sizeof longer);
    refused("its user section is too long");
    used = 100;
    refused("truncated");
    assert_int_equal(gantry_xclbin_read(&out, "test", PATH ".none", &error), GANTRY_ERR_FILE);
    assert_non_null(strstr(error.hint, "GANTRY_XCLBIN"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(xclbin__what_xrt_s_structures_hold_is_read),
    cmocka_unit_test(xclbin__another_kernel_is_none),
    cmocka_unit_test(xclbin__counts_beyond_a_section_read_nothing_more),
    cmocka_unit_test(xclbin__what_is_not_whole_is_refused),
};

GANTRY_TEST_MAIN("xclbin", tests)
