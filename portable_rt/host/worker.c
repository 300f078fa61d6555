/* The worker thread: run to completion under load, asleep when there is nothing to do. */
#include "engine_state.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define MILLISECOND 1000000ull

/* Sleeps until a packet or a request arrives, a timer is due or the release of a backlog
 * goes on. epoll counts in milliseconds; rounding up keeps it from spinning and makes a
 * timer at most one millisecond late. */
static void sleep_until_work(struct pv_engine *engine)
{
    u64 wait_ns = PV_CALL_INTERVAL_NS;
    u64 now_ns = pv_now_ns();
    if (pv_engine_releasing(engine))
        wait_ns = MILLISECOND;
    if (engine->stats.mode == PV_MODE_SERVE) {
        u64 due_ns = engine->next_call_ns > now_ns ? engine->next_call_ns - now_ns : 0;
        wait_ns = due_ns < wait_ns ? due_ns : wait_ns;
    }
    int wait_ms = (int)((wait_ns + MILLISECOND - 1) / MILLISECOND);
    /* Which descriptor it was does not matter: the next pass looks at every port. They
     * are edge-triggered, so nothing has to be read from an eventfd, and a device that
     * fails for good does not keep us awake. */
    struct epoll_event events[PV_PORTS_MAX + 1];
    epoll_wait(engine->epoll, events, PV_PORTS_MAX + 1, wait_ms);
}

void pv_worker_wake(struct pv_engine *engine)
{
    if (__atomic_load_n(&engine->dozing, __ATOMIC_SEQ_CST) &&
        __atomic_exchange_n(&engine->dozing, 0, __ATOMIC_SEQ_CST))
        eventfd_write(engine->wake, 1);
}

static void *work(void *argument)
{
    struct pv_engine *engine = argument;
    u64 handled = 0;
    while (pv_mailbox_serve(engine)) {
        /* Whoever wakes us only does so while we doze, for that costs a system call. Doze
         * before the pass that may find nothing, so that it sees what came before. */
        if (handled < PV_BURST_MAX)
            __atomic_store_n(&engine->dozing, 1, __ATOMIC_SEQ_CST);
        u64 released = 0;
        handled = pv_engine_pass(engine, pv_now_ns(), 1, &released);
        handled += released;
        if (handled)
            continue;
        pv_engine_flush(engine);
        sleep_until_work(engine);
    }
    return NULL; /* whoever stops the engine flushes it: the ports are his from here on */
}

/* Threads inherit the signal mask: signals stay with the program's own threads. */
static int create_thread(struct pv_engine *engine)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&engine->worker, NULL, work, engine);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

i64 pv_engine_start(struct pv_engine *engine, char *error, u64 error_size)
{
    struct pv_sentence sentence = {error, error_size};
    pthread_mutex_lock(&engine->lock);
    while (engine->worker_state == PV_WORKER_STOPPING)
        pthread_cond_wait(&engine->changed, &engine->lock);
    i64 result = 0;
    if (engine->worker_state == PV_WORKER_RUNNING) {
        result = pv_fail(sentence, EBUSY, "the packet engine runs already");
    } else {
        int code = create_thread(engine);
        if (code) {
            result = pv_fail(sentence, code, "cannot start the packet engine's worker: %s",
                             strerror(code));
        } else {
            engine->worker_state = PV_WORKER_RUNNING;
            engine->worker_listens = 1;
            pv_stat_set(&engine->stats.running, 1);
        }
    }
    pthread_mutex_unlock(&engine->lock);
    return result;
}

i64 pv_engine_stop(struct pv_engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    if (engine->worker_state == PV_WORKER_RUNNING) {
        if (pthread_equal(pthread_self(), engine->worker)) {
            pthread_mutex_unlock(&engine->lock);
            return -EDEADLK;
        }
        engine->worker_state = PV_WORKER_STOPPING;
        pv_mailbox_wake(engine);
        pthread_mutex_unlock(&engine->lock);
        pthread_join(engine->worker, NULL);
        pthread_mutex_lock(&engine->lock);
        engine->worker_state = PV_WORKER_NONE;
        pv_stat_set(&engine->stats.running, 0);
        pthread_cond_broadcast(&engine->changed);
    }
    while (engine->worker_state == PV_WORKER_STOPPING)
        pthread_cond_wait(&engine->changed, &engine->lock);
    if (engine->worker_state == PV_WORKER_NONE)
        pv_engine_flush(engine);
    pthread_mutex_unlock(&engine->lock);
    return 0;
}
