/* The requests under way: each in a slot, repeated by T3 and N3 (TS 29.274, 7.6). */
#ifndef PORTVNF_LOAD_WINDOW_H
#define PORTVNF_LOAD_WINDOW_H

#include "endpoint.h"

#define WINDOW_MAX 1024

struct exchange {
    u32 ue;
    u32 sequence; /* its lower bits are the slot's number */
    u8 type;      /* of the request; 0 while the slot is free */
    u8 tries;
    u16 length;
    u64 begun_ns;  /* when the UE's first request was sent */
    u64 sent_ns;   /* when this request was sent first */
    u64 repeat_ns; /* when T3 ends */
    u8 data[MESSAGE_MAX];
};

struct window {
    u64 slots; /* a power of two */
    u64 t3_ns;
    u64 n3; /* repetitions of a request before the gateway counts as silent */
    u64 free_count;
    u16 free[WINDOW_MAX]; /* numbers of the free slots */
    struct exchange exchange[WINDOW_MAX];
};

void window_open(struct window *window, u64 slots, u64 t3_ns, u64 n3);

/* Takes a free slot, with a sequence number of its own; the caller sees to free_count. */
struct exchange *window_take(struct window *window);

/* Gives a slot a further sequence number, for the next request of the same UE. */
void window_renew(struct window *window, struct exchange *exchange);

void window_release(struct window *window, struct exchange *exchange);

/* The exchange that waits for the response to a request with that sequence number and type,
 * or NULL. */
struct exchange *window_find(struct window *window, u32 sequence, u8 response_type);

/* Sends the request that lies in exchange->data, for the first time. */
void window_send(struct window *window, struct exchange *exchange, struct endpoint *endpoint,
                 u64 now_ns);

/* Repeats what was not answered within T3 and adds to *repeated. Returns how many requests
 * have been repeated N3 times in vain: their slots are free again. */
u64 window_repeat(struct window *window, struct endpoint *endpoint, u64 now_ns, u64 *repeated);

#endif
