/* Running a VNF on ports: the packet engine around it, until a signal. */
#include "serve.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../host/arena.h"
#include "file_bytes.h"

#define HOLD_LIMIT 65536

static i64 open_ports(struct pv_engine *engine, const struct pv_options *options,
                      struct pv_sentence sentence)
{
    for (u64 i = 0; i < options->port_count; i++) {
        const struct pv_port_option *port = &options->ports[i];
        i64 result = pv_engine_add_port(engine, port->number, port->driver, port->arguments,
                                        sentence.text, sentence.size);
        if (result < 0)
            return result;
    }
    return 0;
}

static void wait_for_end(const sigset_t *signals, u64 seconds)
{
    struct timespec limit = {.tv_sec = (time_t)seconds};
    if (seconds)
        sigtimedwait(signals, NULL, &limit);
    else
        sigwaitinfo(signals, NULL);
}

static void print_ports(struct pv_engine *engine, const struct pv_options *options)
{
    for (u64 i = 0; i < options->port_count; i++) {
        u64 number = options->ports[i].number;
        struct pv_port_stats stats;
        pv_engine_get_port_stats(engine, number, &stats);
        printf("port %llu: received %llu, sent %llu, not sent %llu\n", number, stats.rx_packets,
               stats.tx_packets, stats.tx_dropped);
    }
}

/* `signals` are blocked from here on, so that none is lost before it is waited for. */
static i64 run(const struct pv_vnf_object *object, struct pv_arena *arena,
               const struct pv_options *options, struct pv_sentence sentence)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    struct pv_engine *engine = pv_engine_create(object->calls.burst, arena->base, HOLD_LIMIT);
    if (!engine)
        return pv_fail(sentence, 1, "there is no memory for a packet engine");
    i64 result = open_ports(engine, options, sentence);
    if (result == 0)
        result = pv_engine_start(engine, sentence.text, sentence.size);
    if (result == 0) {
        printf("portvnf-host: running\n");
        fflush(stdout);
        wait_for_end(&signals, options->seconds);
        pv_engine_stop(engine);
        print_ports(engine, options);
    }
    pv_engine_destroy(engine);
    return result;
}

i64 pv_serve(const struct pv_vnf_object *object, const struct pv_options *options)
{
    u64 length;
    u8 *config = pv_file_bytes(options->config, &length);
    if (!config)
        return -1;
    char error[1024] = "";
    struct pv_sentence sentence = {error, sizeof error};
    struct pv_arena arena = {0};
    i64 result = pv_arena_make(&arena, &object->calls, config, length, pv_now_ns(), sentence);
    free(config);
    if (result == 0)
        result = run(object, &arena, options, sentence);
    pv_arena_discard(&arena);
    if (result < 0)
        fprintf(stderr, "portvnf-host: %s\n", error);
    return result;
}
