/* SPDX-License-Identifier: Apache-2.0
 * Calls of XRT's emulation driver: a header with length and number, then fields in protobuf's wire
 * format. The answer has a header with its length only. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "emu.h"

enum { HEADER_BYTES = 14, ANSWER_HEADER_BYTES = 9, FIELDS = 8, WAIT_S = 30 };
enum { MESSAGE_BYTES_MAX = 1 << 24, ANSWER_SLACK = 64 };

enum call {
    CLOSE = 1,
    ALLOCATE = 4,
    FREE = 5,
    TO_DEVICE = 6,
    FROM_DEVICE = 7,
    WRITE_CONTROL = 9,
    READ_CONTROL = 11,
    READ_TRACE = 16,
    GET_MESSAGES = 19
};

/* ---- Wire format ---- */

struct fields {
    uint64_t number[FIELDS];
    const uint8_t *bytes[FIELDS]; /* number is then their length */
};

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        *out |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) return true;
    }
    return false;
}

static bool read_value(unsigned kind, const uint8_t **at, const uint8_t *end, uint64_t *value,
                       const uint8_t **bytes)
{
    size_t left = (size_t)(end - *at), width = kind == 1 ? 8 : 4;
    *bytes = NULL;
    if (kind == 0) return read_varint(at, end, value);
    if (kind == 2) {
        if (!read_varint(at, end, value) || *value > (size_t)(end - *at)) return false;
        *bytes = *at;
        *at += *value;
        return true;
    }
    if ((kind != 1 && kind != 5) || left < width) return false;
    *value = kind == 1 ? gantry_load_u64(*at) : gantry_load_u32(*at);
    *at += width;
    return true;
}

static bool parse(const uint8_t *at, size_t length, struct fields *out)
{
    const uint8_t *end = at + length, *bytes;
    memset(out, 0, sizeof *out);
    while (at < end) {
        uint64_t key, value;
        if (!read_varint(&at, end, &key)) return false;
        if (!read_value((unsigned)key & 7, &at, end, &value, &bytes)) return false;
        if (key >> 3 >= FIELDS) continue;
        out->number[key >> 3] = value;
        out->bytes[key >> 3] = bytes;
    }
    return true;
}

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value > 0x7F; value >>= 7) *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_number(uint8_t *at, uint64_t value)
{
    return put_varint(put_varint(at, 1 << 3), value);
}

/* Field 2 of that many bytes, which follow. */
static uint8_t *put_bytes(uint8_t *at, uint64_t bytes)
{
    return put_varint(put_varint(at, 2 << 3 | 2), bytes);
}

/* ---- Calls ---- */

static bool in_bank(const struct emu_session *session, uint64_t address, uint64_t bytes)
{
    uint64_t offset = address - EMU_MEMORY_BASE;
    return address >= EMU_MEMORY_BASE && offset <= session->bank_bytes &&
           bytes <= session->bank_bytes - offset && bytes <= MESSAGE_BYTES_MAX;
}

static uint8_t *to_device(struct emu_session *session, const struct fields *call, uint8_t *at)
{
    uint64_t address = call->number[3] + call->number[6], bytes = call->number[5];
    if (in_bank(session, address, bytes) && call->bytes[4] && call->number[4] >= bytes)
        memcpy(session->memory + (address - EMU_MEMORY_BASE), call->bytes[4], bytes);
    return put_number(at, bytes);
}

static uint8_t *from_device(struct emu_session *session, const struct fields *call, uint8_t *at)
{
    uint64_t address = call->number[4] + call->number[6], bytes = call->number[5];
    if (!in_bank(session, address, bytes)) bytes = 0;
    at = put_bytes(put_number(at, bytes), bytes);
    if (bytes) memcpy(at, session->memory + (address - EMU_MEMORY_BASE), bytes);
    return at + bytes;
}

static uint32_t register_of(uint64_t address)
{
    return (uint32_t)((address - EMU_CONTROL_BASE) & (EMU_CONTROL_BYTES - 1));
}

static uint32_t instance_of(uint64_t address)
{
    return (uint32_t)((address - EMU_CONTROL_BASE) / EMU_CONTROL_STRIDE);
}

static uint8_t *write_control(struct emu_session *session, const struct fields *call, uint8_t *at)
{
    for (uint64_t i = 0; call->bytes[4] && i + 4 <= call->number[4] && i + 4 <= call->number[3];
         i += 4)
        emu_rtl_write(&session->rtl, instance_of(call->number[2]), register_of(call->number[2] + i),
                      gantry_load_u32(call->bytes[4] + i));
    return put_number(at, 1);
}

static uint8_t *read_control(struct emu_session *session, const struct fields *call, uint8_t *at)
{
    uint64_t bytes = call->number[3] <= EMU_CONTROL_BYTES ? call->number[3] / 4 * 4 : 0;
    at = put_bytes(put_number(at, 1), bytes);
    for (uint64_t i = 0; i < bytes; i += 4, at += 4)
        gantry_store_u32(at, emu_rtl_read(&session->rtl, instance_of(call->number[2]),
                                          register_of(call->number[2] + i)));
    return at;
}

static uint8_t *allocate(struct emu_session *session, const struct fields *call, uint8_t *at)
{
    uint64_t address = call->number[1], bytes = gantry_align_size(call->number[2], 4096);
    uint64_t offset = address - EMU_MEMORY_BASE;
    bool fits = address >= EMU_MEMORY_BASE && offset <= session->bank_bytes &&
                bytes <= session->bank_bytes - offset;
    return put_number(at, fits && emu_rtl_map(&session->rtl, address, bytes));
}

/* Writes the answer's fields; returns their end. */
static uint8_t *answer(struct emu_session *session, unsigned api, const struct fields *call,
                       uint8_t *at)
{
    switch (api) {
    case ALLOCATE:
        return allocate(session, call, at);
    case FREE:
        emu_rtl_unmap(&session->rtl, call->number[1]);
        return put_number(at, 1);
    case TO_DEVICE:
        return to_device(session, call, at);
    case FROM_DEVICE:
        return from_device(session, call, at);
    case WRITE_CONTROL:
        return write_control(session, call, at);
    case READ_CONTROL:
        return read_control(session, call, at);
    case READ_TRACE:
    case GET_MESSAGES:
        return at;
    default:
        return put_number(at, 1);
    }
}

/* ---- The connection ---- */

static bool send_all(int fd, const uint8_t *at, size_t bytes)
{
    while (bytes) {
        ssize_t sent = send(fd, at, bytes, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        at += sent;
        bytes -= (size_t)sent;
    }
    return true;
}

static bool receive_all(int fd, uint8_t *at, size_t bytes)
{
    while (bytes) {
        ssize_t got = recv(fd, at, bytes, MSG_WAITALL);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got;
        bytes -= (size_t)got;
    }
    return true;
}

static bool make_room(struct emu_session *session, size_t bytes)
{
    if (bytes <= session->message_room) return true;
    gantry_release(NULL, session->message);
    session->message = gantry_allocate(NULL, 1, bytes);
    session->message_room = session->message ? bytes : 0;
    return session->message != NULL;
}

bool emu_session_serve(struct emu_session *session)
{
    uint8_t header[HEADER_BYTES];
    struct fields about, call;
    if (!receive_all(session->calls, header, sizeof header)) return false;
    if (!parse(header, sizeof header, &about) || about.number[1] > MESSAGE_BYTES_MAX) return false;
    size_t length = (size_t)about.number[1];
    unsigned api = (unsigned)about.number[2];
    if (!make_room(session, length + 1) || !receive_all(session->calls, session->message, length) ||
        !parse(session->message, length, &call))
        return false;
    uint64_t data = api == FROM_DEVICE ? call.number[5] : api == READ_CONTROL ? call.number[3] : 0;
    if (data > MESSAGE_BYTES_MAX) return false;
    uint8_t *reply = gantry_allocate(NULL, 1, ANSWER_HEADER_BYTES + ANSWER_SLACK + (size_t)data);
    if (!reply) return false;
    uint8_t *start = reply + ANSWER_HEADER_BYTES, *end = answer(session, api, &call, start);
    reply[0] = 1 << 3 | 1;
    gantry_store_u64(reply + 1, (uint64_t)(end - start));
    bool fine = send_all(session->calls, reply, (size_t)(end - reply));
    gantry_release(NULL, reply);
    return fine && api != CLOSE;
}

bool emu_session_open(struct emu_session *session, const struct emu_setup *setup, int calls,
                      int other)
{
    const struct timeval limit = {.tv_sec = WAIT_S};
    *session = (struct emu_session){.calls = calls, .other = other, .rtl = {-1, -1}};
    session->bank_bytes = setup->bank_bytes;
    (void)setsockopt(calls, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(calls, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    session->memory = mmap(NULL, (size_t)setup->bank_bytes, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (session->memory == MAP_FAILED) {
        session->memory = NULL;
        return false;
    }
    return emu_rtl_start(&session->rtl, setup, session->memory);
}

void emu_session_close(struct emu_session *session)
{
    /* The driver waits for this before it closes. */
    static const uint8_t bye[HEADER_BYTES] = {1 << 3 | 1, 0, 0,          0,     0, 0, 0,
                                              0,          0, 2 << 3 | 5, CLOSE, 0, 0, 0};
    (void)send_all(session->other, bye, sizeof bye);
    emu_rtl_stop(&session->rtl);
    (void)close(session->calls);
    (void)close(session->other);
    if (session->memory) (void)munmap(session->memory, (size_t)session->bank_bytes);
    gantry_release(NULL, session->message);
}
