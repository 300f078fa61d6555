/* A backlog under a load that never lets up: three ports are kept full, faster than the
 * engine can empty them, while thousands of packets that it held are released.
 *
 * Prints how long the backlog took to end, in ms, and the most that was ever held. Fails
 * when a packet is lost, doubled or overtaken by a later one of its port.
 * Usage: drain PACKETS_HELD
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <portvnf/engine.h>

#define BUSY_PORTS 3
#define PACKET_COST_NS 2000
#define SLOTS 8192
#define GIVE_UP_NS 20000000000ull

static u8 arena[64];
static struct pv_engine *engine;
static u64 pushed[BUSY_PORTS];
static u64 popped[BUSY_PORTS];
static u64 out_of_order;

/* Port 0 to 1, 1 to 0, 2 to 3; takes time for each packet. */
static i64 exchange(u8 *memory, struct pv_burst *burst)
{
    (void)memory;
    struct timespec cost = {.tv_nsec = (long)(burst->in_count * PACKET_COST_NS)};
    if (burst->in_count)
        nanosleep(&cost, NULL);
    for (u64 i = 0; i < burst->in_count; i++) {
        burst->in[i]->port ^= 1;
        burst->out[burst->out_count++] = burst->in[i];
    }
    return 10000000;
}

/* Never more on the way than the rings that it leaves by can take. */
static int push_next(u64 port)
{
    if (pushed[port] - popped[port] >= SLOTS)
        return 0;
    if (pv_mem_push(engine, port, (const u8 *)&pushed[port], sizeof pushed[port]) != 0)
        return 0;
    pushed[port]++;
    return 1;
}

static void load(void)
{
    for (u64 port = 0; port < BUSY_PORTS; port++) {
        while (push_next(port))
            ;
    }
}

static void take_out(void)
{
    for (u64 port = 0; port < BUSY_PORTS; port++) {
        u64 number;
        while (pv_mem_pop(engine, port ^ 1, (u8 *)&number, sizeof number) > 0)
            out_of_order += number != popped[port]++;
    }
}

static void doze(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

static int all_out(void)
{
    for (u64 port = 0; port < BUSY_PORTS; port++) {
        if (popped[port] != pushed[port])
            return 0;
    }
    return 1;
}

static u64 held(void)
{
    struct pv_engine_stats stats;
    pv_engine_get_stats(engine, &stats);
    return stats.held;
}

static void hold(u64 packets)
{
    pv_engine_set_mode(engine, PV_MODE_HOLD);
    while (held() < packets) {
        for (u64 i = 0; i < 60; i++)
            push_next(i % BUSY_PORTS);
        pv_engine_step(engine, pv_now_ns());
    }
    pv_engine_set_mode(engine, PV_MODE_SERVE);
}

static int fail(const char *what)
{
    fprintf(stderr, "%s: %llu held, %llu out of order\n", what, held(), out_of_order);
    return 1;
}

int main(int count, char **words)
{
    char error[256] = "", ring[32];
    if (count != 2)
        return 2;
    engine = pv_engine_create(exchange, arena, 100000);
    snprintf(ring, sizeof ring, "slots=%d", SLOTS);
    for (u64 port = 0; port <= BUSY_PORTS; port++)
        pv_engine_add_port(engine, port, "mem", ring, error, sizeof error);
    hold(strtoull(words[1], NULL, 10));
    u64 begin = pv_now_ns();
    load();
    pv_engine_start(engine, error, sizeof error);
    while (held() && pv_now_ns() - begin < GIVE_UP_NS) {
        take_out();
        load();
        doze();
    }
    u64 elapsed = pv_now_ns() - begin;
    int drained = !held();
    while (drained && !all_out() && pv_now_ns() - begin < 2 * GIVE_UP_NS) {
        take_out();
        doze();
    }
    pv_engine_stop(engine);
    if (error[0] || !drained)
        return fail("the backlog did not end");
    if (!all_out() || out_of_order)
        return fail("packets were lost, doubled or overtaken");
    struct pv_engine_stats stats;
    pv_engine_get_stats(engine, &stats);
    printf("%llu %llu\n", elapsed / 1000000, stats.held_peak);
    pv_engine_destroy(engine);
    return 0;
}
