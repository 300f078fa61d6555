/* A port and the interface that every packet driver implements. */
#ifndef PORTVNF_HOST_PORT_H
#define PORTVNF_HOST_PORT_H

#include "sentence.h"

/* Bytes of one packet buffer. An odd number of 64-byte cache lines, so that the first
 * lines of neighbouring buffers do not compete for the same few cache sets. */
#define PV_BUFFER_SIZE 10304

/* Longest packet that the engine carries. A driver reads into PV_PACKET_MAX + 1 bytes:
 * a packet that fills them all was perhaps cut by the kernel and is refused. */
#define PV_PACKET_MAX (PV_BUFFER_SIZE - PV_HEADROOM - 1)

_Static_assert(PV_BUFFER_SIZE % 128 == 64, "an odd number of cache lines");
_Static_assert(PV_PACKET_MAX >= 9216, "room for jumbo frames");

struct pv_capture_writer;
struct pv_driver;

struct pv_port {
    const struct pv_driver *driver; /* NULL while the port is closed */
    void *device;                   /* owned by the driver */
    u64 number;
    struct pv_port_stats stats;          /* written by one thread, read by any */
    struct pv_capture_writer *recording; /* NULL unless the port is recorded */
};

/* A packet driver. Only the thread that runs the engine calls it, and never blocks in it
 * for longer than tx_burst says. */
struct pv_driver {
    const char *name;

    /* Makes port->device from the arguments, or fails with a sentence. */
    i64 (*open)(struct pv_port *port, const char *arguments, struct pv_sentence sentence);

    /* Receives at most `count` packets that are there now: copies each to its packet's
     * base + PV_HEADROOM and sets offset and length. Returns how many; counts packets
     * that it cannot deliver in stats.rx_errors. */
    u64 (*rx_burst)(struct pv_port *port, struct pv_packet **packets, u64 count);

    /* Sends every packet in order and reports each to pv_port_sent or
     * pv_port_not_sent. May wait for a full device, but at most 100 ms a call. */
    void (*tx_burst)(struct pv_port *port, struct pv_packet **packets, u64 count);

    /* A descriptor that epoll can watch, edge-triggered, for arrivals; -1 when there is
     * none to wait for (whoever brings packets then calls pv_worker_wake). */
    int (*poll_descriptor)(struct pv_port *port);

    /* Hands buffered output to the system; called when the engine falls idle. NULL when
     * the driver buffers nothing. */
    void (*flush)(struct pv_port *port);

    void (*close)(struct pv_port *port);
};

extern const struct pv_driver pv_driver_tun;
extern const struct pv_driver pv_driver_pcap;
extern const struct pv_driver pv_driver_mem;

/* Opens a closed port with the driver of that name. */
i64 pv_port_open(struct pv_port *port, u64 number, const char *driver, const char *arguments,
                 struct pv_sentence sentence);
void pv_port_close(struct pv_port *port);

/* Counts and records what passed the port. */
void pv_port_received(struct pv_port *port, struct pv_packet **packets, u64 count, u64 now_ns);
void pv_port_sent(struct pv_port *port, const struct pv_packet *packet);
void pv_port_not_sent(struct pv_port *port, u64 packets);

/* Statistics have one writer at a time and any number of readers. */
static inline void pv_stat_add(u64 *statistic, u64 amount)
{
    __atomic_store_n(statistic, *statistic + amount, __ATOMIC_RELAXED);
}

static inline void pv_stat_set(u64 *statistic, u64 value)
{
    __atomic_store_n(statistic, value, __ATOMIC_RELAXED);
}

static inline u64 pv_stat_get(const u64 *statistic)
{
    return __atomic_load_n(statistic, __ATOMIC_RELAXED);
}

#endif
