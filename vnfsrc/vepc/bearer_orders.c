/* Orders about dedicated bearers for a running gateway (section bearer_order): from the
 * operator, in a PCRF's stead. An order that cannot be carried out changes nothing. */
#include "bearer_request.h"
#include "filters.h"
#include "import.h"
#include "sessions.h"

/* The PDN connection that an order names, or CONTEXTS_NONE with the order refused. */
static u64 find_session(struct vepc *vepc, struct pv_reader *in,
                        const struct vepc_bearer_order_record *r)
{
    u64 apn = config_find_apn(&vepc->config, r->apn, r->apn_length);
    u64 ue = ue_find_imsi(vepc, r->imsi);
    u32 next = ue == CONTEXTS_NONE ? NO_SLOT : vepc->ue[ue].first_session;
    if (ue == CONTEXTS_NONE)
        import_refuse(in, VEPC_FIELD_BEARER_ORDER_IMSI, -PV_ERROR_REFERENCE);
    for (; next != NO_SLOT; next = vepc->session[next - 1].next)
        if (apn != APN_NONE && vepc->session[next - 1].apn == apn)
            return next - 1;
    import_refuse(in, VEPC_FIELD_BEARER_ORDER_APN, -PV_ERROR_REFERENCE);
    return CONTEXTS_NONE;
}

/* The bearer that it names by EBI, or else by rule. */
static u64 find_bearer(struct vepc *vepc, struct pv_reader *in,
                       const struct vepc_bearer_order_record *r, u64 session)
{
    u64 slot = r->ebi >= EBI_FIRST ? ue_find_bearer(&vepc->ue[vepc->session[session].ue], r->ebi)
               : r->ebi == 0       ? session_find_rule(vepc, session, r->rule, r->rule_length)
                                   : CONTEXTS_NONE;
    if (slot != CONTEXTS_NONE && vepc->bearer[slot].session == session)
        return slot;
    import_refuse(in, r->ebi ? VEPC_FIELD_BEARER_ORDER_EBI : VEPC_FIELD_BEARER_ORDER_RULE,
                  -PV_ERROR_REFERENCE);
    return CONTEXTS_NONE;
}

/* Checks the filters by themselves and against each other. */
static void check_filters(struct pv_reader *in, const struct vepc_bearer_order_record *r)
{
    u32 identifiers = 0;
    int sound = r->filters_count <= TFT_FILTERS_MAX;
    for (u64 i = 0; sound && i < r->filters_count; i++) {
        sound = packet_filter_check(&r->filters[i]) == CAUSE_ACCEPTED &&
                !(identifiers >> (r->filters[i].identifier & 15) & 1);
        identifiers |= 1u << (r->filters[i].identifier & 15);
    }
    if (!sound || tft_length(r->filters, r->filters_count) > TFT_LENGTH_MAX)
        import_refuse(in, VEPC_FIELD_BEARER_ORDER_FILTERS, -PV_ERROR_NOT_CANONICAL);
}

static u64 create(struct vepc *vepc, struct pv_reader *in, const struct vepc_bearer_order_record *r,
                  u64 session)
{
    struct trigger trigger = {0, 0, 0};
    struct bearer_wish wish;
    if (r->rule_length == 0 || r->ebi != 0)
        import_refuse(in, VEPC_FIELD_BEARER_ORDER_RULE, -PV_ERROR_NOT_CANONICAL);
    if (session_find_rule(vepc, session, r->rule, r->rule_length) != CONTEXTS_NONE)
        import_refuse(in, VEPC_FIELD_BEARER_ORDER_RULE, -PV_ERROR_DUPLICATE);
    if (r->filters_count == 0)
        import_refuse(in, VEPC_FIELD_BEARER_ORDER_FILTERS, -PV_ERROR_NOT_CANONICAL);
    if (in->error)
        return CAUSE_ACCEPTED;
    wish.qos = r->qos;
    wish.rule_length = (u8)r->rule_length;
    memory_copy(wish.rule, r->rule, r->rule_length);
    wish.count = r->filters_count;
    for (u64 i = 0; i < r->filters_count; i++)
        wish.filter[i] = r->filters[i];
    return bearer_create(vepc, session, &wish, &trigger);
}

static u64 update(struct vepc *vepc, const struct vepc_bearer_order_record *r, u64 bearer)
{
    struct trigger trigger = {0, 0, 0};
    struct bearer_change change = {&r->qos, 0, 0};
    struct tft tft;
    tft.operation = TFT_CREATE;
    tft.count = r->filters_count;
    for (u64 i = 0; i < r->filters_count; i++)
        tft.filter[i] = r->filters[i];
    if (r->filters_count) {
        filters_settle(vepc, bearer, &tft);
        change.tft = &tft;
    }
    return bearer_update(vepc, bearer, &change, &trigger);
}

void import_bearer_order(struct vepc *vepc, struct pv_reader *in)
{
    struct vepc_bearer_order_record r;
    struct trigger trigger = {0, 0, 0};
    vepc_bearer_order_record_read(in, &r, 1);
    if (in->error)
        return;
    check_filters(in, &r);
    u64 session = find_session(vepc, in, &r);
    u64 cause = CAUSE_ACCEPTED;
    if (in->error)
        return;
    if (r.action == VEPC_BEARER_ORDER_ACTION_CREATE) {
        cause = create(vepc, in, &r, session);
    } else {
        u64 bearer = find_bearer(vepc, in, &r, session);
        if (in->error)
            return;
        cause = r.action == VEPC_BEARER_ORDER_ACTION_UPDATE
                    ? update(vepc, &r, bearer)
                    : bearers_delete(vepc, &bearer, 1, &trigger);
    }
    if (cause == CAUSE_COLLISION)
        import_refuse(in, FIELD_NONE, -PV_ERROR_BUSY);
    else if (cause != CAUSE_ACCEPTED)
        import_refuse(in, FIELD_NONE, -PV_ERROR_CAPACITY);
}
