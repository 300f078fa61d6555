/* Driver "mem": two rings in memory, whose far side is pv_mem_push and pv_mem_pop. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine_state.h"
#include "port.h"

#define MEM_SLOTS_MAX 65536

/* One producer, one consumer; each counts for ever and never past the other. */
struct ring {
    u64 slots;
    u64 written; /* by the producer */
    u64 read;    /* by the consumer */
    u32 *lengths;
    u8 *packets; /* slots of PV_BUFFER_SIZE bytes */
};

struct mem_device {
    struct ring arriving;
    struct ring leaving;
    /* The far side may be several threads; the engine's side is always one. */
    pthread_mutex_t push_lock;
    pthread_mutex_t pop_lock;
};

static i64 ring_make(struct ring *ring, u64 slots)
{
    ring->slots = slots;
    ring->lengths = calloc(slots, sizeof *ring->lengths);
    ring->packets = malloc(slots * PV_BUFFER_SIZE);
    return ring->lengths && ring->packets ? 0 : -ENOMEM;
}

static void ring_free(struct ring *ring)
{
    free(ring->lengths);
    free(ring->packets);
}

/* Returns 0, or -ENOBUFS when the ring is full. */
static i64 ring_put(struct ring *ring, const u8 *data, u64 length)
{
    u64 written = ring->written;
    if (written - __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE) >= ring->slots)
        return -ENOBUFS;
    u64 slot = written % ring->slots;
    memcpy(ring->packets + slot * PV_BUFFER_SIZE, data, length);
    ring->lengths[slot] = (u32)length;
    /* Sequentially consistent with pv_worker_wake: either the worker sees this packet
     * before it sleeps, or whoever put it in sees that the worker dozes. */
    __atomic_store_n(&ring->written, written + 1, __ATOMIC_SEQ_CST);
    return 0;
}

/* Returns the length; 0 when the ring is empty; -ENOSPC when it does not fit. */
static i64 ring_get(struct ring *ring, u8 *data, u64 capacity)
{
    u64 read = ring->read;
    if (__atomic_load_n(&ring->written, __ATOMIC_SEQ_CST) == read)
        return 0;
    u64 slot = read % ring->slots;
    u64 length = ring->lengths[slot];
    if (length > capacity)
        return -ENOSPC;
    memcpy(data, ring->packets + slot * PV_BUFFER_SIZE, length);
    __atomic_store_n(&ring->read, read + 1, __ATOMIC_RELEASE);
    return (i64)length;
}

static void mem_free(struct mem_device *device)
{
    ring_free(&device->arriving);
    ring_free(&device->leaving);
    free(device);
}

static void mem_close(struct pv_port *port)
{
    struct mem_device *device = port->device;
    pthread_mutex_destroy(&device->push_lock);
    pthread_mutex_destroy(&device->pop_lock);
    mem_free(device);
}

static i64 mem_open(struct pv_port *port, const char *arguments, struct pv_sentence sentence)
{
    char text[32];
    const struct pv_argument known[] = {{"slots", text, sizeof text}};
    i64 result = pv_arguments_parse("mem", arguments, known, 1, sentence);
    if (result < 0)
        return result;
    char *end = text;
    u64 slots = strtoull(text, &end, 10);
    if (!text[0] || *end || text[0] == '-' || slots < 1 || slots > MEM_SLOTS_MAX)
        return pv_fail(
            sentence, EINVAL,
            "port %llu: driver mem needs the argument slots=N, N from 1 to %d, not \"%s\"",
            port->number, MEM_SLOTS_MAX, text);
    struct mem_device *device = calloc(1, sizeof *device);
    if (!device)
        return pv_fail(sentence, ENOMEM, "port %llu: no memory for driver mem", port->number);
    if (ring_make(&device->arriving, slots) < 0 || ring_make(&device->leaving, slots) < 0) {
        mem_free(device);
        return pv_fail(sentence, ENOMEM, "port %llu: no memory for %llu slots", port->number,
                       slots);
    }
    pthread_mutex_init(&device->push_lock, NULL);
    pthread_mutex_init(&device->pop_lock, NULL);
    port->device = device;
    return 0;
}

static u64 mem_rx_burst(struct pv_port *port, struct pv_packet **packets, u64 count)
{
    struct mem_device *device = port->device;
    u64 received = 0;
    for (; received < count; received++) {
        struct pv_packet *packet = packets[received];
        i64 length = ring_get(&device->arriving, packet->base + PV_HEADROOM, PV_PACKET_MAX);
        if (length <= 0)
            break;
        packet->offset = PV_HEADROOM;
        packet->length = (u32)length;
    }
    return received;
}

static void mem_tx_burst(struct pv_port *port, struct pv_packet **packets, u64 count)
{
    struct mem_device *device = port->device;
    for (u64 i = 0; i < count; i++) {
        const struct pv_packet *packet = packets[i];
        if (ring_put(&device->leaving, packet->base + packet->offset, packet->length) == 0)
            pv_port_sent(port, packet);
        else
            pv_port_not_sent(port, 1);
    }
}

static int mem_poll_descriptor(struct pv_port *port)
{
    (void)port;
    return -1; /* pv_mem_push wakes the worker itself */
}

const struct pv_driver pv_driver_mem = {
    .name = "mem",
    .open = mem_open,
    .rx_burst = mem_rx_burst,
    .tx_burst = mem_tx_burst,
    .poll_descriptor = mem_poll_descriptor,
    .close = mem_close,
};

static struct mem_device *mem_device_of(struct pv_engine *engine, u64 number)
{
    struct pv_port *port = pv_engine_port(engine, number);
    return port && port->driver == &pv_driver_mem ? port->device : NULL;
}

i64 pv_mem_push(struct pv_engine *engine, u64 number, const u8 *data, u64 length)
{
    struct mem_device *device = mem_device_of(engine, number);
    if (!device || length == 0)
        return -EINVAL;
    if (length > PV_PACKET_MAX)
        return -EMSGSIZE;
    pthread_mutex_lock(&device->push_lock);
    i64 result = ring_put(&device->arriving, data, length);
    pthread_mutex_unlock(&device->push_lock);
    pv_worker_wake(engine);
    return result;
}

i64 pv_mem_pop(struct pv_engine *engine, u64 number, u8 *data, u64 capacity)
{
    struct mem_device *device = mem_device_of(engine, number);
    if (!device)
        return -EINVAL;
    pthread_mutex_lock(&device->pop_lock);
    i64 length = ring_get(&device->leaving, data, capacity);
    pthread_mutex_unlock(&device->pop_lock);
    return length;
}
