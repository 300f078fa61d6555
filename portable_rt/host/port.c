/* Ports: the table of drivers, counting and recording. */
#include "port.h"

#include <errno.h>
#include <string.h>

#include "capture_writer.h"

static const struct pv_driver *const drivers[] = {
    &pv_driver_tun,
    &pv_driver_pcap,
    &pv_driver_mem,
};

i64 pv_port_open(struct pv_port *port, u64 number, const char *driver, const char *arguments,
                 struct pv_sentence sentence)
{
    for (u64 i = 0; i < sizeof drivers / sizeof *drivers; i++) {
        if (strcmp(drivers[i]->name, driver) != 0)
            continue;
        memset(port, 0, sizeof *port);
        port->number = number;
        i64 result = drivers[i]->open(port, arguments, sentence);
        if (result == 0)
            port->driver = drivers[i];
        return result;
    }
    return pv_fail(sentence, ENOENT, "port %llu: there is no packet driver named \"%s\"", number,
                   driver);
}

void pv_port_close(struct pv_port *port)
{
    if (port->driver)
        port->driver->close(port);
    if (port->recording)
        pv_capture_writer_close(port->recording, (struct pv_sentence){0});
    memset(port, 0, sizeof *port);
}

void pv_port_received(struct pv_port *port, struct pv_packet **packets, u64 count, u64 now_ns)
{
    u64 bytes = 0;
    for (u64 i = 0; i < count; i++) {
        packets[i]->port = (u16)port->number;
        packets[i]->reason = 0;
        bytes += packets[i]->length;
    }
    pv_stat_add(&port->stats.rx_packets, count);
    pv_stat_add(&port->stats.rx_bytes, bytes);
    pv_stat_set(&port->stats.last_rx_ns, now_ns);
    if (port->recording)
        pv_capture_writer_add(port->recording, packets, count);
}

void pv_port_sent(struct pv_port *port, const struct pv_packet *packet)
{
    pv_stat_add(&port->stats.tx_packets, 1);
    pv_stat_add(&port->stats.tx_bytes, packet->length);
    if (port->recording) {
        struct pv_packet *one = (struct pv_packet *)packet;
        pv_capture_writer_add(port->recording, &one, 1);
    }
}

void pv_port_not_sent(struct pv_port *port, u64 packets)
{
    pv_stat_add(&port->stats.tx_dropped, packets);
}
