/* A backlog: packets that wait, first in, first out, in serial form.
 *
 * They lie end to end in blocks that are allocated as they fill, so that thousands of
 * waiting packets take the memory of their bytes, and a backlog that is empty takes none
 * (but one block in reserve).
 */
#ifndef PORTVNF_HOST_BACKLOG_H
#define PORTVNF_HOST_BACKLOG_H

#include "port.h"

struct pv_backlog_block;

struct pv_backlog {
    struct pv_backlog_block *first;
    struct pv_backlog_block *last;
    struct pv_backlog_block *reserve;
    u64 packets;
};

/* Appends a copy of one packet. -ENOMEM when there is no memory. */
i64 pv_backlog_append(struct pv_backlog *backlog, const struct pv_packet *packet);

/* Appends copies of `packets` packets in serial form, which pv_serial_count accepted. */
i64 pv_backlog_append_serial(struct pv_backlog *backlog, const u8 *buffer, u64 length, u64 packets);

/* Moves the oldest packets to the buffers of packets[0 .. count); returns how many. */
u64 pv_backlog_take(struct pv_backlog *backlog, struct pv_packet **packets, u64 count);

/* Moves the oldest packets, whole, to `buffer`; returns the bytes, -ENOSPC when the
 * first does not fit. */
i64 pv_backlog_take_serial(struct pv_backlog *backlog, u8 *buffer, u64 capacity);

void pv_backlog_free(struct pv_backlog *backlog);

#endif
