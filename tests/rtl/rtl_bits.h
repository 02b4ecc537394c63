/* SPDX-License-Identifier: Apache-2.0
 * Bit fields of a Verilated port, whatever C type its width gives it. */
#ifndef GANTRY_RTL_BITS_H
#define GANTRY_RTL_BITS_H

#include "rtl_test.h"

/* Bits lsb.. of a port; width 1..64. Verilator's types are little-endian words. */
template <class Port> uint64_t bits_get(const Port &port, int lsb, int width)
{
    uint8_t bytes[sizeof(Port)];
    std::memcpy(bytes, &port, sizeof bytes);
    uint64_t value = 0;
    for (int i = 0; i < width; i++) {
        int bit = lsb + i;
        value |= (uint64_t)(bytes[bit / 8] >> bit % 8 & 1) << i;
    }
    return value;
}

template <class Port> void bits_set(Port &port, int lsb, int width, uint64_t value)
{
    uint8_t bytes[sizeof(Port)];
    std::memcpy(bytes, &port, sizeof bytes);
    for (int i = 0; i < width; i++) {
        int bit = lsb + i;
        uint8_t mask = (uint8_t)(1u << bit % 8);
        bytes[bit / 8] = (uint8_t)((bytes[bit / 8] & ~mask) | ((value >> i & 1) ? mask : 0));
    }
    std::memcpy(&port, bytes, sizeof bytes);
}

/* Sixteen bytes of lane n of a port that is a multiple of 128 bits wide. */
template <class Port> void bytes_get(const Port &port, int lane, uint8_t out[16])
{
    std::memcpy(out, (const uint8_t *)&port + 16 * lane, 16);
}

template <class Port> void bytes_set(Port &port, int lane, const uint8_t in[16])
{
    std::memcpy((uint8_t *)&port + 16 * lane, in, 16);
}

#endif
