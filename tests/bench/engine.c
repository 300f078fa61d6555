/* How long the bare packet engine takes for a packet, with a VNF that only swaps ports.
 *
 * engine mem  one thread: bursts of 64 packets from a mem port to another
 * engine tun  10,000 packets that wait in one TUN device, to another; run it in a network
 *             namespace with the devices "in" (10.1.0.1/24) and "out", both up
 *
 * Prints one JSON object a run. What the far side of the mem rings does is not counted.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <portvnf/engine.h>

#define BURST 64
#define ROUNDS 20000
#define WAITING 10000

static u8 data[1500];

static i64 swap_ports(u8 *arena, struct pv_burst *burst)
{
    (void)arena;
    for (u64 i = 0; i < burst->in_count; i++) {
        burst->in[i]->port ^= 1;
        burst->out[i] = burst->in[i];
    }
    burst->out_count = burst->in_count;
    return 10000000;
}

static int open_ports(struct pv_engine *engine, const char *driver, const char *first,
                      const char *second)
{
    char error[256];
    if (pv_engine_add_port(engine, 0, driver, first, error, sizeof error) == 0 &&
        pv_engine_add_port(engine, 1, driver, second, error, sizeof error) == 0)
        return 0;
    fprintf(stderr, "%s\n", error);
    return -1;
}

static void report(const char *what, u64 size, u64 packets, u64 elapsed_ns)
{
    printf("{\"engine\": \"%s\", \"bytes\": %llu, \"packets\": %llu, \"ns_per_packet\": %.1f, "
           "\"packets_per_second\": %.0f}\n",
           what, size, packets, (double)elapsed_ns / (double)packets,
           (double)packets * 1e9 / (double)elapsed_ns);
}

static int measure_mem(struct pv_engine *engine, u64 size)
{
    u64 elapsed = 0;
    for (u64 round = 0; round < ROUNDS; round++) {
        for (u64 i = 0; i < BURST; i++)
            pv_mem_push(engine, 0, data, size);
        u64 begin = pv_now_ns();
        pv_engine_step(engine, begin);
        elapsed += pv_now_ns() - begin;
        u8 out[1500];
        for (u64 i = 0; i < BURST; i++) {
            if (pv_mem_pop(engine, 1, out, sizeof out) != (i64)size)
                return -1;
        }
    }
    report("mem", size, BURST * ROUNDS, elapsed);
    return 0;
}

/* Sends into device "in"; the packets wait there until the engine reads them. */
static void fill_device(u64 size)
{
    struct sockaddr_in far = {.sin_family = AF_INET, .sin_port = htons(7)};
    inet_pton(AF_INET, "10.1.0.2", &far.sin_addr);
    int sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    for (u64 i = 0; i < WAITING; i++)
        sendto(sender, data, size - 28, 0, (struct sockaddr *)&far, sizeof far);
    close(sender);
}

static int measure_tun(struct pv_engine *engine, u64 size)
{
    u64 packets = 0, elapsed = 0;
    for (u64 round = 0; round < 10; round++) {
        fill_device(size);
        u64 begin = pv_now_ns();
        i64 received;
        while ((received = pv_engine_step(engine, begin)) > 0)
            packets += (u64)received;
        elapsed += pv_now_ns() - begin;
    }
    report("tun", size, packets, elapsed);
    return packets ? 0 : -1;
}

int main(int count, char **arguments)
{
    const char *what = count == 2 ? arguments[1] : "";
    struct pv_engine *engine = pv_engine_create(swap_ports, data, 0);
    int failed = 0;
    if (strcmp(what, "mem") == 0) {
        failed = open_ports(engine, "mem", "slots=1024", "slots=1024");
        for (u64 size = 64; !failed && size <= 1400; size += 1336)
            failed = measure_mem(engine, size);
    } else if (strcmp(what, "tun") == 0) {
        failed = open_ports(engine, "tun", "device=in", "device=out");
        for (u64 size = 64; !failed && size <= 1400; size += 1336)
            failed = measure_tun(engine, size);
    } else {
        fprintf(stderr, "usage: engine mem|tun\n");
        return 2;
    }
    pv_engine_destroy(engine);
    return failed ? 1 : 0;
}
