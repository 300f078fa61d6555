/* Importing state: one function a section; export.h is their counterpart. Everything read
 * is hostile until checked. */
#ifndef VEPC_IMPORT_H
#define VEPC_IMPORT_H

#include "vepc.h"

/* Refuses the record as a whole. */
#define FIELD_NONE 0

/* Records of a keyed section stand in ascending order of their keys, which are not 0; the
 * key is the first field. */
void import_order(struct vepc *vepc, struct pv_reader *in, u64 key);

/* Refuses a field (VEPC_FIELD_…), unless the record was refused already. */
void import_refuse(struct pv_reader *in, u64 field, i64 error);

/* Refuses a field that names a peer of a family in which the gateway has no address. */
void import_reach(struct pv_reader *in, u64 field, const struct vepc_endpoint *ours,
                  const struct pv_address *peer);

/* The slot of a context that a record names by TEID in a field, or CONTEXTS_NONE with the
 * record refused. */
u64 import_find(struct pv_reader *in, const struct contexts *table, u32 teid, u64 field);

/* import_gateway.c */
void import_gateway(struct vepc *vepc, struct pv_reader *in);
void import_pool(struct vepc *vepc, struct pv_reader *in);
void import_path(struct vepc *vepc, struct pv_reader *in);
void import_procedure(struct vepc *vepc, struct pv_reader *in);
void import_transaction(struct vepc *vepc, struct pv_reader *in);
void import_record(struct vepc *vepc, struct pv_reader *in);
void import_datagram(struct vepc *vepc, struct pv_reader *in);
void import_records_taken(struct vepc *vepc, struct pv_reader *in);

/* import_contexts.c */
void import_ue(struct vepc *vepc, struct pv_reader *in);
void import_session(struct vepc *vepc, struct pv_reader *in);
void import_bearer(struct vepc *vepc, struct pv_reader *in);
void import_filter(struct vepc *vepc, struct pv_reader *in);
void import_packet(struct vepc *vepc, struct pv_reader *in);
void import_bucket(struct vepc *vepc, struct pv_reader *in);
void import_usage(struct vepc *vepc, struct pv_reader *in);
void import_cleared(struct vepc *vepc, struct pv_reader *in);

/* import_paths.c */
/* No more records come: counts the users of the paths, once, and makes the paths that lack and
 * for which there is room. Probes begin where none are due, and end where none are wanted. */
void import_paths_complete(struct vepc *vepc);

/* bearer_orders.c */
void import_bearer_order(struct vepc *vepc, struct pv_reader *in);

#endif
