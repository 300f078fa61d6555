/* The engine's life and its public control functions. */
#include "engine_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "capture_writer.h"
#include "serial_packet.h"

u64 pv_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (u64)now.tv_sec * 1000000000ull + (u64)now.tv_nsec;
}

static i64 watch(struct pv_engine *engine, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    return epoll_ctl(engine->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : -(i64)errno;
}

static void free_engine(struct pv_engine *engine)
{
    if (engine->epoll >= 0)
        close(engine->epoll);
    if (engine->wake >= 0)
        close(engine->wake);
    free(engine->buffers);
    free(engine);
}

static void init_lock(struct pv_engine *engine)
{
    /* Error-checking, so that a task that calls the engine gets -EDEADLK. */
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&engine->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    pthread_cond_init(&engine->changed, NULL);
}

struct pv_engine *pv_engine_create(pv_vnf_burst burst, u8 *arena, u64 hold_limit)
{
    struct pv_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return NULL;
    u64 size = (u64)(PV_BURST_MAX + PV_SPARE_MAX) * PV_BUFFER_SIZE;
    engine->buffers = aligned_alloc(64, size);
    engine->epoll = epoll_create1(EPOLL_CLOEXEC);
    engine->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!engine->buffers || engine->epoll < 0 || engine->wake < 0 ||
        watch(engine, engine->wake) < 0) {
        free_engine(engine);
        return NULL;
    }
    memset(engine->buffers, 0, size);
    engine->vnf_burst = burst;
    engine->arena = arena;
    engine->hold_limit = hold_limit;
    engine->stats.mode = PV_MODE_SERVE;
    pv_engine_reset_packets(engine, 0, PV_BURST_MAX + PV_SPARE_MAX);
    init_lock(engine);
    return engine;
}

void pv_engine_destroy(struct pv_engine *engine)
{
    if (!engine)
        return;
    pv_engine_stop(engine);
    for (u64 i = 0; i < PV_PORTS_MAX; i++)
        pv_port_close(&engine->ports[i]);
    pv_backlog_free(&engine->injected);
    pv_backlog_free(&engine->held);
    pthread_cond_destroy(&engine->changed);
    pthread_mutex_destroy(&engine->lock);
    free_engine(engine);
}

struct pv_port *pv_engine_port(struct pv_engine *engine, u64 number)
{
    if (number >= PV_PORTS_MAX || !engine->ports[number].driver)
        return NULL;
    return &engine->ports[number];
}

static i64 open_port(struct pv_engine *engine, u64 number, const char *driver,
                     const char *arguments, struct pv_sentence sentence)
{
    if (engine->worker_state != PV_WORKER_NONE)
        return pv_fail(sentence, EBUSY, "port %llu: ports cannot be added while the engine runs",
                       number);
    if (number >= PV_PORTS_MAX)
        return pv_fail(sentence, EINVAL, "port %llu: port numbers go from 0 to %d", number,
                       PV_PORTS_MAX - 1);
    struct pv_port *port = &engine->ports[number];
    if (port->driver)
        return pv_fail(sentence, EBUSY, "port %llu is open already", number);
    i64 result = pv_port_open(port, number, driver, arguments, sentence);
    if (result < 0)
        return result;
    int descriptor = port->driver->poll_descriptor(port);
    result = descriptor < 0 ? 0 : watch(engine, descriptor);
    if (result < 0) {
        pv_port_close(port);
        pv_fail(sentence, (int)-result, "port %llu: cannot watch driver %s: %s", number, driver,
                strerror((int)-result));
    }
    return result;
}

i64 pv_engine_add_port(struct pv_engine *engine, u64 number, const char *driver,
                       const char *arguments, char *error, u64 error_size)
{
    pthread_mutex_lock(&engine->lock);
    i64 result =
        open_port(engine, number, driver, arguments, (struct pv_sentence){error, error_size});
    pthread_mutex_unlock(&engine->lock);
    return result;
}

i64 pv_engine_step(struct pv_engine *engine, u64 now_ns)
{
    pthread_mutex_lock(&engine->lock);
    i64 result = -EBUSY;
    if (engine->worker_state == PV_WORKER_NONE) {
        u64 released = 0;
        /* Who steps by hand sets the pace, and always gets the timers run. */
        engine->next_call_ns = 0;
        result = (i64)pv_engine_pass(engine, now_ns, 0, &released);
        if (result == 0)
            pv_engine_flush(engine);
    }
    pthread_mutex_unlock(&engine->lock);
    return result;
}

static i64 take_up_mode(struct pv_engine *engine, void *argument)
{
    u64 mode = *(const u64 *)argument;
    if (mode == PV_MODE_HOLD && engine->stats.mode != PV_MODE_HOLD) {
        pv_stat_set(&engine->stats.held_peak, 0);
        engine->injected_waits = 1;
    }
    if (mode == PV_MODE_SERVE) {
        engine->next_call_ns = 0;
        engine->injected_waits = 0;
    }
    pv_stat_set(&engine->stats.mode, mode);
    pv_engine_count_held(engine);
    return 0;
}

i64 pv_engine_set_mode(struct pv_engine *engine, u64 mode)
{
    if (mode != PV_MODE_SERVE && mode != PV_MODE_HOLD)
        return -EINVAL;
    return pv_mailbox_run(engine, take_up_mode, &mode);
}

struct call {
    pv_engine_call function;
    void *argument;
};

static i64 call_with_arena(struct pv_engine *engine, void *argument)
{
    const struct call *call = argument;
    return call->function(engine->arena, call->argument);
}

i64 pv_engine_run(struct pv_engine *engine, pv_engine_call call, void *argument)
{
    return pv_mailbox_run(engine, call_with_arena, &(struct call){call, argument});
}

struct serial_out {
    u8 *buffer;
    u64 capacity;
};

static i64 take_held(struct pv_engine *engine, void *argument)
{
    const struct serial_out *out = argument;
    struct pv_backlog *oldest = &engine->held;
    if (engine->injected_waits && engine->injected.packets)
        oldest = &engine->injected;
    i64 length = pv_backlog_take_serial(oldest, out->buffer, out->capacity);
    pv_engine_count_held(engine);
    return length;
}

i64 pv_engine_take_held(struct pv_engine *engine, u8 *buffer, u64 capacity)
{
    return pv_mailbox_run(engine, take_held, &(struct serial_out){buffer, capacity});
}

struct serial_in {
    const u8 *buffer;
    u64 length;
};

static i64 inject(struct pv_engine *engine, void *argument)
{
    const struct serial_in *in = argument;
    i64 packets = pv_serial_count(in->buffer, in->length);
    if (packets < 0)
        return packets;
    for (u64 at = 0; at < in->length; at += PV_HELD_HEADER + pv_serial_length(in->buffer + at)) {
        if (!pv_engine_port(engine, pv_serial_port(in->buffer + at)))
            return -EINVAL;
    }
    i64 result = pv_backlog_append_serial(&engine->injected, in->buffer, in->length, (u64)packets);
    if (result < 0)
        return result;
    pv_stat_add(&engine->stats.injected, (u64)packets);
    if (packets)
        engine->injected_waits = 0;
    return packets;
}

i64 pv_engine_inject(struct pv_engine *engine, const u8 *buffer, u64 length)
{
    return pv_mailbox_run(engine, inject, &(struct serial_in){buffer, length});
}

struct recording {
    u64 number;
    struct pv_capture_writer *writer; /* in: the new one; out: the one before */
};

static i64 exchange_recording(struct pv_engine *engine, void *argument)
{
    struct recording *recording = argument;
    struct pv_port *port = pv_engine_port(engine, recording->number);
    if (!port)
        return -EINVAL;
    struct pv_capture_writer *before = port->recording;
    port->recording = recording->writer;
    recording->writer = before;
    return 0;
}

i64 pv_engine_record(struct pv_engine *engine, u64 number, const char *path, char *error,
                     u64 error_size)
{
    struct pv_sentence sentence = {error, error_size};
    struct recording recording = {.number = number};
    if (!pv_engine_port(engine, number))
        return pv_fail(sentence, EINVAL, "port %llu is not open and cannot be recorded", number);
    if (path) {
        recording.writer = pv_capture_writer_open(path, sentence);
        if (!recording.writer)
            return -EIO;
    }
    i64 result = pv_mailbox_run(engine, exchange_recording, &recording);
    if (!recording.writer)
        return result;
    /* The files are opened and closed here, not in the worker, which must not wait. */
    i64 closed = pv_capture_writer_close(recording.writer, sentence);
    return result < 0 ? result : closed;
}

i64 pv_engine_get_stats(struct pv_engine *engine, struct pv_engine_stats *stats)
{
    const u64 *from = (const u64 *)&engine->stats;
    u64 *to = (u64 *)stats;
    for (u64 i = 0; i < sizeof *stats / sizeof *to; i++)
        to[i] = pv_stat_get(&from[i]);
    return 0;
}

i64 pv_engine_get_port_stats(struct pv_engine *engine, u64 number, struct pv_port_stats *stats)
{
    const struct pv_port *port = pv_engine_port(engine, number);
    if (!port)
        return -EINVAL;
    const u64 *from = (const u64 *)&port->stats;
    u64 *to = (u64 *)stats;
    for (u64 i = 0; i < sizeof *stats / sizeof *to; i++)
        to[i] = pv_stat_get(&from[i]);
    return 0;
}
