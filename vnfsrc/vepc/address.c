/* Addresses of either family: see address.h. */
#include "address.h"

int address_is_host(const struct pv_address *address)
{
    if (address_is_ipv4(address))
        return address_ipv4(address) != 0 && address_ipv4(address) >> 28 < 0xe;
    return address->high != 0 ? address->high >> 56 != 0xff : address->low > 0xffffffff;
}
