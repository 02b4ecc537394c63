/* SPDX-License-Identifier: Apache-2.0
 * Writes the file that describes the accelerator to XRT: one kernel, its
 * instances, one memory, one clock. */
#include <string.h>
#include <xclbin.h>

#include "device/registers.h"
#include "emu.h"

#define BUFFER(reg, master)
#define KERNEL(name, instance) static const char kernel_name[] = #name, instance_name[] = #instance;
#include "kernel.def"
#undef BUFFER
#undef KERNEL
#define KERNEL(name, instance)
#define BUFFER(reg, master) {GANTRY_REG_##reg, master},
static const struct {
    uint32_t reg, master;
} masters[] = {
#include "kernel.def"
};

enum { IMAGE_BYTES = 32768, SECTIONS = 5, TEXT_BYTES = 16384, BANK = 0 };

struct image {
    union {
        struct axlf top;
        uint8_t bytes[IMAGE_BYTES];
    } u;
    size_t used;
};

static void *section(struct image *image, enum axlf_section_kind kind, const char *name,
                     size_t bytes)
{
    struct axlf_section_header *header = &(
        (struct axlf_section_header
             *)(void *)(image->u.bytes +
                        offsetof(struct axlf, m_sections)))[image->u.top.m_header.m_numSections++];
    gantry_assert(image->used + bytes + 8 <= IMAGE_BYTES);
    header->m_sectionKind = kind;
    (void)snprintf(header->m_sectionName, sizeof header->m_sectionName, "%s", name);
    header->m_sectionOffset = image->used;
    header->m_sectionSize = bytes;
    void *content = image->u.bytes + image->used;
    image->used = gantry_align_size(image->used + bytes, 8);
    return content;
}

static uint32_t master_of(uint32_t reg)
{
    for (size_t i = 0; i < GANTRY_COUNT(masters); i++)
        if (masters[i].reg == reg) return masters[i].master;
    return 0;
}

static size_t add(char *text, size_t at, const char *format, ...) GANTRY_PRINTF(3, 4);
static size_t add(char *text, size_t at, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int written = vsnprintf(text + at, TEXT_BYTES - at, format, list);
    va_end(list);
    gantry_assert(written > 0 && at + (size_t)written < TEXT_BYTES);
    return at + (size_t)written;
}

static uint64_t control_of(int instance)
{
    return EMU_CONTROL_BASE + (uint64_t)instance * EMU_CONTROL_STRIDE;
}

static size_t describe(char *text, const struct emu_setup *setup,
                       const struct gantry_argument *arguments, size_t count)
{
    size_t at = add(text, 0,
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                    "<project name=\"gantry\"><platform vendor=\"gantry\" boardid=\"emulation\" "
                    "name=\"gantry\" featureRomTime=\"0\"><version major=\"1\" minor=\"0\"/>\n"
                    "<device name=\"fpga0\" fpgaDevice=\"zynquplus:xck26\" addrWidth=\"0\">"
                    "<core name=\"OCL_REGION_0\" target=\"hw_em\" type=\"clc_region\" "
                    "clockFreq=\"0MHz\" numComputeUnits=\"%d\">\n"
                    "<kernel name=\"%s\" language=\"ip\" type=\"pl\" attributes=\"\" hash=\"\" "
                    "preferredWorkGroupSizeMultiple=\"0\" workGroupSize=\"1\" interrupt=\"true\" "
                    "hwControlProtocol=\"ap_ctrl_hs\">\n",
                    emu_instances(setup), kernel_name);
    for (int i = 0; i < GANTRY_SIM_PORTS; i++)
        at = add(text, at,
                 "<port name=\"M_AXI_GMEM%d\" mode=\"master\" range=\"0xFFFFFFFFFFFFFFFF\" "
                 "dataWidth=\"%d\" portType=\"addressable\" base=\"0x0\"/>\n",
                 i, 8 * GANTRY_AXI_BYTES);
    at = add(text, at,
             "<port name=\"S_AXI_CONTROL\" mode=\"slave\" range=\"0x%X\" dataWidth=\"32\" "
             "portType=\"addressable\" base=\"0x0\"/>\n",
             EMU_CONTROL_BYTES);
    for (size_t i = 0; i < count; i++) {
        const struct gantry_argument *a = &arguments[i];
        char port[32] = "S_AXI_CONTROL";
        if (a->role >= 0) (void)snprintf(port, sizeof port, "M_AXI_GMEM%u", master_of(a->reg));
        at = add(text, at,
                 "<arg name=\"%s\" addressQualifier=\"%d\" id=\"%zu\" port=\"%s\" size=\"0x%X\" "
                 "offset=\"0x%X\" hostOffset=\"0x0\" hostSize=\"0x%X\" type=\"%s\"/>\n",
                 a->name, a->role >= 0, i, port, a->wide ? 8 : 4, a->reg, a->wide ? 8 : 4,
                 a->role >= 0 ? "void*" : (a->wide ? "ulong" : "uint"));
    }
    for (int i = 0; i < emu_instances(setup); i++)
        at = add(text, at,
                 "<instance name=\"%s%d\"><addrRemap base=\"0x%llX\" range=\"0x%X\" "
                 "port=\"S_AXI_CONTROL\"/></instance>\n",
                 instance_name, i + 1, (unsigned long long)control_of(i), EMU_CONTROL_BYTES);
    return add(text, at, "</kernel></core></device></platform></project>\n");
}

static void add_memory(struct image *image, const struct emu_setup *setup)
{
    struct mem_topology *topology = section(image, MEM_TOPOLOGY, "mem_topology", sizeof *topology);
    struct mem_data *bank = topology->m_mem_data;
    topology->m_count = 1;
    bank->m_type = MEM_DDR4;
    bank->m_used = 1;
    bank->m_size = setup->bank_bytes / 1024;
    bank->m_base_address = EMU_MEMORY_BASE;
    (void)snprintf((char *)bank->m_tag, sizeof bank->m_tag, "DDR[0]");
}

static void add_kernels(struct image *image, const struct emu_setup *setup)
{
    int count = emu_instances(setup);
    struct ip_layout *layout =
        section(image, IP_LAYOUT, "ip_layout",
                sizeof *layout + (size_t)(count - 1) * sizeof layout->m_ip_data[0]);
    layout->m_count = count;
    for (int i = 0; i < count; i++) {
        struct ip_data *ip = &layout->m_ip_data[i];
        ip->m_type = IP_KERNEL;
        ip->properties = AP_CTRL_HS << IP_CONTROL_SHIFT;
        ip->m_base_address = control_of(i);
        (void)snprintf((char *)ip->m_name, sizeof ip->m_name, "%s:%s%d", kernel_name, instance_name,
                       i + 1);
    }
}

static void add_connections(struct image *image, const struct emu_setup *setup,
                            const struct gantry_argument *arguments, size_t count)
{
    size_t most = (size_t)emu_instances(setup) * GANTRY_ROLE_COUNT;
    struct connectivity *all = section(image, CONNECTIVITY, "connectivity",
                                       sizeof *all + (most - 1) * sizeof all->m_connection[0]);
    struct connection *next = all->m_connection;
    for (int k = 0; k < emu_instances(setup); k++)
        for (size_t i = 0; i < count; i++)
            if (arguments[i].role >= 0) *next++ = (struct connection){(int32_t)i, k, BANK};
    all->m_count = (int32_t)(next - all->m_connection);
}

static void add_clock(struct image *image, const struct emu_setup *setup)
{
    struct clock_freq_topology *clocks =
        section(image, CLOCK_FREQ_TOPOLOGY, "clocks", sizeof *clocks);
    clocks->m_count = 1;
    clocks->m_clock_freq[0].m_freq_Mhz = (uint16_t)(setup->preset->clock_hz / 1000000);
    clocks->m_clock_freq[0].m_type = CT_DATA;
    (void)snprintf(clocks->m_clock_freq[0].m_name, sizeof clocks->m_clock_freq[0].m_name, "ap_clk");
}

static void add_top(struct image *image)
{
    struct axlf *top = &image->u.top;
    memcpy(top->m_magic, "xclbin2", sizeof top->m_magic);
    top->m_signature_length = -1;
    memset(top->reserved, 0xFF, sizeof top->reserved);
    memset(top->m_keyBlock, 0xFF, sizeof top->m_keyBlock);
    top->m_header.m_versionMajor = 2;
    top->m_header.m_versionMinor = 13;
    top->m_header.m_mode = XCLBIN_HW_EMU;
    (void)snprintf((char *)top->m_header.m_platformVBNV, sizeof top->m_header.m_platformVBNV,
                   "gantry:emulation:verilator:1.0");
    memcpy(top->m_header.uuid, "gantry-emulation", sizeof top->m_header.uuid);
    image->used = offsetof(struct axlf, m_sections) + SECTIONS * sizeof top->m_sections[0];
}

bool emu_xclbin_write(const char *path, const struct emu_setup *setup)
{
    static struct image image;
    static char text[TEXT_BYTES];
    struct gantry_argument arguments[GANTRY_ARGUMENTS_MAX];
    size_t count = gantry_arguments(arguments), length = describe(text, setup, arguments, count);
    add_top(&image);
    add_memory(&image, setup);
    add_kernels(&image, setup);
    add_connections(&image, setup, arguments, count);
    add_clock(&image, setup);
    memcpy(section(&image, EMBEDDED_METADATA, "metadata", length), text, length);
    image.u.top.m_header.m_length = image.used;
    FILE *file = fopen(path, "wb");
    if (!file) return false;
    bool fine = fwrite(image.u.bytes, 1, image.used, file) == image.used;
    return fclose(file) == 0 && fine;
}
