/* SPDX-License-Identifier: Apache-2.0
 * Generator: prints the table of docs/operators.md from the tables of operators: what there is, for
 * which types, on which devices, and under which names the importers read it. */
#include <stdio.h>

#include "graph/graph.h"

struct name {
    enum gantry_op op;
    const char *text;
};

/* Operators of .tflite files; those that are only named are left out. */
static const struct name tflite[] = {
#define NAMED(number, name)
#define READ(number, name, op, options) {GANTRY_OP_##op, #name},
#define CUSTOM(name, op, options) {GANTRY_OP_##op, name},
#include "formats/tflite_operators.def"
#undef READ
#undef NAMED
};

static const char *const onnx[] = {
#define ONNX(type, domain, reader) domain[0] ? "com.microsoft." #type : #type,
#include "formats/onnx_operators.def"
#undef ONNX
};

static const char *mark(bool yes) { return yes ? " x |" : " |"; }

static void print_row(enum gantry_op op)
{
    static const enum gantry_dtype types[] = {GANTRY_INT8,  GANTRY_INT16,   GANTRY_INT32,
                                              GANTRY_INT64, GANTRY_FLOAT32, GANTRY_BOOL};
    const struct gantry_op_row *row = gantry_op_row(op);
    const char *separator = " ";
    printf("| %s | %s |", row->label, row->doc);
    for (size_t i = 0; i < GANTRY_COUNT(types); i++) printf("%s", mark(row->types >> types[i] & 1));
    printf("%s", mark(row->array));
    for (size_t i = 0; i < GANTRY_COUNT(tflite); i++) {
        if (tflite[i].op != op) continue;
        printf("%s%s", separator, tflite[i].text);
        separator = ", ";
    }
    printf(" |\n");
}

int main(void)
{
    printf("| operator | computes | int8 | int16 | int32 | int64 | float32 | bool | accelerator | "
           "in .tflite files |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (int32_t op = 0; op < GANTRY_OP_COUNT; op++) print_row((enum gantry_op)op);
    printf("\nOperators of .onnx files that are read:");
    for (size_t i = 0; i < GANTRY_COUNT(onnx); i++) printf("%s %s", i ? "," : "", onnx[i]);
    printf(".\n");
    return 0;
}
