/* Driver "tun": a TUN device of this network namespace. */
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <unistd.h>

#include "port.h"
#include "tun_device.h"

static int descriptor(const struct pv_port *port)
{
    return (int)(intptr_t)port->device;
}

static i64 tun_open(struct pv_port *port, const char *arguments, struct pv_sentence sentence)
{
    char name[4 * IFNAMSIZ];
    const struct pv_argument known[] = {{"device", name, sizeof name}};
    i64 result = pv_arguments_parse("tun", arguments, known, 1, sentence);
    if (result < 0)
        return result;
    if (!name[0])
        return pv_fail(sentence, EINVAL, "port %llu: driver tun needs the argument device=NAME",
                       port->number);
    i64 fd = pv_tun_device_open(name, sentence);
    if (fd < 0)
        return fd;
    port->device = (void *)(intptr_t)fd;
    return 0;
}

static u64 tun_rx_burst(struct pv_port *port, struct pv_packet **packets, u64 count)
{
    u64 received = 0;
    /* Bounded by attempts, so that a flood of over-long packets cannot hold us here. */
    for (u64 attempt = 0; attempt < count; attempt++) {
        struct pv_packet *packet = packets[received];
        i64 length =
            pv_tun_device_read(descriptor(port), packet->base + PV_HEADROOM, PV_PACKET_MAX + 1);
        if (length == -EMSGSIZE) {
            pv_stat_add(&port->stats.rx_errors, 1);
            continue;
        }
        if (length < 0)
            break;
        packet->offset = PV_HEADROOM;
        packet->length = (u32)length;
        received++;
    }
    return received;
}

static void tun_tx_burst(struct pv_port *port, struct pv_packet **packets, u64 count)
{
    i64 wait_ms = PV_TUN_WAIT_MS;
    for (u64 i = 0; i < count; i++) {
        const struct pv_packet *packet = packets[i];
        if (pv_tun_device_write(descriptor(port), packet->base + packet->offset, packet->length,
                                &wait_ms) == 0)
            pv_port_sent(port, packet);
        else
            pv_port_not_sent(port, 1);
    }
}

static int tun_poll_descriptor(struct pv_port *port)
{
    return descriptor(port);
}

static void tun_close(struct pv_port *port)
{
    close(descriptor(port));
}

const struct pv_driver pv_driver_tun = {
    .name = "tun",
    .open = tun_open,
    .rx_burst = tun_rx_burst,
    .tx_burst = tun_tx_burst,
    .poll_descriptor = tun_poll_descriptor,
    .close = tun_close,
};
