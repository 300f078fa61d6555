/* Packets in serial form. */
#include "serial_packet.h"

#include <errno.h>

i64 pv_serial_count(const u8 *buffer, u64 length)
{
    i64 packets = 0;
    while (length) {
        if (length < PV_HELD_HEADER)
            return -EINVAL;
        u64 bytes = pv_serial_length(buffer);
        if (bytes == 0 || bytes > PV_PACKET_MAX || bytes > length - PV_HELD_HEADER)
            return -EINVAL;
        buffer += PV_HELD_HEADER + bytes;
        length -= PV_HELD_HEADER + bytes;
        packets++;
    }
    return packets;
}
