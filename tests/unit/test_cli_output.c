/* SPDX-License-Identifier: Apache-2.0
 * Output files are there as a whole or not at all, also when the command is interrupted. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

#define FOLDER GANTRY_BUILD_DIR "/test_cli_output"

/* Number of files in the folder whose name starts with "file". */
static int count_files(void)
{
    int count = -1;
    FILE *list = popen("ls " FOLDER " | grep -c '^file'", "r");
    assert_non_null(list);
    assert_int_equal(fscanf(list, "%d", &count), 1);
    (void)pclose(list);
    return count;
}

static int setup(void **state)
{
    (void)state;
    (void)mkdir(FOLDER, 0777);
    return system("rm -f " FOLDER "/file*");
}

static void file__has_its_name_after_commit_only(void **state)
{
    (void)state;
    struct gantry_cli_file file;
    assert_int_equal(gantry_cli_file_begin(&file, FOLDER "/file"), 0);
    fprintf(file.stream, "content");
    assert_int_not_equal(access(FOLDER "/file", F_OK), 0);
    assert_int_equal(gantry_cli_file_commit(&file), 0);
    assert_int_equal(access(FOLDER "/file", F_OK), 0);
    assert_int_equal(count_files(), 1);
}

static void file__leaves_nothing_when_abandoned(void **state)
{
    (void)state;
    struct gantry_cli_file file;
    assert_int_equal(gantry_cli_file_begin(&file, FOLDER "/file"), 0);
    assert_int_equal(count_files(), 1);
    gantry_cli_file_abandon(&file);
    assert_int_equal(count_files(), 0);
}

static void file__leaves_nothing_when_interrupted(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct gantry_cli_file file;
            if (gantry_cli_file_begin(&file, FOLDER "/file") != 0 || count_files() != 1) _exit(9);
            (void)raise(signals[i]);
            _exit(8);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), signals[i]);
        assert_int_equal(count_files(), 0);
    }
}

static void file__an_interruption_waits_while_signals_are_held(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct gantry_cli_file file;
        gantry_cli_hold_signals();
        (void)raise(SIGINT);
        if (gantry_cli_file_begin(&file, FOLDER "/file") != 0) _exit(9);
        if (gantry_cli_file_commit(&file) != 0) _exit(9);
        gantry_cli_release_signals();
        _exit(8);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(count_files(), 1);
}

static void write_word(const char *path)
{
    struct gantry_cli_file file;
    assert_int_equal(gantry_cli_file_begin(&file, path), 0);
    fprintf(file.stream, "word");
    assert_int_equal(gantry_cli_file_commit(&file), 0);
}

static void file__a_pipe_is_written_and_stays(void **state)
{
    (void)state;
    struct stat status;
    char word[8] = "";
    assert_int_equal(mkfifo(FOLDER "/file", 0600), 0);
    int reader = open(FOLDER "/file", O_RDWR | O_NONBLOCK);
    assert_true(reader >= 0);
    write_word(FOLDER "/file");
    assert_int_equal(read(reader, word, sizeof word), 4);
    assert_string_equal(word, "word");
    assert_int_equal(stat(FOLDER "/file", &status), 0);
    assert_true(S_ISFIFO(status.st_mode));
    assert_int_equal(count_files(), 1);
    (void)close(reader);
}

static void file__a_full_device_is_an_error_and_stays(void **state)
{
    (void)state;
    struct gantry_cli_file file;
    struct stat status;
    if (access("/dev/full", W_OK) != 0) skip();
    assert_int_equal(symlink("/dev/full", FOLDER "/file"), 0);
    assert_int_equal(gantry_cli_file_begin(&file, FOLDER "/file"), 0);
    fprintf(file.stream, "word");
    assert_int_equal(gantry_cli_file_commit(&file), GANTRY_EXIT_FILE);
    assert_int_equal(stat(FOLDER "/file", &status), 0);
    assert_true(S_ISCHR(status.st_mode));
}

static void file__a_link_stays_and_its_file_is_written(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(system("echo old >" FOLDER "/file"), 0);
    assert_int_equal(symlink("file", FOLDER "/file-link"), 0);
    write_word(FOLDER "/file-link");
    assert_int_equal(lstat(FOLDER "/file-link", &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(lstat(FOLDER "/file", &status), 0);
    assert_int_equal(status.st_size, 4);
    assert_int_equal(count_files(), 2);
}

static void file__a_folder_that_is_missing_is_an_error(void **state)
{
    (void)state;
    struct gantry_cli_file file;
    assert_int_equal(gantry_cli_file_begin(&file, FOLDER "/missing/file"), GANTRY_EXIT_FILE);
    assert_int_equal(count_files(), 0);
}

static void folder__is_made_with_those_above_it(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(system("rm -rf " FOLDER "/deep"), 0);
    assert_int_equal(gantry_cli_make_folder(FOLDER "/deep/er/est"), 0);
    assert_int_equal(stat(FOLDER "/deep/er/est", &status), 0);
    assert_int_equal(gantry_cli_make_folder(FOLDER "/deep/er/est/"), 0);
    assert_int_equal(gantry_cli_make_folder(""), GANTRY_EXIT_FILE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(file__has_its_name_after_commit_only, setup),
    cmocka_unit_test_setup(file__leaves_nothing_when_abandoned, setup),
    cmocka_unit_test_setup(file__leaves_nothing_when_interrupted, setup),
    cmocka_unit_test_setup(file__an_interruption_waits_while_signals_are_held, setup),
    cmocka_unit_test_setup(file__a_pipe_is_written_and_stays, setup),
    cmocka_unit_test_setup(file__a_full_device_is_an_error_and_stays, setup),
    cmocka_unit_test_setup(file__a_link_stays_and_its_file_is_written, setup),
    cmocka_unit_test_setup(file__a_folder_that_is_missing_is_an_error, setup),
    cmocka_unit_test_setup(folder__is_made_with_those_above_it, setup),
};

GANTRY_TEST_MAIN("cli_output", tests)
