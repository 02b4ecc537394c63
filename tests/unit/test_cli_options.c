/* SPDX-License-Identifier: Apache-2.0
 * Options by table: values, repetition, slips and their suggestions, whole numbers. */
#include "test.h"

#include <string.h>

#include "cli/cli.h"

static int parse(struct gantry_cli_args *args, const struct gantry_cli_command *command, ...)
{
    char *words[16];
    int count = 0;
    va_list list;
    va_start(list, command);
    for (char *word; (word = va_arg(list, char *)) != NULL;) words[count++] = word;
    va_end(list);
    memset(args, 0, sizeof *args);
    return gantry_cli_parse(command, count, words, args);
}

static void options__values_come_behind_an_equals_sign_or_next(void **state)
{
    (void)state;
    struct gantry_cli_args args;
    assert_int_equal(
        parse(&args, &gantry_cli_run, "m.tflite", "--device", "cpu", "--top=3", "--json", NULL), 0);
    assert_string_equal(args.model, "m.tflite");
    assert_string_equal(args.device, "cpu");
    assert_int_equal(args.top, 3);
    assert_true(args.json);
    assert_false(args.quiet);
}

static void options__input_repeats_and_has_an_alias(void **state)
{
    (void)state;
    struct gantry_cli_args args;
    assert_int_equal(parse(&args, &gantry_cli_run, "--input", "a.npy", "m", "--inputs=b.npy",
                           "--input", "x=c.npy", NULL),
                     0);
    assert_int_equal(args.inputs.count, 3);
    assert_string_equal(args.inputs.items[0], "a.npy");
    assert_string_equal(args.inputs.items[1], "b.npy");
    assert_string_equal(args.inputs.items[2], "x=c.npy");
}

static void options__shapes_are_numbers_behind_a_name(void **state)
{
    (void)state;
    struct gantry_cli_args args;
    struct gantry_input_shape shapes[GANTRY_CLI_LIST_MAX];
    char text[GANTRY_CLI_SHAPE_TEXT];
    assert_int_equal(
        parse(&args, &gantry_cli_run, "m", "--shape", "8x49x10x1", "--shape=a=b:0=3,4", NULL), 0);
    assert_int_equal(gantry_cli_shapes(&args, shapes, text), 0);
    assert_null(shapes[0].input);
    assert_int_equal(shapes[0].shape.rank, 4);
    assert_int_equal(shapes[0].shape.dims[1], 49);
    assert_string_equal(shapes[1].input, "a=b:0");
    assert_int_equal(shapes[1].shape.rank, 2);
    assert_int_equal(shapes[1].shape.dims[1], 4);
    static const char *const slips[] = {"",           "x=",
                                        "1x",         "0x3",
                                        "1x-1",       "1*2",
                                        "1x 2",       "2xx3",
                                        "4294967296", "1x2x3x4x5x6x7",
                                        "x8",         "?x3",
                                        "1.5x2",      "99999999999999999999"};
    for (size_t i = 0; i < GANTRY_COUNT(slips); i++) {
        args = (struct gantry_cli_args){.shapes = {{slips[i]}, 1}};
        assert_int_equal(gantry_cli_shapes(&args, shapes, text), GANTRY_EXIT_USAGE);
    }
}

static void options__slips_are_usage_errors(void **state)
{
    (void)state;
    struct gantry_cli_args args;
    const struct gantry_cli_command *run = &gantry_cli_run;
    assert_int_equal(parse(&args, run, "m", "--inptu", "a", NULL), GANTRY_EXIT_USAGE);
    assert_int_equal(parse(&args, run, "m", "--input", NULL), GANTRY_EXIT_USAGE);
    assert_int_equal(parse(&args, run, "m", "--json=1", NULL), GANTRY_EXIT_USAGE);
    assert_int_equal(parse(&args, run, "m", "--memory", "fast", NULL), GANTRY_EXIT_USAGE);
    assert_int_equal(parse(&args, run, "m", "--top", "3x", NULL), GANTRY_EXIT_USAGE);
    assert_int_equal(parse(&args, run, "m", "-v", NULL), GANTRY_EXIT_USAGE);
    assert_int_equal(parse(&args, run, "m", "second", NULL), GANTRY_EXIT_USAGE);
    assert_int_equal(parse(&args, run, NULL), GANTRY_EXIT_USAGE);
    assert_int_equal(parse(&args, &gantry_cli_devices, "m", NULL), GANTRY_EXIT_USAGE);
}

static void options__two_dashes_end_them(void **state)
{
    (void)state;
    struct gantry_cli_args args;
    assert_int_equal(parse(&args, &gantry_cli_run, "--", "--odd.tflite", NULL), 0);
    assert_string_equal(args.model, "--odd.tflite");
}

static void options__choices_are_whole_words(void **state)
{
    (void)state;
    struct gantry_cli_args args;
    assert_int_equal(parse(&args, &gantry_cli_run, "m", "--memory", "ideal", NULL), 0);
    assert_int_equal(parse(&args, &gantry_cli_run, "m", "--memory", "kv260", NULL), 0);
    assert_int_equal(parse(&args, &gantry_cli_run, "m", "--memory", "idea", NULL),
                     GANTRY_EXIT_USAGE);
    assert_int_equal(parse(&args, &gantry_cli_run, "m", "--memory", "", NULL), GANTRY_EXIT_USAGE);
    assert_int_equal(parse(&args, &gantry_cli_run, "m", "--memory", "ideal|kv260", NULL),
                     GANTRY_EXIT_USAGE);
}

static void options__every_command_knows_the_common_ones(void **state)
{
    (void)state;
    static const struct gantry_cli_command *const commands[] = {
        &gantry_cli_run, &gantry_cli_profile, &gantry_cli_verify, &gantry_cli_inspect,
        &gantry_cli_devices};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        struct gantry_cli_args args;
        assert_int_equal(
            parse(&args, commands[i], "--json", "--quiet", "--verbose", "--help", NULL), 0);
        assert_true(args.json && args.quiet && args.verbose && args.help);
        for (size_t k = 0; k < commands[i]->option_count; k++) {
            const struct gantry_cli_option *option = &commands[i]->options[k];
            assert_true(strlen(option->help) > 0);
            assert_true(option->offset < sizeof args);
            for (size_t other = 0; other < k; other++)
                assert_string_not_equal(option->name, commands[i]->options[other].name);
        }
    }
}

static void nearest__finds_slips_and_nothing_else(void **state)
{
    (void)state;
    static const char *const names[] = {"input", "expect", "device", "run", "verify"};
    assert_string_equal(gantry_nearest("inptu", names, 5), "input");
    assert_string_equal(gantry_nearest("devise", names, 5), "device");
    assert_string_equal(gantry_nearest("veryfi", names, 5), "verify");
    assert_string_equal(gantry_nearest("runn", names, 5), "run");
    assert_null(gantry_nearest("zzzzzz", names, 5));
    assert_null(gantry_nearest("", names, 5));
}

static void number__takes_whole_decimal_numbers_only(void **state)
{
    (void)state;
    uint64_t value = 7;
    assert_true(gantry_cli_number("0", &value));
    assert_int_equal(value, 0);
    assert_true(gantry_cli_number("18446744073709551615", &value));
    assert_true(value == UINT64_MAX);
    assert_false(gantry_cli_number("18446744073709551616", &value));
    assert_false(gantry_cli_number("-1", &value));
    assert_false(gantry_cli_number("", &value));
    assert_false(gantry_cli_number("1 ", &value));
    assert_false(gantry_cli_number("0x10", &value));
}

static void exit_codes__are_the_contracts(void **state)
{
    (void)state;
    assert_int_equal(gantry_cli_exit_code(GANTRY_OK), 0);
    assert_int_equal(gantry_cli_exit_code(GANTRY_ERR_ARGUMENT), 2);
    assert_int_equal(gantry_cli_exit_code(GANTRY_ERR_FILE), 3);
    assert_int_equal(gantry_cli_exit_code(GANTRY_ERR_SHAPE), 3);
    assert_int_equal(gantry_cli_exit_code(GANTRY_ERR_MISSING), 3);
    assert_int_equal(gantry_cli_exit_code(GANTRY_ERR_UNSUPPORTED), 4);
    assert_int_equal(gantry_cli_exit_code(GANTRY_ERR_DEVICE), 5);
    assert_int_equal(gantry_cli_exit_code(GANTRY_ERR_TIMEOUT), 6);
    assert_int_equal(gantry_cli_exit_code(GANTRY_ERR_MEMORY), 7);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(options__values_come_behind_an_equals_sign_or_next),
    cmocka_unit_test(options__input_repeats_and_has_an_alias),
    cmocka_unit_test(options__shapes_are_numbers_behind_a_name),
    cmocka_unit_test(options__slips_are_usage_errors),
    cmocka_unit_test(options__two_dashes_end_them),
    cmocka_unit_test(options__choices_are_whole_words),
    cmocka_unit_test(options__every_command_knows_the_common_ones),
    cmocka_unit_test(nearest__finds_slips_and_nothing_else),
    cmocka_unit_test(number__takes_whole_decimal_numbers_only),
    cmocka_unit_test(exit_codes__are_the_contracts),
};

GANTRY_TEST_MAIN("cli_options", tests)
