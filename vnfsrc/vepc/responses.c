/* Answers to requests of ours: see responses.h. */
#include "responses.h"

#include "transactions.h"

void responses_take(struct request *answer, struct transaction *transaction)
{
    (void)answer;
    switch (transaction_type(transaction)) {
    default:
        break; /* its arrival is all that mattered */
    }
}

void responses_none(struct turn *turn, struct transaction *transaction)
{
    (void)turn;
    switch (transaction_type(transaction)) {
    default:
        break;
    }
}
