/* The MME's end of S11: one UDP socket that sends and receives datagrams by the batch. */
#ifndef PORTVNF_LOAD_ENDPOINT_H
#define PORTVNF_LOAD_ENDPOINT_H

#include <netinet/in.h>

#include "message.h"

#define BATCH 64
#define DATAGRAM_MAX 2048

struct endpoint {
    int socket;
    u64 system_calls; /* sendmmsg, recvmmsg and poll: how well batches are filled */
    u64 waiting;      /* datagrams that send_later has put down */
    u8 out[BATCH][MESSAGE_MAX];
    u64 out_length[BATCH];
    u8 in[BATCH][DATAGRAM_MAX];
    u64 in_length[BATCH];
};

/* Binds to `local` and connects to `peer`, both with their ports; 0, or -1 with a sentence
 * on stderr. */
int endpoint_open(struct endpoint *endpoint, const struct sockaddr_in *local,
                  const struct sockaddr_in *peer);

/* Puts a copy of a datagram down to be sent, and sends a batch when it is full. */
void endpoint_send_later(struct endpoint *endpoint, const u8 *data, u64 length);

/* Sends what was put down. What the kernel does not take is lost, as any datagram may be. */
void endpoint_flush(struct endpoint *endpoint);

/* Receives what is there into `in`, and waits at most wait_ms for the first; how many. */
u64 endpoint_receive(struct endpoint *endpoint, int wait_ms);

#endif
