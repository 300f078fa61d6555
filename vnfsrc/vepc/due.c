/* Timers that are due: see due.h. */
#include "due.h"

#include "charging.h"
#include "paging.h"
#include "path_echo.h"

/* Timers run in one burst; more are left for the next. */
#define DUE_MOST 64

static void run(struct turn *turn, u64 number)
{
    struct vepc *vepc = turn->vepc;
    timers_cancel(&vepc->timers, number);
    u64 first_session = timer_of_session(vepc, 0);
    u64 first_path = timer_of_path(vepc, 0);
    if (number >= first_path)
        path_echo_due(turn, &vepc->path[number - first_path]);
    else if (number >= first_session)
        charging_due(vepc, number - first_session);
    else
        paging_due(turn, number);
}

u64 due_run(struct turn *turn)
{
    struct vepc *vepc = turn->vepc;
    for (u64 i = 0; i < DUE_MOST; i++) {
        u64 number = timers_next(&vepc->timers);
        if (number == TIMER_NONE)
            return TIMER_IDLE_NS;
        u64 due_ns = vepc->timers.due_ns[number];
        if (due_ns > vepc->now_ns)
            return due_ns - vepc->now_ns < TIMER_IDLE_NS ? due_ns - vepc->now_ns : TIMER_IDLE_NS;
        run(turn, number);
    }
    return 0;
}
