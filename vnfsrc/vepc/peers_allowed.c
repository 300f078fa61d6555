/* The peers that are allowed: see peers_allowed.h. */
#include "peers_allowed.h"

#include "address.h"

/* The upper `bits` of a word, 0 to 64, as a mask. */
static u64 upper_bits(u64 bits)
{
    return bits >= 64 ? ~0ull : ~(~0ull >> (bits & 63));
}

static int contains(const struct vepc_network *network, const struct pv_address *address)
{
    u64 length = network->length;
    u64 high = upper_bits(length < 64 ? length : 64);
    u64 low = upper_bits(length > 64 ? length - 64 : 0);
    return ((network->address.high ^ address->high) & high) == 0 &&
           ((network->address.low ^ address->low) & low) == 0;
}

int peer_is_allowed(const struct vepc_config *config, const struct pv_address *peer)
{
    for (u64 i = 0; i < config->peers_allowed_count; i++)
        if (contains(&config->peers_allowed[i], peer))
            return 1;
    return config->peers_allowed_count == 0;
}
