/* Commands about bearers (TS 29.274, 7.2.5, 7.2.6, 7.2.14, 7.2.17): what the MME, or the UE
 * through it, wants of us. A command that is taken is answered by a request of ours with
 * its sequence number; another by its Failure Indication.
 */
#ifndef VEPC_BEARER_COMMANDS_H
#define VEPC_BEARER_COMMANDS_H

#include "gtpc.h"

/* Each either begins a request of ours and returns CAUSE_ACCEPTED, or changes nothing and
 * returns why; response->teid is set in any case. */
struct refusal gtpc_modify_bearer_command(struct request *command, struct response *response);
struct refusal gtpc_delete_bearer_command(struct request *command, struct response *response);
struct refusal gtpc_bearer_resource_command(struct request *command, struct response *response);

/* Writes what a Failure Indication says beside its cause. */
void gtpc_write_command_failure(const struct request *command, struct ie_writer *w,
                                struct refusal refusal);

#endif
