/* Packets that cannot be: see martians.h. */
#include "martians.h"

#include "address.h"
#include "gtpc_send.h"

static int martian4(u32 source, u32 destination)
{
    u32 network = source >> 24;
    return network == 0 || network == 127 || network >= 224 || source == destination;
}

static int martian6(const u8 *source, u64 destination_prefix)
{
    u64 prefix = pv_load_be64(source);
    int unroutable = prefix >> 56 == 0xff || prefix >> 54 == 0xfe80 >> 6 ||
                     (prefix == 0 && pv_load_be64(source + 8) <= 1);
    return unroutable || prefix == destination_prefix;
}

int martian_from_sgi(const u8 *inner)
{
    if (inner[0] >> 4 == 4)
        return martian4(pv_load_be32(inner + 12), pv_load_be32(inner + 16));
    return martian6(inner + 8, pv_load_be64(inner + 24));
}

int source_is_own(const struct uplink *uplink, const u8 *inner)
{
    if (inner[0] >> 4 == 4)
        return uplink->ipv4 != 0 && pv_load_be32(inner + 12) == uplink->ipv4;
    return uplink->prefix != 0 && pv_load_be64(inner + 8) == uplink->prefix;
}

int martian_from_ue(const struct vepc_config *config, const u8 *inner)
{
    struct pv_address to;
    if (inner[0] >> 4 == 4)
        address_set_ipv4(&to, pv_load_be32(inner + 16));
    else
        address_set_ipv6(&to, inner + 24);
    return address_is_set(&to) &&
           (is_ours(&config->s1u, &to) || is_ours(&config->s11, &to) || is_ours(&config->s5, &to));
}
