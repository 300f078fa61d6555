/* A backlog: packets that wait, first in, first out, in serial form. */
#include "backlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "serial_packet.h"

#define BLOCK_BYTES 262144

struct pv_backlog_block {
    struct pv_backlog_block *next;
    u64 capacity;
    u64 start; /* first byte not yet taken */
    u64 end;   /* first byte not yet filled */
    u8 bytes[];
};

static struct pv_backlog_block *add_block(struct pv_backlog *backlog, u64 capacity)
{
    struct pv_backlog_block *block = NULL;
    if (backlog->reserve && capacity == BLOCK_BYTES) {
        block = backlog->reserve;
        backlog->reserve = NULL;
    } else {
        block = malloc(sizeof *block + capacity);
        if (!block)
            return NULL;
    }
    *block = (struct pv_backlog_block){.capacity = capacity};
    if (backlog->last)
        backlog->last->next = block;
    else
        backlog->first = block;
    backlog->last = block;
    return block;
}

static void drop_first_block(struct pv_backlog *backlog)
{
    struct pv_backlog_block *block = backlog->first;
    backlog->first = block->next;
    if (!backlog->first)
        backlog->last = NULL;
    if (!backlog->reserve && block->capacity == BLOCK_BYTES)
        backlog->reserve = block;
    else
        free(block);
}

i64 pv_backlog_append(struct pv_backlog *backlog, const struct pv_packet *packet)
{
    u64 needed = PV_HELD_HEADER + packet->length;
    struct pv_backlog_block *block = backlog->last;
    if (!block || block->capacity - block->end < needed)
        block = add_block(backlog, BLOCK_BYTES);
    if (!block)
        return -ENOMEM;
    u8 *serial = block->bytes + block->end;
    pv_serial_write(serial, packet->port, packet->length);
    memcpy(serial + PV_HELD_HEADER, packet->base + packet->offset, packet->length);
    block->end += needed;
    backlog->packets++;
    return 0;
}

i64 pv_backlog_append_serial(struct pv_backlog *backlog, const u8 *buffer, u64 length, u64 packets)
{
    if (length == 0)
        return 0;
    struct pv_backlog_block *block = add_block(backlog, length);
    if (!block)
        return -ENOMEM;
    memcpy(block->bytes, buffer, length);
    block->end = length;
    backlog->packets += packets;
    return 0;
}

u64 pv_backlog_take(struct pv_backlog *backlog, struct pv_packet **packets, u64 count)
{
    u64 taken = 0;
    while (taken < count && backlog->packets) {
        struct pv_backlog_block *block = backlog->first;
        const u8 *serial = block->bytes + block->start;
        struct pv_packet *packet = packets[taken++];
        packet->port = (u16)pv_serial_port(serial);
        packet->reason = 0;
        packet->offset = PV_HEADROOM;
        packet->length = (u32)pv_serial_length(serial);
        memcpy(packet->base + PV_HEADROOM, serial + PV_HELD_HEADER, packet->length);
        block->start += PV_HELD_HEADER + packet->length;
        backlog->packets--;
        if (block->start == block->end)
            drop_first_block(backlog);
    }
    return taken;
}

i64 pv_backlog_take_serial(struct pv_backlog *backlog, u8 *buffer, u64 capacity)
{
    u64 filled = 0;
    while (backlog->packets) {
        struct pv_backlog_block *block = backlog->first;
        const u8 *serial = block->bytes + block->start;
        u64 bytes = PV_HELD_HEADER + pv_serial_length(serial);
        if (bytes > capacity - filled)
            return filled ? (i64)filled : -ENOSPC;
        memcpy(buffer + filled, serial, bytes);
        filled += bytes;
        block->start += bytes;
        backlog->packets--;
        if (block->start == block->end)
            drop_first_block(backlog);
    }
    return (i64)filled;
}

void pv_backlog_free(struct pv_backlog *backlog)
{
    while (backlog->first)
        drop_first_block(backlog);
    free(backlog->reserve);
    *backlog = (struct pv_backlog){0};
}
