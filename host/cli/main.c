/* SPDX-License-Identifier: Apache-2.0
 * The program gantry. */
#include "cli/cli.h"

int main(int count, char **words) { return gantry_cli_main(count, words); }
