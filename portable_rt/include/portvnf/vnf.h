/* The host ABI: everything that a VNF and its host say to each other.
 *
 * A VNF is a pure function of (arena, input, time). It imports nothing but memcpy,
 * memmove, memset and memcmp, has no mutable globals, and exports exactly the
 * functions declared at the end of this file. Only 64-bit integers, pointers and void
 * cross the boundary; everything else crosses in memory, in the structures below, in
 * the host's own byte order. Their layout is the same on every LP64 ISA: each field
 * stands at a multiple of its own size and no structure has implicit padding.
 *
 * Calls on one arena never overlap, but for vnf_counters. The host may call from any
 * thread.
 */
#ifndef PORTVNF_VNF_H
#define PORTVNF_VNF_H

#include "types.h"

/* Raised when anything in this file changes its meaning; a host refuses an artifact
 * that states another number. */
#define PV_ABI_VERSION 1

/* Most input packets in one call, and most spare packets. */
#define PV_BURST_MAX 64
#define PV_SPARE_MAX 64
#define PV_OUT_MAX 128

/* Bytes that the host leaves free in front of every input packet, for encapsulation, and
 * the smallest buffer that it may hand in. */
#define PV_HEADROOM 128
#define PV_CAPACITY_MIN 2048

/* One packet and the buffer that it lies in. The host owns the buffer; during the call
 * the VNF may read and write all of [base, base + capacity) and move the packet within
 * it. The packet is the IP packet at base[offset .. offset + length). */
struct pv_packet {
    u8 *base;
    u32 capacity; /* bytes in the buffer */
    u32 offset;   /* first byte of the packet */
    u32 length;   /* bytes in the packet */
    u16 port;     /* in: port of arrival; out: port to send from */
    u16 reason;   /* set by the VNF on input packets: 0, or why it was dropped */
};

/* One call's worth of packets. The host keeps ownership of every packet; after the call
 * it sends out[0 .. out_count) in that order and takes all of them back. */
struct pv_burst {
    u64 now_ns;      /* host's monotonic clock, nanoseconds; never goes back */
    u64 in_count;    /* set by the host, at most PV_BURST_MAX */
    u64 spare_count; /* set by the host: empty packets that the VNF may fill */
    u64 out_count;   /* set by the VNF, at most PV_OUT_MAX */
    struct pv_packet *in[PV_BURST_MAX];
    struct pv_packet *spare[PV_SPARE_MAX];
    struct pv_packet *out[PV_OUT_MAX]; /* each one of in[] or spare[], at most once */
};

/* State moves section by section; what a section holds is the state schema's matter. */

/* Error classes: a negative result is -(one of these). */
#define PV_ERROR_CONFIG 1        /* the configuration cannot be decoded or does not fit */
#define PV_ERROR_ARENA 2         /* the arena is smaller than vnf_arena_size asks for */
#define PV_ERROR_SECTION 3       /* no such section */
#define PV_ERROR_TRUNCATED 4     /* a record ends before its last field */
#define PV_ERROR_NOT_CANONICAL 5 /* a field holds a value that no encoder writes */
#define PV_ERROR_DUPLICATE 6     /* a record's key is taken already */
#define PV_ERROR_REFERENCE 7     /* a record names another that is not there */
#define PV_ERROR_CAPACITY 8      /* this instance is configured too small for the record */
#define PV_ERROR_FOREIGN 9       /* an address or APN that is not in this configuration */
#define PV_ERROR_BUFFER 10       /* the buffer cannot hold even one record */
#define PV_ERROR_ORDER 11        /* records do not stand in ascending order of their keys */
#define PV_ERROR_INCOMPLETE 12   /* something that the state must have is missing */
#define PV_ERROR_BUSY 13         /* a command must wait: what it is about is being changed */
#define PV_ERROR_FAMILY 14       /* a peer of an IP version in which the VNF has no address */

/* One step of an export. The host sets section, since, cursor (0 at first), buffer and
 * capacity; the VNF fills the buffer with whole records, in canonical order, and sets
 * the rest. A step's cost is bounded by the buffer and one pass over 64 Ki table
 * entries, so that it fits between two bursts: length may be 0 while more is 1. */
struct pv_export {
    u64 section;
    u64 since;    /* 0: everything; n: only what changed after vnf_epoch returned n */
    u64 until;    /* 0: up to now; n: nothing that changed after vnf_epoch returned n, so
                   * that a round taken in steps between bursts is consistent */
    u64 cursor;   /* in/out: pass it back unchanged for the next step */
    u64 capacity; /* bytes at buffer */
    u64 length;   /* out: bytes written */
    u64 records;  /* out: records written */
    u64 more;     /* out: 1 while there is more to export */
    u8 *buffer;   /* owned by the host */
};

/* The section number that ends an import: checks that the state is complete. */
#define PV_IMPORT_COMPLETE 0

/* One step of an import: whole records of one section, in canonical order. On an error
 * some records before it may have been taken: the host discards the arena. */
struct pv_import {
    u64 section;
    u64 first;        /* 1 in the first step of a section, 0 while it goes on */
    u64 length;       /* bytes at buffer */
    u64 now_ns;       /* remaining times in the records count from here */
    u64 records;      /* out: records taken */
    u64 failed;       /* out, on an error: byte offset of the record that was refused */
    u64 field;        /* out, on an error: number of the refused field, from 1; 0: the record */
    const u8 *buffer; /* owned by the host, only read */
};

/* --- What the VNF exports ------------------------------------------------------- */

/* PV_ABI_VERSION that the VNF was built for. */
i64 vnf_abi_version(void);

/* Bytes of arena for this configuration, or a negative error. The configuration is one
 * `config` record of the VNF's state schema. */
i64 vnf_arena_size(const u8 *config, u64 config_length);

/* Prepares an arena (zeroed by the host, aligned to 64 bytes). Returns 0 or a negative
 * error. The configuration is copied. */
i64 vnf_init(u8 *arena, u64 arena_length, const u8 *config, u64 config_length, u64 now_ns);

/* Processes in[0 .. in_count) in order and runs the timers that are due; with in_count
 * 0 it only runs the timers. The host calls at least every 10 ms. Returns the time,
 * in ns, until the next timer is due (at most one second). */
i64 vnf_burst(u8 *arena, struct pv_burst *burst);

/* Closes the current epoch and returns its number (1, 2, ...). An export with
 * since = that number gives what changed later. */
i64 vnf_epoch(u8 *arena);

/* One step of an export or import. Returns 0 or a negative error. */
i64 vnf_export(u8 *arena, struct pv_export *step);
i64 vnf_import(u8 *arena, struct pv_import *step);

/* Copies the first `capacity` counters (names: the manifest) to `values` and returns how
 * many there are. The one call that may run beside another on the same arena: it only
 * reads, and each value is then at most a burst old. */
i64 vnf_counters(u8 *arena, u64 *values, u64 capacity);

#endif
