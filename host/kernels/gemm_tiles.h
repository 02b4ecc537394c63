/* SPDX-License-Identifier: Apache-2.0
 * Tiles of 1 or 2 vectors of channels x 1 to 4 pixels. Included by a file of an instruction set
 * behind its inlined function tile(call, vectors, pixels) and the names of both limits; gives
 * run_tile. */
#define TILE(nv, mr) \
    static void tile_##nv##_##mr(const struct gantry_gemm_call *call) { tile(call, nv, mr); }
TILE(2, 1)
TILE(2, 2)
TILE(2, 3)
TILE(2, 4)
TILE(1, 1)
TILE(1, 2)
TILE(1, 3)
TILE(1, 4)

static void run_tile(const struct gantry_gemm_call *call, int32_t vectors, int32_t rows)
{
    static void (*const tiles[VECTORS][ROWS])(const struct gantry_gemm_call *) = {
        {tile_1_1, tile_1_2, tile_1_3, tile_1_4}, {tile_2_1, tile_2_2, tile_2_3, tile_2_4}};
    tiles[vectors - 1][rows - 1](call);
}
