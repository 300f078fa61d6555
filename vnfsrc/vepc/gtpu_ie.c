/* GTP-U information elements: see gtpu_ie.h. */
#include "gtpu_ie.h"

/* Length of a GTP-U IE of a type that we know, its own header included, or 0. */
static u64 ie_length(const u8 *ie, u64 available)
{
    if (ie[0] == GTPU_IE_RECOVERY)
        return 2;
    if (ie[0] == GTPU_IE_TEID_DATA_I)
        return 5;
    if (ie[0] < 128 || available < 2)
        return 0; /* a TV element whose length nobody can tell */
    if (ie[0] == GTPU_IE_EXTENSION_LIST)
        return 2 + (u64)ie[1];
    return available < 3 ? 0 : 3 + (u64)pv_load_be16(ie + 1);
}

int gtpu_read_lost_tunnel(const u8 *ies, u64 total, struct vepc_tunnel *tunnel)
{
    const u8 *at = ies;
    u64 left = total;
    __builtin_memset(tunnel, 0, sizeof *tunnel);
    int complete = 0;
    while (left > 0) {
        u64 length = ie_length(at, left);
        if (length == 0 || length > left)
            return 0;
        if (at[0] == GTPU_IE_TEID_DATA_I) {
            tunnel->teid = pv_load_be32(at + 1);
            complete |= 1;
        }
        if (at[0] == GTPU_IE_PEER_ADDRESS && length == 7) {
            address_set_ipv4(&tunnel->address, pv_load_be32(at + 3));
            complete |= 2;
        }
        if (at[0] == GTPU_IE_PEER_ADDRESS && length == 19) {
            address_set_ipv6(&tunnel->address, at + 3);
            complete |= 2;
        }
        at += length;
        left -= length;
    }
    return complete == 3;
}
