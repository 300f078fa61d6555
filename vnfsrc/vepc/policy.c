/* Local policy: see policy.h. */
#include "policy.h"

#include "bearer_request.h"
#include "sessions.h"

/* Whether an IMSI in TBCD begins with these digits. */
static int imsi_begins(const u8 *imsi, const u8 *digits, u64 count)
{
    for (u64 i = 0; i < count; i++)
        if (((u32)imsi[i >> 1] >> (4 * (i & 1)) & 15) + '0' != digits[i])
            return 0;
    return 1;
}

static int is_for(const struct vepc *vepc, const struct vepc_rule *rule, u64 session_slot)
{
    const struct session *session = &vepc->session[session_slot];
    const struct vepc_apn *apn = &vepc->config.apns[session->apn];
    if (rule->apn_length && (rule->apn_length != apn->name_length ||
                             !memory_equal(rule->apn, apn->name, apn->name_length)))
        return 0;
    return imsi_begins(vepc->ue[session->ue].imsi, rule->imsi, rule->imsi_length);
}

/* The place of the rule that made a bearer, or RULE_NONE. */
static u64 find_rule(const struct vepc *vepc, u64 bearer_slot)
{
    const struct bearer *bearer = &vepc->bearer[bearer_slot];
    for (u64 i = 0; i < vepc->config.rules_count; i++)
        if (vepc->config.rules[i].name_length == bearer->rule_length &&
            memory_equal(vepc->config.rules[i].name, bearer->rule, bearer->rule_length))
            return i;
    return RULE_NONE;
}

int policy_applies(const struct vepc *vepc, u64 session_slot)
{
    if (vepc->session[session_slot].apn == APN_FOREIGN)
        return 0; /* another gateway's policy */
    for (u64 i = 0; i < vepc->config.rules_count; i++)
        if (is_for(vepc, &vepc->config.rules[i], session_slot))
            return 1;
    return 0;
}

static void apply(struct vepc *vepc, const struct vepc_rule *rule, u64 session_slot)
{
    struct trigger trigger = {0, 0, 0};
    struct bearer_wish wish;
    wish.qos = rule->qos;
    wish.rule_length = (u8)rule->name_length;
    memory_copy(wish.rule, rule->name, rule->name_length);
    wish.count = rule->filters_count;
    for (u64 i = 0; i < rule->filters_count; i++)
        wish.filter[i] = rule->filters[i];
    bearer_create(vepc, session_slot, &wish, &trigger);
}

/* Asks for the bearer of the first rule from `first` on that is for the session and has
 * none yet. When there is no room, rules go on waiting; at the end they do no more. */
static void apply_next(struct vepc *vepc, u64 session_slot, u64 first)
{
    for (u64 i = first; i < vepc->config.rules_count; i++) {
        const struct vepc_rule *rule = &vepc->config.rules[i];
        if (is_for(vepc, rule, session_slot) &&
            session_find_rule(vepc, session_slot, rule->name, rule->name_length) == CONTEXTS_NONE) {
            apply(vepc, rule, session_slot);
            return;
        }
    }
    vepc->session[session_slot].rules_wait = 0;
    ue_touch(vepc, vepc->session[session_slot].ue);
}

/* Whether a bearer of a session is being created by the rules. */
static int is_under_way(const struct vepc *vepc, u64 session_slot)
{
    const struct ue *ue = &vepc->ue[vepc->session[session_slot].ue];
    for (u64 place = EBI_PLACE_FIRST; place < EBI_FIRST; place++) {
        u64 slot = ue_find_bearer(ue, place);
        if (slot != CONTEXTS_NONE && vepc->bearer[slot].session == session_slot &&
            find_rule(vepc, slot) != RULE_NONE)
            return 1;
    }
    return 0;
}

void policy_connected(struct vepc *vepc, u64 bearer_slot)
{
    u64 session_slot = vepc->bearer[bearer_slot].session;
    if (vepc->session[session_slot].rules_wait && bearer_is_default(vepc, bearer_slot) &&
        !is_under_way(vepc, session_slot))
        apply_next(vepc, session_slot, 0);
}

u64 policy_rule_of(const struct vepc *vepc, const struct transaction *transaction)
{
    u64 slot = contexts_find(&vepc->bearers, transaction->bearers[0]);
    return transaction->bearers_count && slot != CONTEXTS_NONE ? find_rule(vepc, slot) : RULE_NONE;
}

void policy_continue(struct vepc *vepc, u64 session_slot, u64 rule)
{
    if (rule != RULE_NONE && vepc->session[session_slot].rules_wait)
        apply_next(vepc, session_slot, rule + 1);
}
