/* Requests of ours that wait for their answers: sent again every T3, at most N3 times (TS
 * 29.274, 7.6).
 *
 * A request is written in its transaction and posted; it is sent in the same burst, or in
 * the next ones when there is no room for more packets. Its answer, or its giving up, is
 * told to responses.h. A transaction names contexts by TEID: they may be gone when the
 * answer comes.
 */
#ifndef VEPC_TRANSACTIONS_H
#define VEPC_TRANSACTIONS_H

#include "gtpc.h"

/* Bytes of memory for `capacity` transactions, and their layout in it. */
u64 transactions_footprint(u64 capacity);
void transactions_init(struct vepc *vepc, u64 capacity, u8 *memory);

/* A request being written. */
struct draft {
    struct transaction *transaction;
    struct ie_writer ies; /* room for TRANSACTION_MESSAGE_MAX bytes, the header included */
};

#define TRANSACTION_MESSAGE_MAX 1023

/* Begins a request to a peer's GTP-C port. Returns 0 (counted) when too many wait already.
 * The caller writes its IEs, may fill in s11_teid, s5c_teid, bearers and origin, and must
 * then post it. */
int transactions_begin(struct vepc *vepc, const struct pv_address *peer, u8 interface,
                       struct draft *draft);

/* Ends the writing: the request has this type and the receiver's TEID. It gets the next
 * sequence number, or, triggered by a command, the command's. */
void transactions_post(struct vepc *vepc, struct draft *draft, u8 type, u32 teid);
void transactions_post_as(struct vepc *vepc, struct draft *draft, u8 type, u32 teid, u32 sequence);

/* Likewise a command, whose numbers are apart from those of requests, for the request that answers
 * it has the same (TS 29.274, 7.6). */
void transactions_post_command(struct vepc *vepc, struct draft *draft, u8 type, u32 teid);

#define SEQUENCE_OF_COMMAND 0x800000u

/* Puts a filled-in transaction behind those that wait (import). Its deadline must not be
 * before theirs. */
void transactions_link(struct vepc *vepc, struct transaction *transaction);

/* Takes a free one, empty, or returns 0; gives one back. */
struct transaction *transactions_take(struct vepc *vepc);
void transactions_end(struct vepc *vepc, struct transaction *transaction);

/* The transaction that a message of a peer with this sequence number answers, or 0. */
struct transaction *transactions_find(struct vepc *vepc, const struct pv_address *peer,
                                      u32 sequence);

/* The transaction whose end this request waits for, or 0: then it came again. */
struct transaction *transactions_find_origin(struct vepc *vepc, const struct request *request);

/* Makes a request of the peer the origin of a transaction being written. */
void transactions_set_origin(struct transaction *transaction, const struct request *request);

/* Sends what was posted and what is due again, as far as there is room in this burst; gives
 * up what was sent N3 times. Returns the ns until it has to be called again. */
u64 transactions_run(struct turn *turn);

PV_INLINE u8 transaction_type(const struct transaction *transaction)
{
    return transaction->message[1];
}

/* Whether a request is about bearers of a session. */
PV_INLINE int is_bearer_request(const struct transaction *transaction)
{
    u8 type = transaction_type(transaction);
    return type == GTPC_CREATE_BEARER_REQUEST || type == GTPC_UPDATE_BEARER_REQUEST ||
           type == GTPC_DELETE_BEARER_REQUEST;
}

/* The IEs of a request of ours, which is always sent with a TEID. */
PV_INLINE struct ie transaction_ies(const struct transaction *transaction)
{
    struct ie ies = {transaction->message + GTPC_HEADER,
                     (u64)transaction->message_length - GTPC_HEADER};
    return ies;
}

#endif
