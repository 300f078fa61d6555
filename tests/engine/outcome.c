/* Drives the packet engine through its whole interface and prints what came of it.
 *
 * The same program runs on every ISA and under the sanitizers; its output must be the
 * same everywhere. Usage: outcome REPLAY.pcap SENT.pcap RECORD.pcap
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <portvnf/engine.h>

#include "double_vnf.h"

#define THREADS 4
#define RUNS 200

static struct double_arena arena;
static struct pv_engine *engine;
static u64 fingerprint;

static void mix(const u8 *data, u64 length)
{
    for (u64 i = 0; i < length; i++)
        fingerprint = (fingerprint ^ data[i]) * 0x100000001b3ull;
}

static void show(const char *what, i64 value)
{
    printf("%s %lld\n", what, value);
}

static void push(u64 port, u64 number, u64 length)
{
    u8 data[9216];
    for (u64 i = 0; i < length; i++)
        data[i] = (u8)(number + i);
    if (pv_mem_push(engine, port, data, length) != 0)
        show("push failed", (i64)number);
}

static i64 pop_all(u64 port)
{
    u8 data[9216];
    i64 packets = 0;
    i64 length;
    while ((length = pv_mem_pop(engine, port, data, sizeof data)) > 0) {
        mix(data, (u64)length);
        packets++;
    }
    return packets;
}

static void show_stats(void)
{
    struct pv_engine_stats stats;
    pv_engine_get_stats(engine, &stats);
    printf("held %llu peak %llu dropped %llu injected %llu refused %llu mode %llu\n", stats.held,
           stats.held_peak, stats.held_dropped, stats.injected, stats.refused, stats.mode);
    for (u64 port = 0; port < 4; port++) {
        struct pv_port_stats s;
        if (pv_engine_get_port_stats(engine, port, &s) == 0)
            printf("port %llu rx %llu/%llu tx %llu/%llu dropped %llu errors %llu\n", port,
                   s.rx_packets, s.rx_bytes, s.tx_packets, s.tx_bytes, s.tx_dropped, s.rx_errors);
    }
    printf("fingerprint %016llx\n", fingerprint);
}

static void open_port(u64 number, const char *driver, const char *arguments)
{
    char error[256] = "";
    if (pv_engine_add_port(engine, number, driver, arguments, error, sizeof error) < 0)
        printf("%s\n", error);
}

static void stepped(const char *record)
{
    char error[256] = "";
    for (u64 i = 0; i < 300; i++)
        push(i & 1, i, 40 + i * 29);
    show("record", pv_engine_record(engine, 0, record, error, sizeof error));
    u64 now = 0;
    while (pv_engine_step(engine, now++) > 0)
        ;
    show("record", pv_engine_record(engine, 0, NULL, error, sizeof error));
    show("swapped 0", pop_all(0));
    show("swapped 1", pop_all(1));
    arena.behaviour = DOUBLE_FAULTY;
    push(0, 1, 100);
    pv_engine_step(engine, now);
    arena.behaviour = DOUBLE_SWAP;
    show("after faults", pop_all(1));
}

static void held_and_injected(void)
{
    static u8 serial[1 << 20];
    pv_engine_set_mode(engine, PV_MODE_HOLD);
    for (u64 i = 0; i < 120; i++)
        push(i % 2, 1000 + i, 60 + i);
    for (u64 i = 0; i < 10; i++)
        pv_engine_step(engine, i);
    show_stats();
    i64 length = pv_engine_take_held(engine, serial, 2000);
    show("taken", length);
    mix(serial, (u64)length);
    show("too small", pv_engine_take_held(engine, serial, 10) < 0);
    show("inject broken", pv_engine_inject(engine, serial, (u64)length - 1) < 0);
    show("inject", pv_engine_inject(engine, serial, (u64)length));
    pv_engine_step(engine, 100);
    show("injected in hold", pop_all(0) + pop_all(1));
    pv_engine_set_mode(engine, PV_MODE_SERVE);
    for (u64 i = 0; i < 10; i++)
        pv_engine_step(engine, 100 + i);
    show("released 0", pop_all(0));
    show("released 1", pop_all(1));
}

static void *ask(void *argument)
{
    (void)argument;
    u64 one = 1;
    for (u64 i = 0; i < RUNS; i++) {
        pv_engine_run(engine, double_count, &one);
        if (i % 50 == 0) {
            pv_engine_set_mode(engine, PV_MODE_HOLD);
            pv_engine_set_mode(engine, PV_MODE_SERVE);
        }
        struct pv_engine_stats stats;
        pv_engine_get_stats(engine, &stats);
    }
    return NULL;
}

static void *start_and_stop(void *argument)
{
    (void)argument;
    for (u64 i = 0; i < 20; i++) {
        pv_engine_start(engine, NULL, 0);
        pv_engine_stop(engine);
    }
    return NULL;
}

static void *feed(void *argument)
{
    u8 data[64] = {0};
    u64 *sent = argument;
    for (u64 i = 0; i < 2000; i++) {
        if (pv_mem_push(engine, 0, data, sizeof data) == 0)
            ++*sent;
        while (pv_mem_pop(engine, 1, data, sizeof data) > 0)
            ;
    }
    return NULL;
}

/* The worker under requests, restarts and traffic at once; only sums are printed. */
static void threaded(void)
{
    pthread_t threads[THREADS + 2];
    struct pv_port_stats before, after;
    u64 sent = 0;
    pv_engine_get_port_stats(engine, 0, &before);
    pv_engine_start(engine, NULL, 0);
    for (u64 i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, ask, NULL);
    pthread_create(&threads[THREADS], NULL, start_and_stop, NULL);
    pthread_create(&threads[THREADS + 1], NULL, feed, &sent);
    for (u64 i = 0; i < THREADS + 2; i++)
        pthread_join(threads[i], NULL);
    pv_engine_stop(engine);
    for (u64 i = 0; i < 200; i++)
        pv_engine_step(engine, pv_now_ns());
    pop_all(1);
    pv_engine_get_port_stats(engine, 0, &after);
    show("runs", (i64)arena.runs);
    show("overlaps", (i64)arena.overlaps);
    show("backward", (i64)arena.backward);
    show("unaccounted", (i64)(after.rx_packets - before.rx_packets - sent));
}

static void replayed(void)
{
    for (u64 i = 0; i < 20; i++)
        pv_engine_step(engine, 1000 + i);
}

int main(int count, char **names)
{
    char rx[512], tx[512];
    if (count != 4)
        return 2;
    engine = pv_engine_create(vnf_burst, (u8 *)&arena, 100);
    open_port(0, "mem", "slots=512");
    open_port(1, "mem", "slots=512");
    open_port(4, "nosuch", "");
    open_port(16, "mem", "slots=1");
    open_port(5, "mem", "slots=0");
    open_port(6, "tun", "");
    stepped(names[3]);
    held_and_injected();
    snprintf(rx, sizeof rx, "rx=%s", names[1]);
    snprintf(tx, sizeof tx, "tx=%s", names[2]);
    open_port(2, "pcap", rx);
    open_port(3, "pcap", tx);
    replayed();
    show_stats();
    threaded();
    pv_engine_destroy(engine);
    return 0;
}
