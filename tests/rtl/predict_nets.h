/* SPDX-License-Identifier: Apache-2.0
 * Random layers and networks of the shapes that networks in use have, large enough for their time
 * to matter. Same seed, same network; release with net_finish. */
#ifndef GANTRY_TEST_PREDICT_NETS_H
#define GANTRY_TEST_PREDICT_NETS_H

#include "test_plan_support.h"

/* One operator: 1 to 16 million MACs, or 100,000 values and more; every fifteenth one has more of
 * them than the chip holds. Now and then one of a shape that the accelerator does not have. */
void predict_layer(struct net *net, uint64_t seed);
/* A stem, stages of blocks as in MobileNet, ResNet and VGG, and a classifier: 8 to 60 nodes, at
 * most 60 million MACs. */
void predict_network(struct net *net, uint64_t seed);

#endif
