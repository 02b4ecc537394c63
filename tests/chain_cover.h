/* SPDX-License-Identifier: Apache-2.0
 * What random chains held: layers counted by class, read from the instructions themselves. */
#ifndef GANTRY_TEST_CHAIN_COVER_H
#define GANTRY_TEST_CHAIN_COVER_H

#include "chain.h"

/* COVER(NAME, text, first value or 0, count of classes, labels or NULL for numbers): a way to part
 * layers or programs into classes. Every class must be hit. */
#define GANTRY_CHAIN_COVERS(COVER)                                                 \
    COVER(OPCODE, "instruction", 0, 7, "NOP CONV WINDOW LOAD STORE SYNC END")      \
    COVER(MODE, "CONV mode", 0, 9, "plain DIAG MAX TCB POOL W2 flat RES in-place") \
    COVER(M, "CONV m", 0, 3, "1 2 4")                                              \
    COVER(CONV_STRIDE, "CONV stride", 0, 4, "1x1 1x2 2x1 2x2")                     \
    COVER(CONV_KH, "CONV kernel height", 1, 7, NULL)                               \
    COVER(CONV_KW, "CONV kernel width", 1, 7, NULL)                                \
    COVER(DILATION, "CONV dilation", 1, 3, NULL)                                   \
    COVER(WALK, "CONV input blocks", 1, 4, NULL)                                   \
    COVER(WINDOW_MODE, "WINDOW mode", 0, 4, "depthwise whole-map POOL two-parts")  \
    COVER(WINDOW_STRIDE, "WINDOW stride", 0, 4, "1x1 1x2 2x1 2x2")                 \
    COVER(WINDOW_KH, "WINDOW kernel height", 1, 7, NULL)                           \
    COVER(WINDOW_KW, "WINDOW kernel width", 1, 7, NULL)                            \
    COVER(PASSES, "WINDOW passes", 1, 8, NULL)                                     \
    COVER(PASS_ROWS, "WINDOW rows of a pass", 1, 3, NULL)                          \
    COVER(PAD_TOP, "padding above", 0, 3, "negative none some")                    \
    COVER(PAD_LEFT, "padding on the left", 0, 3, "negative none some")             \
    COVER(TILE, "rows of a tile", 1, 32, NULL)                                     \
    COVER(TILE_TAIL, "rows of the last tile", 1, 32, NULL)                         \
    COVER(TILES, "tiles of a group", 0, 3, "1 2 more")                             \
    COVER(PIXEL_TAIL, "pixels of the last row", 1, 8, NULL)                        \
    COVER(BLOCKS, "output blocks", 1, 4, NULL)                                     \
    COVER(DEP, "distance of the producer", 0, 8, NULL)                             \
    COVER(WAITS, "waits for the producer", 0, 2, "whole row-by-row")               \
    COVER(IN_BLOCK, "first input block", 0, 2, "0 later")                          \
    COVER(OUT_BLOCK, "first output block", 0, 2, "0 later")                        \
    COVER(OUT_PLANES, "planes of the output", 0, 4, "1x1 1x2 2x1 2x2")             \
    COVER(RES_PLANES, "planes of the residual", 0, 4, "1x1 1x2 2x1 2x2")           \
    COVER(ZERO, "zero point", 0, 3, "-128 inner 127")                              \
    COVER(LO, "lower clamp", 0, 3, "-128 inner 127")                               \
    COVER(HI, "upper clamp", 0, 3, "-128 inner 127")                               \
    COVER(RANGE, "clamps", 0, 2, "apart equal")                                    \
    COVER(PAD_BYTE, "pad byte", 0, 3, "-128 inner 127")                            \
    COVER(SUM, "accumulators", 0, 3, "near-minimum inner near-maximum")            \
    COVER(WEIGHT, "weights", 0, 2, "within-127 beyond")                            \
    COVER(LOAD, "LOAD", 0, 2, "plain folded")                                      \
    COVER(LOAD_BUFFER, "LOAD from", 0, 2, "arena input")                           \
    COVER(LOAD_ALIGN, "LOAD address modulo 16", 0, 16, NULL)                       \
    COVER(CHANNELS, "channels of the last block", 1, 16, NULL)                     \
    COVER(LOAD_PLANES, "LOAD planes", 0, 4, "1x1 1x2 2x1 2x2")                     \
    COVER(STORE_BUFFER, "STORE to", 0, 2, "arena output")                          \
    COVER(STORE_PLANES, "STORE planes", 0, 4, "1x1 1x2 2x1 2x2")                   \
    COVER(REPEAT, "runs of a launch", 1, 3, NULL)                                  \
    COVER(SEM_INIT, "preset semaphores", 0, 2, "none some")                        \
    COVER(MEMORY, "memory", 0, 2, "kv260 ideal")                                   \
    COVER(STALLS, "random stalls", 0, 2, "off on")

enum gantry_chain_cover_kind {
#define COVER(name, text, first, count, labels) GANTRY_CHAIN_COVER_##name,
    GANTRY_CHAIN_COVERS(COVER)
#undef COVER
        GANTRY_CHAIN_COVER_KINDS
};

enum { GANTRY_CHAIN_COVER_CLASSES = 32 };

struct gantry_chain_cover {
    uint64_t chains, layers; /* layers: CONV and WINDOW instructions */
    uint64_t count[GANTRY_CHAIN_COVER_KINDS][GANTRY_CHAIN_COVER_CLASSES];
};

/* Adds a chain's instructions, or one case of a class that only the caller knows. */
void gantry_chain_cover_add(struct gantry_chain_cover *cover, const struct gantry_chain *chain);
void gantry_chain_cover_hit(struct gantry_chain_cover *cover, enum gantry_chain_cover_kind kind,
                            int64_t value);
/* Prints the table; returns how many classes have no case. */
int gantry_chain_cover_print(const struct gantry_chain_cover *cover);

#endif
