/* The packet engine: ports, the worker and its modes.
 *
 * The engine moves IP packets between ports and one VNF. It knows no VNF: it is given
 * the address of vnf_burst and an arena. One engine has one worker thread
 * (pv_engine_start) or is stepped by hand (pv_engine_step), never both at once.
 *
 * This file is read by the C compiler and, as it stands, by cffi: declarations only,
 * no macros but plain constants, no inclusions beyond the two below.
 *
 * Functions that can fail return a negative errno value, and where they take `error`
 * they leave there one sentence (NUL-terminated, at most error_size bytes) that says
 * what and where. All counts are 64 bits wide.
 */
#ifndef PORTVNF_ENGINE_H
#define PORTVNF_ENGINE_H

#include "types.h"
#include "vnf.h"

typedef i64 (*pv_vnf_burst)(u8 *arena, struct pv_burst *burst);
typedef i64 (*pv_engine_call)(u8 *arena, void *argument);

struct pv_engine;

#define PV_PORTS_MAX 16

/* What the worker does with packets that arrive. */
#define PV_MODE_SERVE 1 /* hand them to the VNF, held and injected packets first */
/* Keep them, in order of arrival, behind injected packets that wait already, without calling
 * the VNF. */
#define PV_MODE_HOLD 2

struct pv_port_stats {
    u64 rx_packets;
    u64 rx_bytes;
    u64 tx_packets;
    u64 tx_bytes;
    u64 tx_dropped; /* the driver took no more (queue full or device down) */
    u64 rx_errors;  /* packets that the driver could not deliver (too long) */
    u64 tx_errors;  /* packets counted as sent that the driver then could not write (disk full) */
    u64 last_rx_ns; /* monotonic time of the newest arrival, 0 if none */
};

struct pv_engine_stats {
    u64 bursts;       /* vnf_burst calls that carried packets */
    u64 held;         /* packets held now; in a hold also injected ones that wait */
    u64 held_peak;    /* most packets ever held at once, since the last hold began */
    u64 held_dropped; /* packets lost because the hold limit was reached */
    u64 injected;     /* packets taken by pv_engine_inject */
    u64 refused;      /* VNF output that names no open port or lies outside its buffer */
    u64 last_rx_ns;   /* newest arrival on any port */
    u64 mode;
    u64 running; /* 1 while the worker thread runs */
};

/* One packet in the serial form of pv_engine_take_held and pv_engine_inject: this
 * header, big-endian on the wire between hosts as u8 port[2], u8 length[4], then the
 * packet's bytes, without padding. */
#define PV_HELD_HEADER 6

/* Creates an engine around an initialised arena; both `burst` and `arena` must outlive
 * it. hold_limit is in packets that arrive. NULL when memory is short. */
struct pv_engine *pv_engine_create(pv_vnf_burst burst, u8 *arena, u64 hold_limit);

/* Stops the worker if it runs, closes all ports and frees the engine. */
void pv_engine_destroy(struct pv_engine *engine);

/* Opens port `number` (0 .. PV_PORTS_MAX - 1) with a driver by name:
 *   "tun"  arguments "device=NAME"     an existing or new TUN device of this network
 *                                      namespace
 *   "pcap" arguments "rx=FILE,tx=FILE" reads and writes capture files (either may be
 *                                      missing); rx ends quietly at the end of the file
 *   "mem"  arguments "slots=N"         two rings in memory, for tests
 * The engine must not run. */
i64 pv_engine_add_port(struct pv_engine *engine, u64 number, const char *driver,
                       const char *arguments, char *error, u64 error_size);

/* Starts or stops the worker thread. Stopping waits for the burst in hand and hands the
 * ports' buffered output to the system, also when there is no worker. */
i64 pv_engine_start(struct pv_engine *engine, char *error, u64 error_size);
i64 pv_engine_stop(struct pv_engine *engine);

/* Without a worker: receives one burst from each port, calls the VNF with `now_ns`,
 * sends. Returns how many packets were received. */
i64 pv_engine_step(struct pv_engine *engine, u64 now_ns);

/* Changes the mode at a burst boundary; returns once the worker has taken it up. */
i64 pv_engine_set_mode(struct pv_engine *engine, u64 mode);

/* Runs call(arena, argument) between two bursts and returns its result; the only way to
 * touch the arena while the worker runs. */
i64 pv_engine_run(struct pv_engine *engine, pv_engine_call call, void *argument);

/* Moves the oldest held packets, in a hold first injected ones that wait, whole, into `buffer`
 * in serial form. Returns the bytes written; 0 when none is held. -ENOSPC when the first does
 * not fit. */
i64 pv_engine_take_held(struct pv_engine *engine, u8 *buffer, u64 capacity);

/* Queues packets in serial form, to be processed in order before anything that was held
 * or arrives; what is injected in PV_MODE_HOLD is processed in it, with all that was injected
 * before. Returns how many were taken, or -EINVAL (nothing taken) when the bytes are not whole
 * packets for open ports. */
i64 pv_engine_inject(struct pv_engine *engine, const u8 *buffer, u64 length);

/* Records what passes a port, both ways, into a pcap file (LINKTYPE_RAW, nanosecond
 * stamps of the wall clock); NULL ends the recording. */
i64 pv_engine_record(struct pv_engine *engine, u64 number, const char *path, char *error,
                     u64 error_size);

i64 pv_engine_get_stats(struct pv_engine *engine, struct pv_engine_stats *stats);
i64 pv_engine_get_port_stats(struct pv_engine *engine, u64 number, struct pv_port_stats *stats);

/* The far side of a "mem" port. push copies one packet in (-ENOBUFS when full); pop
 * copies the oldest packet sent out (its length, 0 when there is none, -ENOSPC when it
 * does not fit). */
i64 pv_mem_push(struct pv_engine *engine, u64 number, const u8 *data, u64 length);
i64 pv_mem_pop(struct pv_engine *engine, u64 number, u8 *data, u64 capacity);

/* A stand-alone TUN handle for traffic sources and sinks (the lab): bursts of raw IP
 * packets in the serial form above (the port is 0). read waits at most timeout_ms for
 * the first packet and returns the bytes filled in; write returns the packets sent. */
struct pv_tun;
struct pv_tun *pv_tun_open(const char *device, char *error, u64 error_size);
i64 pv_tun_read(struct pv_tun *tun, u8 *buffer, u64 capacity, i64 timeout_ms);
i64 pv_tun_write(struct pv_tun *tun, const u8 *buffer, u64 length);
void pv_tun_close(struct pv_tun *tun);

/* Monotonic time in ns, the clock of now_ns. */
u64 pv_now_ns(void);

/* For benchmarks: calls `burst` with each of `count` bursts in turn, nothing between, and
 * returns the ns that took. */
u64 pv_time_bursts(pv_vnf_burst burst, u8 *arena, struct pv_burst *bursts, u64 count);

#endif
