/* SPDX-License-Identifier: Apache-2.0
 * XRT reads the sections of an xclbin where its header says that they are: a file that is cut or
 * not an xclbin at all is refused here. */
#include "xclbin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <xclbin.h>

enum { SECTIONS_MAX = 256 };

static enum gantry_status refuse(const char *device, const char *path, const char *why,
                                 struct gantry_error *error)
{
    return gantry_fail(error, GANTRY_ERR_FILE, "%s: %.150s: %s", device, path, why);
}

static bool read_at(FILE *file, uint64_t offset, void *out, size_t bytes)
{
    return offset <= INT64_MAX && fseeko(file, (off_t)offset, SEEK_SET) == 0 &&
           fread(out, 1, bytes, file) == bytes;
}

/* The first data clock of the section, in Hz; 0 without. */
static uint32_t read_clock(FILE *file, const struct axlf_section_header *section)
{
    struct clock_freq clock;
    int16_t count;
    uint64_t at = section->m_sectionOffset + offsetof(struct clock_freq_topology, m_clock_freq);
    uint64_t end = section->m_sectionOffset + section->m_sectionSize;
    if (section->m_sectionSize < sizeof count ||
        !read_at(file, section->m_sectionOffset, &count, sizeof count))
        return 0;
    for (; count > 0 && at + sizeof clock <= end; count--, at += sizeof clock) {
        if (!read_at(file, at, &clock, sizeof clock)) return 0;
        if (clock.m_type == CT_DATA) return clock.m_freq_Mhz * 1000000u;
    }
    return 0;
}

static const char *check(FILE *file, uint32_t *clock_hz)
{
    struct axlf top;
    const uint64_t first = offsetof(struct axlf, m_sections);
    if (!read_at(file, 0, &top, first)) return "truncated";
    if (memcmp(top.m_magic, "xclbin2", sizeof top.m_magic) != 0) return "not an xclbin";
    off_t end = fseeko(file, 0, SEEK_END) == 0 ? ftello(file) : -1;
    if (end < 0 || (uint64_t)end != top.m_header.m_length)
        return "its length is not the one that its header has";
    uint64_t length = (uint64_t)end;
    if (top.m_header.m_numSections > SECTIONS_MAX) return "too many sections";
    for (uint32_t i = 0; i < top.m_header.m_numSections; i++) {
        struct axlf_section_header section;
        if (!read_at(file, first + i * sizeof section, &section, sizeof section))
            return "truncated";
        if (section.m_sectionOffset > length ||
            section.m_sectionSize > length - section.m_sectionOffset)
            return "a section lies beyond its end";
        if (section.m_sectionKind == CLOCK_FREQ_TOPOLOGY) *clock_hz = read_clock(file, &section);
    }
    return NULL;
}

enum gantry_status gantry_xclbin_check(const char *device, const char *path, uint32_t *clock_hz,
                                       struct gantry_error *error)
{
    *clock_hz = 0;
    FILE *file = fopen(path, "rb");
    if (!file) {
        refuse(device, path, strerror(errno), error);
        gantry_hint(error, "GANTRY_XCLBIN names the accelerator's file; an application that is "
                           "loaded with xmutil brings one");
        return GANTRY_ERR_FILE;
    }
    const char *wrong = check(file, clock_hz);
    (void)fclose(file);
    return wrong ? refuse(device, path, wrong, error) : GANTRY_OK;
}
