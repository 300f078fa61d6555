/* A stand-alone TUN handle for traffic sources and sinks. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "serial_packet.h"
#include "tun_device.h"

struct pv_tun {
    int fd;
};

struct pv_tun *pv_tun_open(const char *device, char *error, u64 error_size)
{
    struct pv_sentence sentence = {error, error_size};
    struct pv_tun *tun = malloc(sizeof *tun);
    if (!tun) {
        pv_fail(sentence, ENOMEM, "no memory for TUN device %s", device);
        return NULL;
    }
    i64 fd = pv_tun_device_open(device, sentence);
    if (fd < 0) {
        free(tun);
        return NULL;
    }
    tun->fd = (int)fd;
    return tun;
}

i64 pv_tun_read(struct pv_tun *tun, u8 *buffer, u64 capacity, i64 timeout_ms)
{
    /* Room for the longest packet and one byte that shows a cut one. */
    const u64 room = PV_HELD_HEADER + PV_PACKET_MAX + 1;
    if (capacity < room)
        return -ENOSPC;
    u64 filled = 0;
    int waited = 0;
    while (capacity - filled >= room) {
        i64 length =
            pv_tun_device_read(tun->fd, buffer + filled + PV_HELD_HEADER, PV_PACKET_MAX + 1);
        if (length > 0) {
            pv_serial_write(buffer + filled, 0, (u64)length);
            filled += PV_HELD_HEADER + (u64)length;
        } else if (length == -EMSGSIZE) {
            continue; /* longer than any packet that the engine carries */
        } else if (length != -EAGAIN) {
            return filled ? (i64)filled : length;
        } else {
            if (filled || waited || timeout_ms == 0)
                break;
            struct pollfd readable = {.fd = tun->fd, .events = POLLIN};
            poll(&readable, 1, timeout_ms < 0 ? -1 : (int)timeout_ms);
            waited = 1;
        }
    }
    return (i64)filled;
}

i64 pv_tun_write(struct pv_tun *tun, const u8 *buffer, u64 length)
{
    if (pv_serial_count(buffer, length) < 0)
        return -EINVAL;
    i64 wait_ms = PV_TUN_WAIT_MS;
    i64 sent = 0;
    for (u64 at = 0; at < length;) {
        u64 bytes = pv_serial_length(buffer + at);
        if (pv_tun_device_write(tun->fd, buffer + at + PV_HELD_HEADER, bytes, &wait_ms) == 0)
            sent++;
        at += PV_HELD_HEADER + bytes;
    }
    return sent;
}

void pv_tun_close(struct pv_tun *tun)
{
    if (!tun)
        return;
    close(tun->fd);
    free(tun);
}
