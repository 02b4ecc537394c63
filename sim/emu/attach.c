/* SPDX-License-Identifier: Apache-2.0
 * The "simulator" that XRT's driver starts: connects to the driver, and passes the connections on.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "emu.h"

enum { TRIES = 2500, PAUSE_NS = 2000000, LISTEN = 16 };

static bool address_of(struct sockaddr_un *address, const char *path)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int written = snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
    return written > 0 && (size_t)written < sizeof address->sun_path;
}

static int connect_to(const char *path)
{
    const struct timespec pause = {0, PAUSE_NS};
    struct sockaddr_un address;
    if (!address_of(&address, path)) return -1;
    for (int i = 0; i < TRIES; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fd < 0) return -1;
        if (!connect(fd, (struct sockaddr *)&address, sizeof address)) return fd;
        (void)close(fd);
        (void)nanosleep(&pause, NULL);
    }
    return -1;
}

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(2 * sizeof(int))];
};

static bool pass(int control, const int fds[2])
{
    union control buffer = {0};
    char byte = 0;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = buffer.bytes,
                             .msg_controllen = sizeof buffer.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(header), fds, 2 * sizeof(int));
    return sendmsg(control, &message, 0) == 1;
}

int emu_attach(const char *control)
{
    const char *user = getenv("USER"), *id = getenv("EMULATION_SOCKETID");
    char path[EMU_PATH_BYTES];
    int fds[2];
    if (!user || !id) return 1;
    (void)snprintf(path, sizeof path, "/tmp/%s/%s", user, id);
    fds[0] = connect_to(path);
    (void)snprintf(path, sizeof path, "/tmp/%s/D2X_unix_sock_%s", user, id);
    fds[1] = connect_to(path);
    (void)unlink(path); /* the driver leaves it */
    int launcher = connect_to(control);
    bool fine = fds[0] >= 0 && fds[1] >= 0 && launcher >= 0 && pass(launcher, fds);
    return fine ? 0 : 1;
}

int emu_attach_listen(const struct emu_files *files)
{
    struct sockaddr_un address;
    char path[EMU_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/control", files->folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (address_of(&address, path) && !bind(fd, (struct sockaddr *)&address, sizeof address) &&
        !listen(fd, LISTEN))
        return fd;
    (void)close(fd);
    return -1;
}

bool emu_attach_take(int control, int *calls_out, int *other_out)
{
    union control buffer;
    char byte;
    int fds[2];
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = buffer.bytes,
                             .msg_controllen = sizeof buffer.bytes};
    int fd = accept(control, NULL, NULL);
    if (fd < 0) return false;
    ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    (void)close(fd);
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (got != 1 || !header || header->cmsg_len != CMSG_LEN(sizeof fds)) return false;
    memcpy(fds, CMSG_DATA(header), sizeof fds);
    *calls_out = fds[0];
    *other_out = fds[1];
    return true;
}
