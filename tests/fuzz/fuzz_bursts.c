/* Fuzz target: packets and the passing of time, on a gateway with UEs.
 *
 * An input is a list of items: one control byte, two bytes of length (big-endian), so many
 * bytes. Control: bits 0 and 1 the port; bit 2: the bytes are a GTP message, to be put into
 * UDP and IP from a peer that bits 3 and 4 choose; bit 5: IPv6; bit 6: a burst ends with this
 * item; bit 7: no packet, but the length is how many ms pass.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway.h"

#define BUFFER 4096
#define ITEMS_MOST 64

static struct pv_packet packets[PV_BURST_MAX + PV_SPARE_MAX];
static u8 *buffers[PV_BURST_MAX + PV_SPARE_MAX];

/* Addresses of tests/data/vepc.toml: the gateway's by port, and the peers'. */
static const u8 ours[4][4] = {{10, 11, 0, 1}, {10, 12, 0, 1}, {10, 13, 0, 1}, {10, 14, 0, 1}};
static const u8 ours6[4][2] = {{0x00, 0x11}, {0x00, 0x12}, {0x00, 0x13}, {0x00, 0x14}};

static u16 checksum(const u8 *data, u64 length, u64 sum)
{
    for (u64 i = 0; i + 1 < length; i += 2)
        sum += pv_load_be16(data + i);
    if (length & 1)
        sum += (u64)data[length - 1] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (u16)~sum;
}

/* Writes IP and UDP headers in front of a message of `length` bytes; returns their size. */
static u64 enclose(u8 *at, u64 port, u64 peer, int ipv6, u64 length)
{
    u16 udp_port = port == 1 ? 2152 : 2123;
    u64 header = ipv6 ? 40 : 20;
    u8 *udp = at + header;
    memset(at, 0, header + 8);
    if (ipv6) {
        at[0] = 0x60;
        pv_store_be16(at + 4, (u32)(8 + length));
        at[6] = 17;
        at[7] = 64;
        at[8] = at[24] = 0xfd;
        memcpy(at + 10, ours6[port], 2);
        memcpy(at + 26, ours6[port], 2);
        at[23] = (u8)(10 + peer);
        at[39] = 1;
    } else {
        at[0] = 0x45;
        pv_store_be16(at + 2, (u32)(28 + length));
        at[8] = 64;
        at[9] = 17;
        memcpy(at + 12, ours[port], 4);
        at[15] = (u8)(10 + 10 * peer);
        memcpy(at + 16, ours[port], 4);
        pv_store_be16(at + 10, checksum(at, 20, 0));
    }
    pv_store_be16(udp, udp_port);
    pv_store_be16(udp + 2, udp_port);
    pv_store_be16(udp + 4, (u32)(8 + length));
    if (ipv6) {
        u64 pseudo = 17 + 8 + length;
        for (u64 i = 8; i < 40; i += 2)
            pseudo += pv_load_be16(at + i);
        u16 sum = checksum(udp, 8 + length, pseudo);
        pv_store_be16(udp + 6, sum ? sum : 0xffff);
    }
    return header + 8;
}

static void run(struct gateway *gateway, struct pv_burst *burst)
{
    burst->now_ns = gateway->now_ns;
    burst->spare_count = PV_SPARE_MAX;
    i64 wait = vnf_burst(gateway->arena[0], burst);
    if (wait < 0 || wait > 1000000000)
        finding("vnf_burst names a time that is none");
    if (burst->out_count > PV_OUT_MAX)
        finding("more packets come out than there is room for");
    for (u64 i = 0; i < burst->out_count; i++) {
        const struct pv_packet *out = burst->out[i];
        if (out->offset > out->capacity || out->length > out->capacity - out->offset)
            finding("a packet lies outside of its buffer");
        if (out->length == 0 || out->port > 3)
            finding("a packet is empty, or for no port");
    }
    burst->in_count = 0;
}

static void make_buffers(struct pv_burst *burst)
{
    for (u64 i = 0; i < PV_BURST_MAX + PV_SPARE_MAX; i++) {
        if (!buffers[i])
            buffers[i] = malloc(BUFFER); /* each its own, so that no access beyond goes unseen */
        packets[i].base = buffers[i];
        packets[i].capacity = BUFFER;
        if (i >= PV_BURST_MAX)
            burst->spare[i - PV_BURST_MAX] = &packets[i];
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    static struct pv_burst burst;
    struct gateway *gateway = gateway_reset();
    make_buffers(&burst);
    burst.in_count = 0;
    for (u64 at = 0, items = 0; at + 3 <= size && items < ITEMS_MOST; items++) {
        u8 control = data[at];
        u64 length = pv_load_be16(data + at + 1);
        at += 3;
        if (control & 0x80) {
            run(gateway, &burst);
            gateway->now_ns += length * 1000000;
            run(gateway, &burst);
            continue;
        }
        if (length > size - at)
            length = size - at;
        if (length > BUFFER - PV_HEADROOM - 48)
            length = BUFFER - PV_HEADROOM - 48;
        struct pv_packet *packet = &packets[burst.in_count];
        u64 port = control & 3;
        packet->offset = PV_HEADROOM;
        u8 *start = packet->base + PV_HEADROOM;
        u64 header = 0;
        if (control & 4) {
            header = control & 0x20 ? 48 : 28;
            memcpy(start + header, data + at, length);
            enclose(start, port, (control >> 3) & 3, control & 0x20, length);
        } else {
            memcpy(start, data + at, length);
        }
        packet->length = (u32)(header + length);
        packet->port = (u16)port;
        burst.in[burst.in_count++] = packet;
        at += length;
        if ((control & 0x40) || burst.in_count == PV_BURST_MAX)
            run(gateway, &burst);
    }
    run(gateway, &burst);
    gateway_check_canonical(gateway, gateway->arena[0], gateway->arena[1]);
    return 0;
}
