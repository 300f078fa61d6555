/* The engine's own structure, shared by the files that implement it. */
#ifndef PORTVNF_HOST_ENGINE_STATE_H
#define PORTVNF_HOST_ENGINE_STATE_H

#include <pthread.h>

#include "backlog.h"
#include "port.h"
#include "release_pace.h"

/* The VNF is called at least this often, so that its timers run. */
#define PV_CALL_INTERVAL_NS 10000000ull

typedef i64 (*pv_engine_task)(struct pv_engine *engine, void *argument);

/* Something to be done at a burst boundary; lies on the stack of who waits for it. */
struct pv_request {
    struct pv_request *next;
    pv_engine_task task;
    void *argument;
    i64 result;
    int done;
};

enum pv_worker_state {
    PV_WORKER_NONE,
    PV_WORKER_RUNNING,
    PV_WORKER_STOPPING, /* asked to stop, not yet joined */
};

struct pv_engine {
    /* Set at creation. */
    pv_vnf_burst vnf_burst;
    u8 *arena;
    u64 hold_limit;
    int epoll;
    int wake; /* eventfd: ends the worker's sleep */

    int dozing; /* 1 while the worker sleeps or may be about to */

    struct pv_port ports[PV_PORTS_MAX];

    /* Owned by whoever runs the engine: the worker, or the holder of `lock` when there
     * is none. Statistics among them are read by any thread. */
    u64 now_ns;       /* never goes back */
    u64 next_call_ns; /* when the VNF wants to be called for its timers */
    struct pv_backlog injected;
    struct pv_backlog held;
    int injected_waits; /* 1 in a hold, until something is injected in it */
    struct pv_release_pace pace;
    struct pv_engine_stats stats;
    struct pv_packet packets[PV_BURST_MAX + PV_SPARE_MAX]; /* input, then spare */
    u8 *buffers; /* one of PV_BUFFER_SIZE bytes for each of packets[] */
    struct pv_burst burst;

    /* The mailbox and the worker's life; `lock` guards them. */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a request is done, or worker_state changed */
    pthread_t worker;
    enum pv_worker_state worker_state;
    int worker_listens; /* 1 until the worker has served its last request */
    struct pv_request *first_request;
    struct pv_request *last_request;
    int mail; /* 1 while requests wait or the worker shall stop; read without the lock */
};

/* The open port of that number, or NULL. */
struct pv_port *pv_engine_port(struct pv_engine *engine, u64 number);

/* Runs task at a burst boundary, in the worker if there is one, and returns its result.
 * -EDEADLK when called from within a task. */
i64 pv_mailbox_run(struct pv_engine *engine, pv_engine_task task, void *argument);

/* Ends the worker's sleep, if it sleeps, after something arrived that epoll cannot see. */
void pv_worker_wake(struct pv_engine *engine);

/* Tells the worker to look into the mailbox; the caller holds the lock. */
void pv_mailbox_wake(struct pv_engine *engine);

/* Serves every request that waits (in the worker); returns 0 once it shall end. */
int pv_mailbox_serve(struct pv_engine *engine);

/* One pass: one burst from each port, behind a backlog if there is one, and some of the
 * backlog. `paced` says whether its release keeps to its pace. Returns packets received; adds to *released
 * what left the backlog. */
u64 pv_engine_pass(struct pv_engine *engine, u64 now_ns, int paced, u64 *released);

/* Gives packets[first .. first + count) their own empty buffers again, whatever the VNF made
 * of them, and puts them back in their places in the burst. */
void pv_engine_reset_packets(struct pv_engine *engine, u64 first, u64 count);

/* Hands the ports' buffered output to the system. */
void pv_engine_flush(struct pv_engine *engine);

/* Counts what is held: see pv_engine_stats. */
void pv_engine_count_held(struct pv_engine *engine);

/* 1 while a backlog is being released. */
int pv_engine_releasing(const struct pv_engine *engine);

#endif
