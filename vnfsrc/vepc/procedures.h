/* Answers kept for repeated requests (TS 29.274, 7.6): a request that comes again gets the
 * same answer and is not carried out again. */
#ifndef VEPC_PROCEDURES_H
#define VEPC_PROCEDURES_H

#include "gtpc.h"

/* The hash by which answers to a request are found. */
PV_INLINE u64 procedures_hash(const struct pv_address *peer, u16 port, u8 type, u32 sequence)
{
    return address_hash(peer, (u64)port << 32 | (u64)type << 24 | sequence);
}

/* The answer kept for this request, or 0. */
const struct procedure *procedures_find(struct vepc *vepc, const struct request *request);

/* Keeps an answer for so many ns from now, in place of the oldest one when all slots are
 * taken. */
void procedures_keep(struct vepc *vepc, const struct request *request, u64 for_ns,
                     const u8 *response, u64 length);

/* Forgets the answers with serial numbers below this one. */
void procedures_forget(struct vepc *vepc, u64 below);

/* Forgets some of the answers whose time is over. Returns the ns until the next one's is,
 * TIMER_IDLE_NS when none is kept. */
u64 procedures_expire(struct vepc *vepc);

/* The answer of a serial number between procedure_oldest and procedure_next. */
PV_INLINE struct procedure *procedures_at(const struct vepc *vepc, u64 serial)
{
    return &vepc->procedure[serial % vepc->config.procedures];
}

#endif
