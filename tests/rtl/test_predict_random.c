/* SPDX-License-Identifier: Apache-2.0
 * Predicted cycles beside those of the RTL: random layers, each alone, and networks on k26 with the
 * memory model kv260. GANTRY_SEED is the first one's seed. A network is off by 5 % at most, a layer
 * of more than 5,000 cycles by 15 %, and so is every launch of one layer. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "model_run.h"
#include "predict_nets.h"
#include "sim/device_sim.h"
#include "test.h"

enum { NETWORK_PERCENT = 5, LAYER_PERCENT = 15, LAYER_CYCLES = 5000 };

struct worst {
    double launch, layer; /* percent */
    int32_t layers;       /* of so many cycles that the limit holds for them */
    int32_t failures;
};

struct kind {
    const char *name;
    void (*make)(struct net *net, uint64_t seed);
    double percent; /* of the accelerator's cycles of one */
};
static const struct kind layers = {"layer", predict_layer, LAYER_PERCENT};
static const struct kind networks = {"network", predict_network, NETWORK_PERCENT};

static double percent(uint64_t predicted, uint64_t counted)
{
    return 100 * ((double)predicted / (double)counted - 1);
}

static void compare_layer(const struct gantry_profile_node *node, const char *net,
                          struct worst *worst)
{
    if (node->index < 0 || node->cycles <= LAYER_CYCLES) return;
    double error = percent(node->predicted_cycles, node->cycles);
    worst->layers++;
    worst->layer = fmax(worst->layer, fabs(error));
    if (fabs(error) <= LAYER_PERCENT) return;
    worst->failures++;
    print_message("%s: layer %d %s: %" PRIu64 " cycles, predicted %" PRIu64 ": %+.1f %%\n", net,
                  node->index, node->op, node->cycles, node->predicted_cycles, error);
}

static void compare(const struct gantry_profile *profile, const char *name, double limit,
                    struct worst *worst)
{
    double error = percent(profile->predicted_cycles, profile->accelerator_cycles);
    worst->launch = fmax(worst->launch, fabs(error));
    for (size_t i = 0; i < profile->node_count; i++) compare_layer(&profile->nodes[i], name, worst);
    if (fabs(error) <= limit) return;
    worst->failures++;
    print_message("%s: %" PRIu64 " cycles, predicted %" PRIu64 ": %+.1f %%\n", name,
                  profile->accelerator_cycles, profile->predicted_cycles, error);
}

/* False: nothing of it runs on the accelerator. */
static bool run(struct gantry_device *device, struct net *net, const char *name, double limit,
                struct worst *worst)
{
    struct gantry_plan_options options = GANTRY_PLAN_OPTIONS_INIT;
    struct gantry_model *model;
    struct gantry_plan *plan;
    struct gantry_engine *engine;
    struct gantry_error error = {0};
    options.placement = GANTRY_PLACEMENT_ACCELERATOR;
    model_require(gantry_model_from_graph(&model, &net->graph, &error), name, &error);
    model_require(gantry_plan_create(&plan, model, gantry_device_info(device), &options, &error),
                  name, &error);
    const struct gantry_profile *profile = model_run(&engine, plan, model, device, name);
    bool launched = profile->launches > 0;
    if (launched) compare(profile, name, limit, worst);
    gantry_engine_destroy(engine);
    gantry_plan_destroy(plan);
    gantry_model_close(model);
    return launched;
}

static void run_all(const struct kind *kind, int count)
{
    struct gantry_device_options options = GANTRY_DEVICE_OPTIONS_INIT;
    struct gantry_device *device;
    struct gantry_error error = {0};
    struct worst worst = {0};
    const char *text = getenv("GANTRY_SEED");
    uint64_t first = text ? strtoull(text, NULL, 0) : TEST_SEED, seed = first;
    options.memory = "kv260";
    model_require(gantry_device_sim_ops.open(&device, "k26", &options, &error), "sim", &error);
    for (int done = 0; done < count; seed++) {
        char name[64];
        struct net net;
        (void)snprintf(name, sizeof name, "%s of seed %" PRIu64, kind->name, seed);
        kind->make(&net, seed);
        done += run(device, &net, name, kind->percent, &worst);
    }
    gantry_device_close(device);
    print_message("%d %ss from GANTRY_SEED=%" PRIu64 ": launches off by %.1f %% at most, "
                  "%d layers of more than %d cycles by %.1f %%\n",
                  count, kind->name, first, worst.launch, worst.layers, LAYER_CYCLES, worst.layer);
    assert_int_equal(worst.failures, 0);
}

static void predict__random_layers_take_what_was_predicted(void **state)
{
    (void)state;
    run_all(&layers, TEST_LAYERS);
}

static void predict__random_networks_take_what_was_predicted(void **state)
{
    (void)state;
    run_all(&networks, TEST_NETWORKS);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(predict__random_layers_take_what_was_predicted),
    cmocka_unit_test(predict__random_networks_take_what_was_predicted),
};

GANTRY_TEST_MAIN("predict_random", tests)
