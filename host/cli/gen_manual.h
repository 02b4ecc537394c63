/* SPDX-License-Identifier: Apache-2.0
 * A program of the build: manual pages and completions, from the tables that the command parses by.
 */
#ifndef GANTRY_GEN_MANUAL_H
#define GANTRY_GEN_MANUAL_H

#include <stdio.h>

#include "cli/cli.h"

/* gen_completion.c: the tables that completion.bash needs; all of the completion for zsh. */
void gen_bash(FILE *out);
void gen_zsh(FILE *out);

#endif
