/* The mailbox: how other threads get something done between two bursts. */
#include "engine_state.h"

#include <errno.h>
#include <sys/eventfd.h>

static void set_mail(struct pv_engine *engine, int mail)
{
    __atomic_store_n(&engine->mail, mail, __ATOMIC_RELEASE);
}

void pv_mailbox_wake(struct pv_engine *engine)
{
    set_mail(engine, 1);
    eventfd_write(engine->wake, 1);
}

i64 pv_mailbox_run(struct pv_engine *engine, pv_engine_task task, void *argument)
{
    if (pthread_mutex_lock(&engine->lock) == EDEADLK)
        return -EDEADLK;
    if (!engine->worker_listens) {
        i64 result = task(engine, argument);
        pthread_mutex_unlock(&engine->lock);
        return result;
    }
    if (pthread_equal(pthread_self(), engine->worker)) {
        pthread_mutex_unlock(&engine->lock);
        return -EDEADLK;
    }
    struct pv_request request = {.task = task, .argument = argument};
    if (engine->last_request)
        engine->last_request->next = &request;
    else
        engine->first_request = &request;
    engine->last_request = &request;
    pv_mailbox_wake(engine);
    while (!request.done)
        pthread_cond_wait(&engine->changed, &engine->lock);
    pthread_mutex_unlock(&engine->lock);
    return request.result;
}

/* Runs the tasks that wait, without holding the lock meanwhile. */
static void serve_waiting(struct pv_engine *engine)
{
    struct pv_request *request = engine->first_request;
    engine->first_request = NULL;
    engine->last_request = NULL;
    while (request) {
        pthread_mutex_unlock(&engine->lock);
        request->result = request->task(engine, request->argument);
        pthread_mutex_lock(&engine->lock);
        struct pv_request *next = request->next;
        request->done = 1; /* from here on it may be gone */
        pthread_cond_broadcast(&engine->changed);
        request = next;
    }
}

int pv_mailbox_serve(struct pv_engine *engine)
{
    if (!__atomic_load_n(&engine->mail, __ATOMIC_ACQUIRE))
        return 1;
    pthread_mutex_lock(&engine->lock);
    int stopping;
    /* Only what waits now, because threads that ask again and again must not keep the
     * worker from its packets; but at the end, which may be asked for while a task runs,
     * everything. */
    do {
        serve_waiting(engine);
        stopping = engine->worker_state == PV_WORKER_STOPPING;
    } while (stopping && engine->first_request);
    set_mail(engine, engine->first_request != NULL);
    if (stopping)
        engine->worker_listens = 0;
    pthread_mutex_unlock(&engine->lock);
    return !stopping;
}
