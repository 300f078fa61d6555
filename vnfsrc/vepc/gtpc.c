/* GTPv2-C messages: see gtpc.h. */
#include "gtpc.h"

#include "access.h"
#include "bearer_commands.h"
#include "forwarding.h"
#include "notification.h"
#include "path_echo.h"
#include "paths.h"
#include "procedures.h"
#include "purge.h"
#include "rate_limits.h"
#include "responses.h"
#include "sgw.h"
#include "transactions.h"

#define VERSION_2 0x40
#define FLAG_PIGGYBACKED 0x10
#define FLAG_TEID 0x08

/* The longest message behind another one that is read. */
#define PIGGYBACKED_MAX 2048
/* Whether the peer has a path: it had an accepted session. */
static int is_known(const struct request *request)
{
    return paths_find(request->turn->vepc, &request->route.peer, VEPC_PATH_PLANE_GTP_C) != 0;
}

/* Answers a request. Nobody should gain by asking in another's name: where the specification
 * makes an answer to a stranger larger than its request, that is counted. */
static void answer(const struct request *request, struct pv_packet *packet, const u8 *message,
                   u64 length)
{
    if (length > request->length && !is_known(request))
        count(request->turn->vepc, COUNT_answers_larger);
    gtpc_send(request->turn, packet, &request->route, message, length);
}

static void answer_echo(struct request *request, struct pv_packet *packet)
{
    u8 message[GTPC_HEADER + 8];
    struct ie_writer ies = {message, GTPC_HEADER};
    ie_write_u8(&ies, IE_RECOVERY, request->turn->vepc->restart_counter);
    u8 *start = gtpc_write_header(message, ies.length, GTPC_ECHO_RESPONSE, 0, 0, request->sequence);
    answer(request, packet, start, ies.length - 4);
}

static void answer_version(struct request *request, struct pv_packet *packet)
{
    u8 message[GTPC_HEADER];
    u8 *start = gtpc_write_header(message, GTPC_HEADER, GTPC_VERSION_NOT_SUPPORTED, 0, 0, 0);
    gtpc_send(request->turn, packet, &request->route, start, GTPC_HEADER_WITHOUT_TEID);
}

u64 gtpc_find_context(struct request *request, struct response *response)
{
    struct vepc *vepc = request->turn->vepc;
    response->teid = 0;
    if (is_pgw(vepc)) {
        u64 session = contexts_find(&vepc->sessions, request->teid);
        if (session == CONTEXTS_NONE)
            return CONTEXTS_NONE;
        response->teid = vepc->session[session].peer.teid;
        return vepc->session[session].ue;
    }
    u64 ue = contexts_find(&vepc->ues, request->teid);
    if (ue != CONTEXTS_NONE)
        response->teid = vepc->ue[ue].mme.teid;
    return ue;
}

int gtpc_is_lost(const struct request *request, u64 ue_slot)
{
    const struct vepc *vepc = request->turn->vepc;
    return is_pgw(vepc) ? purge_awaits_session(vepc, contexts_find(&vepc->sessions, request->teid))
                        : purge_awaits(vepc, ue_slot);
}

u64 gtpc_find_ue(struct request *request, struct response *response)
{
    u64 ue = gtpc_find_context(request, response);
    if (ue == CONTEXTS_NONE || !gtpc_is_lost(request, ue))
        return ue;
    response->teid = 0;
    return CONTEXTS_NONE;
}

static struct refusal carry_out(struct request *request, struct response *response)
{
    if (!ies_well_formed(request->ies)) {
        gtpc_find_ue(request, response);
        return refuse(CAUSE_INVALID_LENGTH, 0, 0);
    }
    switch (request->type) {
    case GTPC_CREATE_SESSION_REQUEST:
        return is_sgw(request->turn->vepc) ? sgw_create_session(request, response)
                                           : gtpc_create_session(request, response);
    case GTPC_MODIFY_BEARER_REQUEST:
    case GTPC_MODIFY_ACCESS_BEARERS_REQUEST: /* the same, but for what it tells of the UE */
        return gtpc_modify_bearer(request, response);
    case GTPC_CHANGE_NOTIFICATION_REQUEST:
        return gtpc_change_notification(request, response);
    case GTPC_CREATE_FORWARDING_REQUEST:
        return gtpc_create_forwarding(request, response);
    case GTPC_DELETE_FORWARDING_REQUEST:
        return gtpc_delete_forwarding(request, response);
    case GTPC_DELETE_SESSION_REQUEST:
        return gtpc_delete_session(request, response);
    case GTPC_DELETE_CONNECTION_SET_REQUEST:
        return gtpc_delete_connection_set(request, response);
    case GTPC_SUSPEND_NOTIFICATION:
        return gtpc_suspend(request, response);
    case GTPC_RESUME_NOTIFICATION:
        return gtpc_resume(request, response);
    case GTPC_CREATE_BEARER_REQUEST:
    case GTPC_UPDATE_BEARER_REQUEST:
    case GTPC_DELETE_BEARER_REQUEST:
        return sgw_bearer_request(request, response);
    default:
        return gtpc_release_access_bearers(request, response);
    }
}

/* Whether an answer is kept: a refusal that changes nothing is found again as easily, and
 * those of strangers must not displace others. */
static int is_kept(const struct request *request, u64 cause)
{
    if (cause == CAUSE_NO_RESOURCES || cause == CAUSE_ADDRESSES_OCCUPIED)
        return is_known(request);
    return cause < CAUSE_CONTEXT_NOT_FOUND;
}

/* Completes the answer to a request and keeps it. */
static void complete(const struct request *request, struct response *response,
                     struct refusal refusal)
{
    struct vepc *vepc = request->turn->vepc;
    int accepted = refusal.cause < CAUSE_CONTEXT_NOT_FOUND;
    if (!accepted && response->ies.length == GTPC_HEADER)
        ie_write_cause(&response->ies, refusal);
    gtpc_write_header(response->message, response->ies.length, request->type + 1, 1, response->teid,
                      request->sequence);
    count(vepc, accepted ? COUNT_gtpc_accepted : COUNT_gtpc_rejected);
    if (is_kept(request, refusal.cause))
        procedures_keep(vepc, request, (u64)vepc->config.retention_ms * 1000000, response->message,
                        response->ies.length);
}

void gtpc_begin_response(struct response *response)
{
    response->ies.base = response->message;
    response->ies.length = GTPC_HEADER;
    response->teid = 0;
}

/* The origin of a transaction, as far as an answer to it needs it. */
static void read_origin(struct turn *turn, const struct transaction *transaction,
                        struct request *request)
{
    const struct vepc_origin *origin = &transaction->origin;
    /* An S-GW alone passes on, from one side to the other. */
    int s5 = (transaction->interface == VEPC_TRANSACTION_INTERFACE_S5) != is_sgw(turn->vepc);
    request->turn = turn;
    request->sequence = origin->sequence;
    request->type = origin->message_type;
    request->digest = origin->digest;
    gtpc_route_to(turn->vepc, &origin->peer,
                  s5 ? VEPC_TRANSACTION_INTERFACE_S5 : VEPC_TRANSACTION_INTERFACE_S11,
                  &request->route);
    request->route.port = origin->port;
}

void gtpc_close_origin(struct turn *turn, const struct transaction *transaction)
{
    struct vepc *vepc = turn->vepc;
    struct request request;
    u8 none = 0;
    read_origin(turn, transaction, &request);
    procedures_keep(vepc, &request, (u64)vepc->config.retention_ms * 1000000, &none, 0);
}

void gtpc_answer_origin(struct turn *turn, const struct transaction *transaction,
                        struct response *response, struct refusal refusal)
{
    struct request request;
    read_origin(turn, transaction, &request);
    complete(&request, response, refusal);
    struct pv_packet *packet = spare(turn);
    if (packet) /* without one, the peer asks again and gets what is kept */
        gtpc_send(turn, packet, &request.route, response->message, response->ies.length);
}

void gtpc_learn_restart(const struct request *request, const struct pv_address *peer)
{
    struct ie recovery;
    if (ies_well_formed(request->ies) && ies_find(request->ies, IE_RECOVERY, 0, &recovery) &&
        recovery.length >= 1)
        paths_learn_restart(request->turn->vepc, peer, VEPC_PATH_PLANE_GTP_C, recovery.value[0]);
}

/* Whether a message came to an S-GW alone from the side of its P-GWs. */
static int is_from_pgw(const struct request *request)
{
    const struct vepc *vepc = request->turn->vepc;
    return is_sgw(vepc) && is_ours(&vepc->config.s5, &request->route.local);
}

/* The UE whose context is asked for has its MME's address; that is who restarted, whatever
 * address the request came from (TS 23.007, 18). */
static const struct pv_address *sender(const struct request *request)
{
    const struct vepc *vepc = request->turn->vepc;
    u64 ue = is_from_pgw(request) ? CONTEXTS_NONE : contexts_find(&vepc->ues, request->teid);
    return ue == CONTEXTS_NONE || !address_is_set(&vepc->ue[ue].mme.address)
               ? &request->route.peer
               : &vepc->ue[ue].mme.address;
}

/* Whether a request came before: then it gets the answer that was sent, or, while it is
 * being carried out, or when our own request was the answer, none. */
static int is_repeated(struct request *request, struct pv_packet *packet)
{
    struct vepc *vepc = request->turn->vepc;
    const struct procedure *kept = procedures_find(vepc, request);
    if (kept && kept->response_length)
        gtpc_send(request->turn, packet, &request->route, kept->response, kept->response_length);
    else if (!kept && !transactions_find_origin(vepc, request))
        return 0;
    count(vepc, COUNT_gtpc_repeated);
    return 1;
}

static struct refusal obey(struct request *command, struct response *response)
{
    if (!ies_well_formed(command->ies)) {
        gtpc_find_ue(command, response);
        return refuse(CAUSE_INVALID_LENGTH, 0, 0);
    }
    if (is_sgw(command->turn->vepc))
        return sgw_command(command, response);
    switch (command->type) {
    case GTPC_MODIFY_BEARER_COMMAND:
        return gtpc_modify_bearer_command(command, response);
    case GTPC_DELETE_BEARER_COMMAND:
        return gtpc_delete_bearer_command(command, response);
    default:
        return gtpc_bearer_resource_command(command, response);
    }
}

/* A command is answered by a request of ours, or by a Failure Indication. That it was taken
 * is noted, for it may come again after our request was answered. */
static void answer_command(struct request *command, struct pv_packet *packet)
{
    struct vepc *vepc = command->turn->vepc;
    struct response response;
    if (is_repeated(command, packet))
        return;
    gtpc_begin_response(&response);
    struct refusal refusal = obey(command, &response);
    if (refusal.cause == CAUSE_LATER)
        return;
    if (refusal.cause == CAUSE_ACCEPTED) {
        count(vepc, COUNT_gtpc_accepted);
        procedures_keep(vepc, command, (u64)vepc->config.retention_ms * 1000000, response.message,
                        0);
        return;
    }
    count(vepc, COUNT_gtpc_rejected);
    gtpc_write_command_failure(command, &response.ies, refusal);
    gtpc_write_header(response.message, response.ies.length, command->type + 1, 1, response.teid,
                      command->sequence);
    answer(command, packet, response.message, response.ies.length);
}

static void answer_request(struct request *request, struct pv_packet *packet)
{
    if (is_repeated(request, packet))
        return;
    struct pv_address peer = *sender(request);
    struct response response;
    gtpc_begin_response(&response);
    struct refusal refusal = carry_out(request, &response);
    if (refusal.cause == CAUSE_LATER)
        return;
    complete(request, &response, refusal);
    if (refusal.cause < CAUSE_CONTEXT_NOT_FOUND)
        gtpc_learn_restart(request, &peer);
    answer(request, packet, response.message, response.ies.length);
}

/* FNV-1a, 64 bits. */
static u64 digest_of(const u8 *message, u64 length)
{
    u64 digest = 0xcbf29ce484222325ull;
    for (u64 i = 0; i < length; i++)
        digest = (digest ^ message[i]) * 0x100000001b3ull;
    return digest;
}

/* Reads the header. Returns 0 or the reason to drop the packet. A message that claims to be
 * longer than it is has no IEs that are well-formed: a request is refused for that (TS 29.274,
 * 7.7.3). */
static u64 parse(struct request *request, const u8 *message, u64 available)
{
    if (available < GTPC_HEADER_WITHOUT_TEID || (message[0] & 0xe0) != VERSION_2)
        return DROP_bad_gtpc_header;
    u64 header = message[0] & FLAG_TEID ? GTPC_HEADER : GTPC_HEADER_WITHOUT_TEID;
    u64 total = 4 + (u64)pv_load_be16(message + 2);
    if (total < header || available < header)
        return DROP_bad_gtpc_length;
    int cut_off = total > available;
    total = cut_off ? available : total;
    request->type = message[1];
    request->teid = header == GTPC_HEADER ? pv_load_be32(message + 4) : 0;
    request->sequence = pv_load_be24(message + header - 4);
    request->ies.value = message + header;
    request->ies.length = total - header;
    request->length = total;
    if (cut_off) {
        request->ies.value = message;
        request->ies.length = 1;
    }
    request->digest = digest_of(message, total);
    return 0;
}

/* An answer to a request of ours. One that comes again, or too late, finds nothing that
 * waits for it. */
static void receive_answer(struct request *answer, struct pv_packet *packet)
{
    struct vepc *vepc = answer->turn->vepc;
    struct transaction *transaction =
        transactions_find(vepc, &answer->route.peer, answer->sequence);
    if (!transaction || transaction_type(transaction) + 1 != answer->type) {
        drop(answer->turn, packet, DROP_unknown_gtpc_message);
        return;
    }
    if (!ies_well_formed(answer->ies)) {
        drop(answer->turn, packet, DROP_bad_gtpc_length);
        return;
    }
    gtpc_learn_restart(answer, &answer->route.peer);
    responses_take(answer, transaction);
    transactions_end(vepc, transaction);
}

/* Requests of an MME that are only for an S-GW: a P-GW does not know them. */
static int is_for_sgw(u8 type)
{
    return type == GTPC_RELEASE_ACCESS_BEARERS_REQUEST ||
           type == GTPC_MODIFY_ACCESS_BEARERS_REQUEST || type == GTPC_CREATE_FORWARDING_REQUEST ||
           type == GTPC_DELETE_FORWARDING_REQUEST;
}

static int is_of_pgw(u8 type)
{
    return type == GTPC_CREATE_BEARER_REQUEST || type == GTPC_UPDATE_BEARER_REQUEST ||
           type == GTPC_DELETE_BEARER_REQUEST;
}

/* Whether the gateway understands a message, which an S-GW alone asks of the side from which it came:
 * requests of MMEs are even but for two. */
static int is_understood(const struct request *request)
{
    const struct vepc *vepc = request->turn->vepc;
    u8 type = request->type;
    if (!is_sgw(vepc))
        return is_pgw(vepc) ? !is_for_sgw(type) : 1;
    if (!is_from_pgw(request))
        return !is_of_pgw(type);
    return type < GTPC_CREATE_SESSION_REQUEST ||
           (type % 2 == 1 && type != GTPC_MODIFY_ACCESS_BEARERS_REQUEST &&
            type != GTPC_DELETE_CONNECTION_SET_REQUEST);
}

/* Acts on one message, which is `available` bytes long at most. */
static void receive_message(struct request *request, struct pv_packet *packet, const u8 *message,
                            u64 available)
{
    struct turn *turn = request->turn;
    count(turn->vepc, COUNT_gtpc_messages);
    u64 reason = parse(request, message, available);
    if (reason) {
        drop(turn, packet, (enum counter)reason);
        /* Another version is told ours (TS 29.274, 7.7.2), unless that is what it says. */
        if (available >= GTPC_HEADER_WITHOUT_TEID && message[0] >> 5 != 2 &&
            message[1] != GTPC_VERSION_NOT_SUPPORTED)
            answer_version(request, packet);
        return;
    }
    if (!is_understood(request)) {
        drop(turn, packet, DROP_unknown_gtpc_message);
        return;
    }
    switch (request->type) {
    case GTPC_ECHO_REQUEST:
        gtpc_learn_restart(request, &request->route.peer);
        answer_echo(request, packet);
        break;
    case GTPC_ECHO_RESPONSE:
        if (path_echo_answered(turn->vepc, &request->route.peer, VEPC_PATH_PLANE_GTP_C,
                               request->sequence))
            gtpc_learn_restart(request, &request->route.peer);
        break;
    case GTPC_VERSION_NOT_SUPPORTED:
        break;
    case GTPC_CREATE_SESSION_REQUEST:
    case GTPC_MODIFY_BEARER_REQUEST:
    case GTPC_DELETE_SESSION_REQUEST:
    case GTPC_CHANGE_NOTIFICATION_REQUEST:
    case GTPC_DELETE_CONNECTION_SET_REQUEST:
    case GTPC_SUSPEND_NOTIFICATION:
    case GTPC_RESUME_NOTIFICATION:
    case GTPC_CREATE_FORWARDING_REQUEST:
    case GTPC_DELETE_FORWARDING_REQUEST:
    case GTPC_RELEASE_ACCESS_BEARERS_REQUEST:
    case GTPC_MODIFY_ACCESS_BEARERS_REQUEST:
        answer_request(request, packet);
        break;
    case GTPC_MODIFY_BEARER_COMMAND:
    case GTPC_DELETE_BEARER_COMMAND:
    case GTPC_BEARER_RESOURCE_COMMAND:
        answer_command(request, packet);
        break;
    case GTPC_CREATE_BEARER_REQUEST:
    case GTPC_UPDATE_BEARER_REQUEST:
    case GTPC_DELETE_BEARER_REQUEST:
        if (is_sgw(turn->vepc))
            answer_request(request, packet);
        else
            receive_answer(request, packet);
        break;
    case GTPC_DOWNLINK_DATA_NOTIFICATION_FAILURE:
        reason = notification_failed(request);
        if (reason)
            drop(turn, packet, (enum counter)reason);
        break;
    default:
        receive_answer(request, packet);
        break;
    }
}

/* The length of a message that another one follows in the same datagram (TS 29.274, 5.5.1), or
 * 0 when there is none. */
static u64 length_before_piggybacked(const u8 *message, u64 available)
{
    if (available < GTPC_HEADER_WITHOUT_TEID ||
        (message[0] & (0xe0 | FLAG_PIGGYBACKED)) != (VERSION_2 | FLAG_PIGGYBACKED))
        return 0;
    u64 length = 4 + (u64)pv_load_be16(message + 2);
    return length < available && available - length <= PIGGYBACKED_MAX ? length : 0;
}

void gtpc_receive(struct turn *turn, struct pv_packet *packet, const struct ip *ip, u64 udp_length)
{
    if (!udp_checksum_ok(ip, udp_length)) {
        drop(turn, packet, DROP_bad_udp);
        return;
    }
    if (!rate_limits_admit_gtpc(turn->vepc, &ip->source)) {
        drop(turn, packet, DROP_rate_limited);
        return;
    }
    struct request request;
    request.turn = turn;
    request.route.peer = ip->source;
    request.route.local = ip->destination;
    request.route.port = pv_load_be16(ip->payload);
    request.route.out_port = (u8)packet->port;
    const u8 *message = ip->payload + UDP_HEADER;
    u64 available = udp_length - UDP_HEADER;
    u64 first = length_before_piggybacked(message, available);
    if (first == 0) {
        receive_message(&request, packet, message, available);
        return;
    }
    /* The answer to the first message takes the packet, so the second one is copied before. */
    u8 second[PIGGYBACKED_MAX];
    u64 length = available - first;
    memory_copy(second, message + first, length);
    receive_message(&request, packet, message, first);
    struct pv_packet *answer = spare(turn);
    if (answer)
        receive_message(&request, answer, second, length);
}
