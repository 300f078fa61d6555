/* GTPv2-C (TS 29.274) on S11 and S5/S8: messages, and the procedures that answer them. */
#ifndef VEPC_GTPC_H
#define VEPC_GTPC_H

#include "gtpc_ie.h"
#include "gtpc_send.h"

#define GTPC_ECHO_REQUEST 1
#define GTPC_ECHO_RESPONSE 2
#define GTPC_VERSION_NOT_SUPPORTED 3
#define GTPC_CREATE_SESSION_REQUEST 32
#define GTPC_MODIFY_BEARER_REQUEST 34
#define GTPC_DELETE_SESSION_REQUEST 36
#define GTPC_CHANGE_NOTIFICATION_REQUEST 38
#define GTPC_MODIFY_BEARER_COMMAND 64
#define GTPC_DELETE_BEARER_COMMAND 66
#define GTPC_BEARER_RESOURCE_COMMAND 68
#define GTPC_DOWNLINK_DATA_NOTIFICATION_FAILURE 70
#define GTPC_CREATE_BEARER_REQUEST 95
#define GTPC_UPDATE_BEARER_REQUEST 97
#define GTPC_DELETE_BEARER_REQUEST 99
#define GTPC_DELETE_CONNECTION_SET_REQUEST 101
#define GTPC_SUSPEND_NOTIFICATION 162
#define GTPC_RESUME_NOTIFICATION 164
#define GTPC_CREATE_FORWARDING_REQUEST 166
#define GTPC_DELETE_FORWARDING_REQUEST 168
#define GTPC_RELEASE_ACCESS_BEARERS_REQUEST 170
#define GTPC_DOWNLINK_DATA_NOTIFICATION 176
#define GTPC_MODIFY_ACCESS_BEARERS_REQUEST 211

/* Room for any answer, its header included. */
#define GTPC_RESPONSE_MAX 1023
/* Most octets of Protocol Configuration Options in an answer, so that the rest fits. */
#define GTPC_PCO_MAX 251

/* A request, or an answer to one of ours. */
struct request {
    struct turn *turn;
    struct ie ies;
    struct gtpc_route route; /* whence it came, and where the answer goes */
    u64 digest;              /* of the whole message, for telling repetitions from new requests */
    u64 length;              /* bytes of the whole message */
    u32 sequence;
    u32 teid; /* 0 without one */
    u8 type;
};

/* The answer to a request. A procedure writes IEs behind the header and sets the peer's
 * TEID; the message type is the request's plus one. */
struct response {
    struct ie_writer ies;
    u32 teid;
    u8 message[GTPC_RESPONSE_MAX + 1];
};

_Static_assert(sizeof(((struct procedure *)0)->response) == GTPC_RESPONSE_MAX &&
                   sizeof(((struct vepc_procedure_record *)0)->response) == GTPC_RESPONSE_MAX,
               "any answer can be kept, and moved");

/* A message from the S11 or S5 port; ip->payload is its UDP header. */
void gtpc_receive(struct turn *turn, struct pv_packet *packet, const struct ip *ip, u64 udp_length);

/* The procedures. Each carries the request out, writes the answer and returns CAUSE_ACCEPTED
 * or another cause of acceptance in refusal.cause; or changes nothing, writes nothing and
 * returns why; or makes the request the origin of a transaction, whose end answers it, and
 * returns CAUSE_LATER. response->teid is set unless the answer is left for later. */
struct refusal gtpc_create_session(struct request *request, struct response *response);
struct refusal gtpc_modify_bearer(struct request *request, struct response *response);
struct refusal gtpc_change_notification(struct request *request, struct response *response);
struct refusal gtpc_release_access_bearers(struct request *request, struct response *response);
struct refusal gtpc_suspend(struct request *request, struct response *response);
struct refusal gtpc_resume(struct request *request, struct response *response);
struct refusal gtpc_delete_session(struct request *request, struct response *response);
struct refusal gtpc_delete_connection_set(struct request *request, struct response *response);

/* An empty response. */
void gtpc_begin_response(struct response *response);

/* Answers the origin of a transaction: writes the Cause of a refusal, completes the response,
 * keeps it for repetitions and sends it. A refusal that was written already stays as it is. */
void gtpc_answer_origin(struct turn *turn, const struct transaction *transaction,
                        struct response *response, struct refusal refusal);

/* Sends a bearer's downlink packets to this eNodeB from now on. */
void gtpc_switch_bearer(struct turn *turn, u64 bearer, const struct vepc_tunnel *enb);

/* Notes that the origin of a transaction needs no answer any more, but may come again: a command
 * that was answered by a request. */
void gtpc_close_origin(struct turn *turn, const struct transaction *transaction);

/* The slot of the UE that a request's TEID names, and its MME's TEID for the answer;
 * CONTEXTS_NONE when there is no such context, or its peer has lost it and it is to be deleted
 * (TS 23.007, 16.1A and 18). At a P-GW the TEID names a session, and the answer goes to its
 * S-GW. */
u64 gtpc_find_ue(struct request *request, struct response *response);

/* The same, also of a context that its peer has lost; and whether it has, after what this
 * request says. A new peer may take such a context over, and anyone may delete it. */
u64 gtpc_find_context(struct request *request, struct response *response);
int gtpc_is_lost(const struct request *request, u64 ue_slot);

/* Notes the Recovery value that a message carries, if the peer that it is of has a path. */
void gtpc_learn_restart(const struct request *request, const struct pv_address *peer);

PV_INLINE struct refusal refuse(u8 cause, u8 ie_type, u8 ie_instance)
{
    struct refusal refusal = {cause, (u64)ie_type << 8 | ie_instance};
    return refusal;
}

#endif
