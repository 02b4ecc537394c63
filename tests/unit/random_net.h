/* SPDX-License-Identifier: Apache-2.0
 * Random networks for the tests of plans. */
#ifndef GANTRY_TEST_RANDOM_NET_H
#define GANTRY_TEST_RANDOM_NET_H

#include "test_plan_support.h"

/* Builds and checks a network of 1 to 12 nodes. Same seed, same network; release with net_finish.
 */
void random_net(struct net *net, uint64_t seed);

#endif
