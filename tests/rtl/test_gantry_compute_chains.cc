/* SPDX-License-Identifier: Apache-2.0
 * gantry_compute runs random programs; every byte that they store is the C model's.
 *
 * GANTRY_SEED is the first chain's seed, GANTRY_CHAINS how many run. */
#include "compute_rig.h"

GANTRY_C_BEGIN
#include "chain.h"
GANTRY_C_END

namespace
{

rig_pace random_pace(gantry_random &random)
{
    rig_pace pace;
    if (random.chance(20)) return pace;
    uint32_t *paces[] = {&pace.ring, &pace.load, &pace.store, &pace.insn, &pace.semaphore};
    for (uint32_t *one : paces)
        if (random.chance(50)) *one = 5 + random.below(95);
    if (random.chance(40)) pace.noise = 5 + random.below(95);
    return pace;
}

void stop(const gantry_chain &chain, const char *what)
{
    gantry_chain_print(&chain);
    fail_msg("GANTRY_SEED=%llu GANTRY_CHAINS=1: %s", (unsigned long long)chain.seed, what);
}

void run_chain(compute_rig &rig, uint64_t seed)
{
    gantry_array_params params = compute_rig::params();
    gantry_chain_options options = {};
    options.act_rows_max = 512;
    options.features = seed % 5 == 0 ? (uint32_t)GANTRY_CHAIN_ALL : 0;
    gantry_chain chain;
    assert_true(gantry_chain_make(&chain, &params, &options, seed));
    uint8_t *buffers[3];
    for (int b = 0; b < 3; b++) {
        buffers[b] = (uint8_t *)std::malloc(chain.buffer_bytes[b] + 1);
        std::memcpy(buffers[b], chain.buffer[b], chain.buffer_bytes[b]);
    }
    gantry_accel_memory memory;
    gantry_chain_memory(&chain, buffers, &memory);
    rig.clear();
    rig.pace = random_pace(rig.random);
    if (!rig.run(memory, 4000000)) stop(chain, "does not end");
    if (rig.failed) stop(chain, "ends with an error");
    for (int b = 0; b < 3; b++)
        if (std::memcmp(buffers[b], chain.expected[b], chain.buffer_bytes[b]) != 0) {
            size_t at = 0;
            while (buffers[b][at] == chain.expected[b][at]) at++;
            std::printf("buffer %d differs first at byte %zu\n", b, at);
            stop(chain, "stores other bytes than the C model");
        }
    for (uint8_t *buffer : buffers) std::free(buffer);
    gantry_chain_finish(&chain);
}

} // namespace

void compute__runs_random_chains_like_the_c_model(void **state);
void compute__runs_random_chains_like_the_c_model(void **state)
{
    (void)state;
    uint64_t seed = gantry_rtl_seed(1);
    const char *text = std::getenv("GANTRY_CHAINS");
    uint64_t count = text ? std::strtoull(text, nullptr, 0) : 150;
    compute_rig rig(seed);
    for (uint64_t i = 0; i < count; i++) run_chain(rig, seed + i);
    std::printf("%llu cycles\n", (unsigned long long)rig.cycles);
}
