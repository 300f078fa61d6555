/* What follows from the answer to a request of ours, or from its absence: each procedure's
 * own matter, found here by message type. */
#ifndef VEPC_RESPONSES_H
#define VEPC_RESPONSES_H

#include "gtpc.h"

/* A peer answered a transaction. `answer` is a well-formed message that the transaction
 * waits for; the transaction ends after this. */
void responses_take(struct request *answer, struct transaction *transaction);

/* Nobody answered a transaction, which ends after this. */
void responses_none(struct turn *turn, struct transaction *transaction);

#endif
