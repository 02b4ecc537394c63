/* SPDX-License-Identifier: Apache-2.0
 * A record as CSV, page and table; numbers. */
#include "report_record.h"

#include <locale.h>
#include <math.h>
#include <string.h>

static void csv__quotes_names_and_has_a_line_per_node(void **state)
{
    (void)state;
    const char *text = report_text(gantry_report_csv);
    int lines = 0;
    size_t commas = 0, first = 0;
    for (const char *at = text; *at; at++) {
        if (*at == ',') commas++;
        if (*at != '\n') continue;
        if (lines++ == 0) first = commas;
        assert_int_equal(commas, first); /* no name here has a comma */
        commas = 0;
    }
    assert_int_equal(lines, REPORT_NODES + 1);
    assert_non_null(strstr(text, "\"conv \"\"one\"\"\""));
    assert_non_null(strstr(text, ",operator,"));
}

static void html__holds_the_record_and_no_way_out_of_its_script(void **state)
{
    (void)state;
    report_nodes[0].name = "</script><b>";
    const char *text = report_text(gantry_report_html);
    const char *from = strstr(text, "id=\"profile\">"), *to;
    assert_non_null(from);
    from += strlen("id=\"profile\">");
    to = strstr(from, "</script>");
    assert_non_null(to);
    json_error_t error;
    json_t *root = json_loadb(from, (size_t)(to - from), 0, &error);
    assert_non_null(root);
    const json_t *node = json_array_get(json_object_get(root, "nodes"), 0);
    assert_string_equal(json_string_value(json_object_get(node, "name")), "</script><b>");
    assert_int_equal(json_array_size(json_object_get(root, "timeline")), 9);
    json_decref(root);
    assert_null(strstr(text, "https:"));
    assert_null(strstr(text, "src="));
}

static void table__shows_layers_totals_and_legend(void **state)
{
    (void)state;
    const char *text = report_text(gantry_report_table);
    assert_non_null(strstr(text, "softmax"));
    assert_non_null(strstr(text, "operator"));
    assert_non_null(strstr(text, "CONV_2D  array "));
    assert_non_null(strstr(text, "in 0"));
    assert_non_null(strstr(text, "weights 22 %"));
    assert_non_null(strstr(text, "50.0 % of the peak of 1024"));
    assert_non_null(strstr(text, "share:"));
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        assert_true(length <= 160);
        line += length + (line[length] != 0);
    }
}

static void table__predictions_of_a_batch_have_no_error(void **state)
{
    (void)state;
    assert_non_null(strstr(report_text(gantry_report_table), "-10 %"));
    assert_non_null(strstr(report_text(gantry_report_csv), ",-10.00,"));
    report_profile.inferences = 4;
    const char *text = report_text(gantry_report_table);
    assert_null(strstr(text, "-10 %"));
    assert_non_null(strstr(text, "one inference after the other"));
    assert_null(strstr(report_text(gantry_report_csv), ",-10.00,"));
}

static void number__is_the_same_in_every_locale(void **state)
{
    (void)state;
    char buffer[48];
    (void)setlocale(LC_ALL, "de_DE.UTF-8"); /* has no effect where it is not installed */
    assert_string_equal(gantry_report_number(1234.5678, 2, buffer, sizeof buffer), "1234.57");
    assert_string_equal(gantry_report_number(-0.5, 1, buffer, sizeof buffer), "-0.5");
    assert_string_equal(gantry_report_number(-0.001, 1, buffer, sizeof buffer), "0.0");
    assert_string_equal(gantry_report_number(0.05, 3, buffer, sizeof buffer), "0.050");
    assert_string_equal(gantry_report_number(7.0, 0, buffer, sizeof buffer), "7");
    assert_string_equal(gantry_report_number(NAN, 2, buffer, sizeof buffer), "-");
    (void)setlocale(LC_ALL, "C");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(csv__quotes_names_and_has_a_line_per_node, report_setup),
    cmocka_unit_test_setup(html__holds_the_record_and_no_way_out_of_its_script, report_setup),
    cmocka_unit_test_setup(table__shows_layers_totals_and_legend, report_setup),
    cmocka_unit_test_setup(table__predictions_of_a_batch_have_no_error, report_setup),
    cmocka_unit_test(number__is_the_same_in_every_locale),
};

GANTRY_TEST_MAIN("report", tests)
