/* SPDX-License-Identifier: Apache-2.0
 * What gantry-emu says of itself: --help and its manual page, from one table. */
#include "emu.h"
#include "gantry/version.h"

enum { COLUMN = 20 };

static const char about[] =
    "Runs a command that finds the simulated accelerator through XRT: gantry run --device xrt.";

static const struct {
    const char *name, *argument, *text; /* argument NULL: takes none */
} options[] = {
    {"--check", NULL, "tell what the emulation needs and whether it is there"},
    {"--config", "NAME", "configuration of the accelerator (default: the first that is built)"},
    {"--memory", "NAME", "memory model: kv260 (default) or ideal"},
    {"--bank", "KILOBYTES", "size of the device's memory (default 4194304)"},
    {"--fault", "NAME", "go wrong: hang, stuck, die or spec-hash"},
    {"--help", NULL, "print this text"},
};

void emu_help(FILE *out)
{
    fprintf(out,
            "usage: gantry-emu [OPTIONS] COMMAND [ARGUMENTS]\n"
            "       gantry-emu --check\n\n%s\n\noptions:\n",
            about);
    for (size_t i = 0; i < GANTRY_COUNT(options); i++) {
        int width = fprintf(out, "  %s%s%s", options[i].name, options[i].argument ? " " : "",
                            options[i].argument ? options[i].argument : "");
        fprintf(out, "%*s%s\n", width < COLUMN ? COLUMN - width : 1, "", options[i].text);
    }
}

/* Hyphens that are typed and not set. */
static void put(FILE *out, const char *words)
{
    for (; *words; words++) fprintf(out, *words == '-' ? "\\%c" : "%c", *words);
}

void emu_manual(FILE *out)
{
    fprintf(out,
            ".\\\" SPDX-License-Identifier: Apache-2.0\n"
            ".\\\" Made from the option table in sim/emu.\n"
            ".TH GANTRY\\-EMU 1 \"\" \"gantry %s\" \"Gantry\"\n"
            ".SH NAME\ngantry\\-emu \\- the simulated accelerator through XRT\n"
            ".SH SYNOPSIS\n.B gantry\\-emu\n.RI [ OPTIONS ]\n.I COMMAND\n.RI [ ARGUMENTS ]\n.br\n"
            ".B gantry\\-emu \\-\\-check\n.SH DESCRIPTION\n",
            GANTRY_VERSION_STRING);
    put(out, about);
    (void)fputs("\n.SH OPTIONS\n", out);
    for (size_t i = 0; i < GANTRY_COUNT(options); i++) {
        fprintf(out, ".TP\n.BI \"");
        put(out, options[i].name);
        fprintf(out, "\" \"%s%s\"\n", options[i].argument ? " " : "",
                options[i].argument ? options[i].argument : "");
        put(out, options[i].text);
        (void)fputc('\n', out);
    }
    (void)fputs(".SH EXIT STATUS\nThat of the command; 2 for usage, 3 where something that the "
                "emulation needs is missing, 127\nwhere the command cannot be run.\n"
                ".SH SEE ALSO\n.BR gantry (1),\n.BR gantry\\-run (1)\n",
                out);
}
