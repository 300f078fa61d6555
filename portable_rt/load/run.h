/* One command: attaching or detaching a set of UEs, with all that is counted and timed. */
#ifndef PORTVNF_LOAD_RUN_H
#define PORTVNF_LOAD_RUN_H

#include "histogram.h"
#include "options.h"
#include "window.h"

/* What a command found out. Times are in ns. */
struct results {
    u64 done;       /* UEs whose procedures are over, however */
    u64 accepted;   /* of them, those that got what they asked for */
    u64 refused;    /* answers with another Cause than "Request accepted" */
    u64 wrong;      /* answers with a wrong TEID, or without an IE that they must have */
    u64 stray;      /* answers that nobody waits for: late, doubled or unreadable */
    u64 requests;   /* requests of the gateway that were left alone */
    u64 repeated;   /* our requests that were sent again */
    u64 unanswered; /* our requests that were repeated N3 times in vain */
    u64 cause[256]; /* refused answers, by Cause */
    u64 elapsed_ns;
    u64 user_ns; /* processor time of this process */
    u64 system_ns;
    u64 system_calls;
    int timed_out;
    struct histogram create, modify, remove, pair;
};

/* The UEs (first + i * step) % ues for i from 0 to count - 1. */
struct selection {
    int attach; /* 1: attach them, 0: detach them */
    u64 first, count, step;
};

struct run {
    const struct options *options;
    struct endpoint endpoint;
    struct window window;
    u32 *teid; /* by UE: the gateway's TEID on S11, 0 while detached */
    struct results results;
};

/* 0, or -1 with a sentence on stderr when the UEs cannot be chosen so: a step that would
 * choose one twice, or a UE that is attached (or detached) already. */
int run_check(const struct run *run, const struct selection *selection);

/* Carries a command out; run->results are those of this command alone. Ends early when the
 * gateway falls silent or the time is up. */
void run_command(struct run *run, const struct selection *selection);

#endif
