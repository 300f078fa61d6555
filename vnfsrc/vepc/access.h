/* The access side of the gateway: MMEs on S11 and eNodeBs on S1-U or, at a P-GW alone, S-GWs
 * on S5/S8 (TS 29.274, tables 7.2.1-2 and 7.2.7-2). */
#ifndef VEPC_ACCESS_H
#define VEPC_ACCESS_H

#include "gtpc_ie.h"

struct access {
    const struct vepc_endpoint *control; /* our addresses towards it */
    const struct vepc_endpoint *user;
    u8 sender;          /* interface type of its F-TEID for control */
    u8 tunnel;          /* interface type of its F-TEIDs of bearers, */
    u8 create_instance; /* and their instance when a session is created, */
    u8 modify_instance; /* or modified */
};

PV_INLINE int is_pgw(const struct vepc *vepc)
{
    return vepc->config.mode == VEPC_CONFIG_MODE_PGW;
}

PV_INLINE int is_sgw(const struct vepc *vepc)
{
    return vepc->config.mode == VEPC_CONFIG_MODE_SGW;
}

PV_INLINE void access_of(const struct vepc *vepc, struct access *access)
{
    int pgw = is_pgw(vepc);
    access->control = pgw ? &vepc->config.s5 : &vepc->config.s11;
    access->user = pgw ? &vepc->config.s5 : &vepc->config.s1u;
    access->sender = pgw ? S5C_SGW : S11_MME;
    access->tunnel = pgw ? S5U_SGW : S1U_ENODEB;
    access->create_instance = pgw ? 2 : 0;
    access->modify_instance = pgw ? 1 : 0;
}

#endif
