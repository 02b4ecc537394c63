/* SPDX-License-Identifier: Apache-2.0
 * XRT reads the sections of an xclbin where its header says that they are: a file that is cut or
 * not an xclbin at all is refused here. Offsets are those of struct axlf and of its sections in
 * XRT's xclbin.h, which a test compares. */
#include "device/xclbin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BUFFER(reg, master)
#define KERNEL(name, instance) static const char kernel[] = #name ":";
#include "kernel.def"
#undef BUFFER
#undef KERNEL

/* The file's head, and the headers of sections that follow it. */
enum { LENGTH_AT = 304, COUNT_AT = 448, HEAD_BYTES = 456, SECTIONS_MAX = 256 };
enum { KIND_AT = 0, OFFSET_AT = 24, SIZE_AT = 32, HEADER_BYTES = 40 };
enum { MEM_TOPOLOGY = 6, IP_LAYOUT = 8, CLOCK_FREQ_TOPOLOGY = 11, USER_METADATA = 16 };
/* A count, then entries, of the sections that are read. */
enum { ENTRIES_AT = 8, ENTRIES_MAX = 4096 };
enum { MEMORY_USED_AT = 1, MEMORY_KB_AT = 8, MEMORY_BASE_AT = 16, MEMORY_TAG_AT = 24 };
enum { MEMORY_BYTES = 40, IP_TYPE_AT = 0, IP_BASE_AT = 8, IP_NAME_AT = 16, IP_BYTES = 80 };
enum { CLOCKS_AT = 2, CLOCK_MHZ_AT = 0, CLOCK_TYPE_AT = 2, CLOCK_BYTES = 136 };
enum { IP_KERNEL = 1, CLOCK_DATA = 1, ENTRY_BYTES_MAX = 136 };

struct section {
    uint64_t at, bytes;
};

static bool read_at(FILE *file, uint64_t offset, void *out, size_t bytes)
{
    return offset <= INT64_MAX && fseeko(file, (off_t)offset, SEEK_SET) == 0 &&
           fread(out, 1, bytes, file) == bytes;
}

/* Entry i of a section, if it is there; entries lie from byte first on. */
static bool read_entry(FILE *file, const struct section *section, uint32_t first, uint32_t bytes,
                       uint32_t i, uint8_t *out)
{
    uint64_t at = first + (uint64_t)i * bytes;
    return at + bytes <= section->bytes && read_at(file, section->at + at, out, bytes);
}

static uint32_t count_of(FILE *file, const struct section *section)
{
    uint8_t bytes[4];
    if (section->bytes < sizeof bytes || !read_at(file, section->at, bytes, sizeof bytes)) return 0;
    uint32_t count = gantry_load_u32(bytes);
    return count < ENTRIES_MAX ? count : ENTRIES_MAX;
}

static void read_clocks(struct gantry_xclbin *out, FILE *file, const struct section *section)
{
    uint8_t entry[CLOCK_BYTES];
    uint32_t count = count_of(file, section) & 0xFFFF; /* 16 bits */
    for (uint32_t i = 0; i < count && !out->clock_hz; i++) {
        if (!read_entry(file, section, CLOCKS_AT, CLOCK_BYTES, i, entry)) return;
        if (entry[CLOCK_TYPE_AT] == CLOCK_DATA)
            out->clock_hz = gantry_load_u16(entry + CLOCK_MHZ_AT) * 1000000u;
    }
}

static void read_memories(struct gantry_xclbin *out, FILE *file, const struct section *section)
{
    uint8_t entry[MEMORY_BYTES];
    uint32_t count = count_of(file, section);
    for (uint32_t i = 0; i < count && out->memory_count < GANTRY_XCLBIN_MEMORIES_MAX; i++) {
        if (!read_entry(file, section, ENTRIES_AT, MEMORY_BYTES, i, entry)) return;
        uint64_t kilobytes = gantry_load_u64(entry + MEMORY_KB_AT);
        if (!entry[MEMORY_USED_AT] || kilobytes > UINT64_MAX / 1024) continue;
        struct gantry_xclbin_memory *memory = &out->memories[out->memory_count++];
        memory->base = gantry_load_u64(entry + MEMORY_BASE_AT);
        memory->bytes = kilobytes * 1024;
        (void)snprintf(memory->tag, sizeof memory->tag, "%.16s",
                       (const char *)entry + MEMORY_TAG_AT);
    }
}

static void read_kernels(struct gantry_xclbin *out, FILE *file, const struct section *section)
{
    uint8_t entry[IP_BYTES + 1] = {0};
    const char *name = (const char *)entry + IP_NAME_AT;
    uint32_t count = count_of(file, section);
    for (uint32_t i = 0; i < count && out->instances < GANTRY_XCLBIN_INSTANCES_MAX; i++) {
        if (!read_entry(file, section, ENTRIES_AT, IP_BYTES, i, entry)) return;
        if (gantry_load_u32(entry + IP_TYPE_AT) != IP_KERNEL ||
            memcmp(name, kernel, sizeof kernel - 1) != 0)
            continue;
        if (!out->has_kernel) out->registers = gantry_load_u64(entry + IP_BASE_AT);
        out->has_kernel = true;
        (void)snprintf(out->names[out->instances++], GANTRY_XCLBIN_NAME_BYTES, "%.47s",
                       name + sizeof kernel - 1);
    }
}

static const char *read_section(struct gantry_xclbin *out, FILE *file, uint32_t kind,
                                const struct section *section)
{
    if (kind == CLOCK_FREQ_TOPOLOGY) read_clocks(out, file, section);
    if (kind == MEM_TOPOLOGY) read_memories(out, file, section);
    if (kind == IP_LAYOUT) read_kernels(out, file, section);
    if (kind != USER_METADATA) return NULL;
    if (section->bytes >= sizeof out->text) return "its user section is too long";
    return read_at(file, section->at, out->text, section->bytes) ? NULL : "truncated";
}

static const char *read_file(struct gantry_xclbin *out, FILE *file)
{
    uint8_t head[HEAD_BYTES], header[HEADER_BYTES];
    if (!read_at(file, 0, head, sizeof head)) return "truncated";
    if (memcmp(head, "xclbin2", sizeof "xclbin2") != 0) return "not an xclbin";
    off_t end = fseeko(file, 0, SEEK_END) == 0 ? ftello(file) : -1;
    if (end < 0 || (uint64_t)end != gantry_load_u64(head + LENGTH_AT))
        return "its length is not the one that its header has";
    uint64_t length = (uint64_t)end;
    uint32_t count = gantry_load_u32(head + COUNT_AT);
    if (count > SECTIONS_MAX) return "too many sections";
    for (uint32_t i = 0; i < count; i++) {
        if (!read_at(file, HEAD_BYTES + (uint64_t)i * HEADER_BYTES, header, sizeof header))
            return "truncated";
        struct section section = {gantry_load_u64(header + OFFSET_AT),
                                  gantry_load_u64(header + SIZE_AT)};
        if (section.at > length || section.bytes > length - section.at)
            return "a section lies beyond its end";
        const char *wrong = read_section(out, file, gantry_load_u32(header + KIND_AT), &section);
        if (wrong) return wrong;
    }
    return NULL;
}

enum gantry_status gantry_xclbin_read(struct gantry_xclbin *out, const char *who, const char *path,
                                      struct gantry_error *error)
{
    *out = (struct gantry_xclbin){0};
    FILE *file = fopen(path, "rb");
    if (!file) {
        gantry_fail(error, GANTRY_ERR_FILE, "%s: %.150s: %s", who, path, strerror(errno));
        gantry_hint(error, "GANTRY_XCLBIN names the accelerator's file; an application that is "
                           "loaded with xmutil brings one");
        return GANTRY_ERR_FILE;
    }
    const char *wrong = read_file(out, file);
    (void)fclose(file);
    if (!wrong) return GANTRY_OK;
    return gantry_fail(error, GANTRY_ERR_FILE, "%s: %.150s: %s", who, path, wrong);
}
