/* Requests under way: see window.h. */
#include "window.h"

#include <string.h>

void window_open(struct window *window, u64 slots, u64 t3_ns, u64 n3)
{
    memset(window, 0, sizeof *window);
    window->slots = slots;
    window->t3_ns = t3_ns;
    window->n3 = n3;
    for (u64 i = 0; i < slots; i++) {
        window->free[i] = (u16)(slots - 1 - i);
        window->exchange[i].sequence = (u32)i;
    }
    window->free_count = slots;
}

struct exchange *window_take(struct window *window)
{
    struct exchange *exchange = &window->exchange[window->free[--window->free_count]];
    window_renew(window, exchange);
    return exchange;
}

void window_renew(struct window *window, struct exchange *exchange)
{
    exchange->sequence = (exchange->sequence + (u32)window->slots) & SEQUENCE_MASK;
}

void window_release(struct window *window, struct exchange *exchange)
{
    exchange->type = 0;
    window->free[window->free_count++] = (u16)(exchange - window->exchange);
}

struct exchange *window_find(struct window *window, u32 sequence, u8 response_type)
{
    struct exchange *exchange = &window->exchange[sequence & (window->slots - 1)];
    if (!exchange->type || exchange->sequence != sequence || exchange->type + 1 != response_type)
        return NULL;
    return exchange;
}

void window_send(struct window *window, struct exchange *exchange, struct endpoint *endpoint,
                 u64 now_ns)
{
    exchange->tries = 1;
    exchange->sent_ns = now_ns;
    exchange->repeat_ns = now_ns + window->t3_ns;
    endpoint_send_later(endpoint, exchange->data, exchange->length);
}

u64 window_repeat(struct window *window, struct endpoint *endpoint, u64 now_ns, u64 *repeated)
{
    u64 silent = 0;
    for (u64 i = 0; i < window->slots; i++) {
        struct exchange *exchange = &window->exchange[i];
        if (!exchange->type || exchange->repeat_ns > now_ns)
            continue;
        if (exchange->tries > window->n3) {
            window_release(window, exchange);
            silent++;
            continue;
        }
        exchange->tries++;
        exchange->repeat_ns = now_ns + window->t3_ns;
        endpoint_send_later(endpoint, exchange->data, exchange->length);
        ++*repeated;
    }
    return silent;
}
