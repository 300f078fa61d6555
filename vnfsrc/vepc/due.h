/* Timers that are due: each is its owner's matter, found here by its number. */
#ifndef VEPC_DUE_H
#define VEPC_DUE_H

#include "vepc.h"

/* Runs timers that are due, as far as one burst may. Returns the ns until the next one is,
 * at most TIMER_IDLE_NS. */
u64 due_run(struct turn *turn);

#endif
