/* A recording is ended by one thread while another stops the engine.
 *
 * The recording goes into a pipe that nobody reads at first. So whoever writes what is left
 * of it waits, and an engine that would let go of the recording meanwhile is found out: by
 * the sanitizers, or by what comes out of the pipe. Prints how many bytes that is.
 * Usage: stop_race PIPE
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <portvnf/engine.h>

#define PACKETS 20
#define PACKET_BYTES 1000
#define FILLING 4096

static struct pv_engine *engine;
static i64 closed = -1;
static u8 arena[64];

static void doze(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* Takes its time over packets, which have been recorded by then, so that the worker is
 * asked to stop meanwhile and nothing but its end writes them. */
static i64 discard(u8 *memory, struct pv_burst *burst)
{
    (void)memory;
    if (burst->in_count)
        doze(200);
    return 10000000;
}

static void *stop(void *argument)
{
    (void)argument;
    pv_engine_stop(engine);
    return NULL;
}

static void *end_recording(void *argument)
{
    (void)argument;
    closed = pv_engine_record(engine, 0, NULL, NULL, 0);
    return NULL;
}

/* Writes until the pipe takes no more; returns how many bytes it took. */
static u64 fill(const char *path)
{
    static const u8 filling[FILLING];
    u64 bytes = 0;
    int end = open(path, O_WRONLY | O_NONBLOCK);
    while (write(end, filling, sizeof filling) == FILLING)
        bytes += FILLING;
    close(end);
    return bytes;
}

static u64 drain(int end)
{
    static u8 data[65536];
    u64 bytes = 0;
    for (;;) {
        ssize_t length = read(end, data, sizeof data);
        if (length > 0)
            bytes += (u64)length;
        else if (length == 0)
            return bytes; /* everyone who wrote has closed it */
        else
            doze(1);
    }
}

int main(int count, char **words)
{
    static const u8 packet[PACKET_BYTES];
    pthread_t stopper, ender;
    char error[256] = "";
    if (count != 2 || mkfifo(words[1], 0600) != 0)
        return 2;
    engine = pv_engine_create(discard, arena, 100);
    pv_engine_add_port(engine, 0, "mem", "slots=64", error, sizeof error);
    int end = open(words[1], O_RDONLY | O_NONBLOCK);
    if (end < 0 || pv_engine_record(engine, 0, words[1], error, sizeof error) < 0)
        return 2;
    pv_engine_step(engine, 1); /* the file's header must not keep the worker waiting */
    u64 filled = fill(words[1]);
    for (u64 i = 0; i < PACKETS; i++)
        pv_mem_push(engine, 0, packet, sizeof packet);
    pv_engine_start(engine, error, sizeof error);
    doze(50);
    pthread_create(&stopper, NULL, stop, NULL);
    doze(400);
    pthread_create(&ender, NULL, end_recording, NULL);
    doze(100);
    u64 drained = drain(end);
    pthread_join(stopper, NULL);
    pthread_join(ender, NULL);
    pv_engine_destroy(engine);
    close(end);
    if (error[0])
        fprintf(stderr, "%s\n", error);
    printf("closed %lld recorded %llu\n", closed, drained - filled);
    return 0;
}
