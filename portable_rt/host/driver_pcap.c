/* Driver "pcap": plays packets from a capture file and writes what is sent to another. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "capture_reader.h"
#include "capture_writer.h"
#include "port.h"

struct pcap_device {
    struct pv_capture_reader *reader; /* NULL: nothing (more) arrives */
    struct pv_capture_writer *writer; /* NULL: what is sent is discarded */
};

static void pcap_close(struct pv_port *port)
{
    struct pcap_device *device = port->device;
    if (device->reader)
        pv_capture_reader_close(device->reader);
    if (device->writer)
        pv_capture_writer_close(device->writer, (struct pv_sentence){0});
    free(device);
}

static i64 pcap_open(struct pv_port *port, const char *arguments, struct pv_sentence sentence)
{
    char rx[PATH_MAX], tx[PATH_MAX];
    const struct pv_argument known[] = {{"rx", rx, sizeof rx}, {"tx", tx, sizeof tx}};
    i64 result = pv_arguments_parse("pcap", arguments, known, 2, sentence);
    if (result < 0)
        return result;
    struct pcap_device *device = calloc(1, sizeof *device);
    if (!device)
        return pv_fail(sentence, ENOMEM, "port %llu: no memory for driver pcap", port->number);
    port->device = device;
    if (rx[0])
        device->reader = pv_capture_reader_open(rx, sentence);
    if (tx[0] && (!rx[0] || device->reader))
        device->writer = pv_capture_writer_open(tx, sentence);
    if ((rx[0] && !device->reader) || (tx[0] && !device->writer)) {
        pcap_close(port);
        return -EINVAL;
    }
    return 0;
}

static u64 pcap_rx_burst(struct pv_port *port, struct pv_packet **packets, u64 count)
{
    struct pcap_device *device = port->device;
    u64 received = 0;
    while (received < count && device->reader) {
        struct pv_packet *packet = packets[received];
        i64 length =
            pv_capture_reader_next(device->reader, packet->base + PV_HEADROOM, PV_PACKET_MAX);
        if (length > 0) {
            packet->offset = PV_HEADROOM;
            packet->length = (u32)length;
            received++;
            continue;
        }
        if (length < 0)
            pv_stat_add(&port->stats.rx_errors, 1);
        if (length == 0 || length == -EIO) {
            pv_capture_reader_close(device->reader);
            device->reader = NULL;
        }
    }
    return received;
}

static void count_unwritten(struct pv_port *port)
{
    struct pcap_device *device = port->device;
    if (device->writer)
        pv_stat_set(&port->stats.tx_errors, pv_capture_writer_unwritten(device->writer));
}

static void pcap_tx_burst(struct pv_port *port, struct pv_packet **packets, u64 count)
{
    struct pcap_device *device = port->device;
    for (u64 i = 0; i < count; i++) {
        if (!device->writer || pv_capture_writer_add(device->writer, &packets[i], 1) == 0)
            pv_port_sent(port, packets[i]);
        else
            pv_port_not_sent(port, 1);
    }
    count_unwritten(port);
}

static int pcap_poll_descriptor(struct pv_port *port)
{
    (void)port;
    return -1; /* what a file holds is always there */
}

static void pcap_flush(struct pv_port *port)
{
    struct pcap_device *device = port->device;
    if (device->writer)
        pv_capture_writer_flush(device->writer);
    count_unwritten(port);
}

const struct pv_driver pv_driver_pcap = {
    .name = "pcap",
    .open = pcap_open,
    .rx_burst = pcap_rx_burst,
    .tx_burst = pcap_tx_burst,
    .poll_descriptor = pcap_poll_descriptor,
    .flush = pcap_flush,
    .close = pcap_close,
};
