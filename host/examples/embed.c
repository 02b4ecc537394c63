/* SPDX-License-Identifier: Apache-2.0
 * The smallest program with the library: loads a model, runs it once on zeros, prints the output.
 *
 *     cc embed.c -o embed $(pkg-config --cflags --libs gantry)
 *     ./embed model.tflite model */
#include <gantry/engine.h>

#include <stdio.h>
#include <stdlib.h>

static int failure(const struct gantry_error *error)
{
    fprintf(stderr, "embed: %s\n", error->message);
    return EXIT_FAILURE;
}

static struct gantry_tensor make_tensor(const struct gantry_tensor_info *info)
{
    return (struct gantry_tensor){.dtype = info->dtype,
                                  .shape = info->shape,
                                  .data = calloc(1, info->bytes),
                                  .bytes = info->bytes};
}

int main(int count, char **words)
{
    struct gantry_error error;
    struct gantry_model *model = NULL;
    struct gantry_device *device = NULL;
    struct gantry_plan *plan = NULL;
    struct gantry_engine *engine = NULL;
    if (count != 3) return EXIT_FAILURE;

    if (gantry_model_open(&model, words[1], NULL, &error) != GANTRY_OK ||
        gantry_device_open(&device, words[2], NULL, &error) != GANTRY_OK ||
        gantry_plan_create(&plan, model, gantry_device_info(device), NULL, &error) != GANTRY_OK ||
        gantry_engine_create(&engine, plan, device, NULL, &error) != GANTRY_OK)
        return failure(&error);

    struct gantry_tensor input = make_tensor(gantry_model_input(model, 0));
    struct gantry_tensor output = make_tensor(gantry_model_output(model, 0));
    if (gantry_engine_run(engine, &input, &output, 60000, &error) != GANTRY_OK)
        return failure(&error);

    for (size_t i = 0; i < output.bytes; i++) printf("%d\n", ((const int8_t *)output.data)[i]);

    free(output.data);
    free(input.data);
    gantry_engine_destroy(engine);
    gantry_plan_destroy(plan);
    gantry_device_close(device);
    gantry_model_close(model);
    return EXIT_SUCCESS;
}
