/* Packets in serial form: u8 port[2], u8 length[4], then the bytes, without padding. */
#ifndef PORTVNF_HOST_SERIAL_PACKET_H
#define PORTVNF_HOST_SERIAL_PACKET_H

#include "port.h"

#include <portvnf/wire.h>

static inline void pv_serial_write(u8 *serial, u64 port, u64 length)
{
    pv_store_be16(serial, (u32)port);
    pv_store_be32(serial + 2, (u32)length);
}

static inline u64 pv_serial_port(const u8 *serial)
{
    return pv_load_be16(serial);
}

static inline u64 pv_serial_length(const u8 *serial)
{
    return pv_load_be32(serial + 2);
}

/* The number of packets in the buffer, or -EINVAL when it does not hold whole packets of
 * 1 to PV_PACKET_MAX bytes each. Port numbers are the caller's matter. */
i64 pv_serial_count(const u8 *buffer, u64 length);

#endif
