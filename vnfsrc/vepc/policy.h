/* Local policy: the dedicated bearers that the configuration's rules give to new PDN
 * connections (TS 23.401, 5.4.1, without a PCRF).
 *
 * Rules begin when the default bearer is first connected, and follow one another: the next
 * bearer is asked for when the last one's answer came, which simple MMEs can follow. Until
 * the last one's came, session.rules_wait is set; a request that nobody answered, or for
 * which there was no room, is made again when the default bearer is next connected.
 */
#ifndef VEPC_POLICY_H
#define VEPC_POLICY_H

#include "vepc.h"

#define RULE_NONE (~0ull)

/* Whether any rule is for a session, whose UE and APN are known. */
int policy_applies(const struct vepc *vepc, u64 session_slot);

/* Begins with a session's rules, if they wait and the bearer is its default bearer; to be
 * called when a bearer was connected. */
void policy_connected(struct vepc *vepc, u64 bearer_slot);

/* The place of the rule that a Create Bearer transaction is for, or RULE_NONE. */
u64 policy_rule_of(const struct vepc *vepc, const struct transaction *transaction);

/* Goes on with the rules behind that one; RULE_NONE: with none. */
void policy_continue(struct vepc *vepc, u64 session_slot, u64 rule);

#endif
