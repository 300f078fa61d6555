/* Exporting state: one function a section; import.h is their counterpart. */
#ifndef VEPC_EXPORT_H
#define VEPC_EXPORT_H

#include "vepc.h"

/* export_gateway.c */
void export_gateway(const struct vepc *vepc, struct pv_writer *w);
/* Pools are numbered 2 * APN + family (0: IPv4, 1: IPv6). */
void export_pool(const struct vepc *vepc, u64 number, struct pv_writer *w);
/* The path at a place in their order. */
void export_path(const struct vepc *vepc, u64 at, struct pv_writer *w);
void export_procedure(const struct vepc *vepc, const struct procedure *procedure,
                      struct pv_writer *w);
void export_transaction(const struct vepc *vepc, u64 slot, struct pv_writer *w);
void export_record(const struct vepc *vepc, u64 serial, struct pv_writer *w);
/* The datagram at a place in their order. */
void export_datagram(const struct vepc *vepc, u64 at, struct pv_writer *w);

/* export_contexts.c: by slot. */
void export_ue(const struct vepc *vepc, u64 slot, struct pv_writer *w);
void export_session(const struct vepc *vepc, u64 slot, struct pv_writer *w);
void export_bearer(const struct vepc *vepc, u64 slot, struct pv_writer *w);
void export_usage(const struct vepc *vepc, u64 slot, struct pv_writer *w);
void export_cleared(u64 slot, struct pv_writer *w);
/* Returns 0, having written nothing, when both buckets are full. */
int export_bucket(const struct vepc *vepc, u64 slot, struct pv_writer *w);

/* What a bearer has a chain of (filters, packets): the first entry, as slot + 1, and, having
 * written one, the next. */
u32 export_first(const struct vepc *vepc, u64 section, u64 bearer);
u32 export_filter(const struct vepc *vepc, u64 bearer, u32 entry, struct pv_writer *w);
u32 export_packet(const struct vepc *vepc, u64 bearer, u32 entry, struct pv_writer *w);

/* A pool by its number. */
PV_INLINE const struct pool *pool_of(const struct vepc *vepc, u64 number)
{
    const struct pdn *pdn = &vepc->pdn[number >> 1];
    return number & 1 ? &pdn->pool6 : &pdn->pool4;
}

#endif
