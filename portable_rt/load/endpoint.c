/* UDP by the batch: see endpoint.h. */
#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Room for the answers to a whole window while this process is not scheduled. */
#define RECEIVE_BYTES (8 << 20)
#define FULL_WAIT_MS 10

static int fail(const char *what, const struct sockaddr_in *address)
{
    int code = errno;
    char text[INET_ADDRSTRLEN] = "";
    inet_ntop(AF_INET, &address->sin_addr, text, sizeof text);
    fprintf(stderr, "portvnf-load: cannot %s %s, port %d: %s\n", what, text,
            ntohs(address->sin_port), strerror(code));
    return -1;
}

int endpoint_open(struct endpoint *endpoint, const struct sockaddr_in *local,
                  const struct sockaddr_in *peer)
{
    memset(endpoint, 0, sizeof *endpoint);
    endpoint->socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (endpoint->socket < 0)
        return fail("make a socket for", local);
    int bytes = RECEIVE_BYTES;
    /* The forced form passes the system's limit but needs a right; either may be cut. */
    if (setsockopt(endpoint->socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        setsockopt(endpoint->socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (bind(endpoint->socket, (const struct sockaddr *)local, sizeof *local) < 0)
        return fail("bind to", local);
    if (connect(endpoint->socket, (const struct sockaddr *)peer, sizeof *peer) < 0)
        return fail("reach", peer);
    return 0;
}

void endpoint_send_later(struct endpoint *endpoint, const u8 *data, u64 length)
{
    memcpy(endpoint->out[endpoint->waiting], data, length);
    endpoint->out_length[endpoint->waiting] = length;
    if (++endpoint->waiting == BATCH)
        endpoint_flush(endpoint);
}

void endpoint_flush(struct endpoint *endpoint)
{
    struct mmsghdr message[BATCH];
    struct iovec vector[BATCH];
    memset(message, 0, sizeof message);
    for (u64 i = 0; i < endpoint->waiting; i++) {
        vector[i] = (struct iovec){endpoint->out[i], endpoint->out_length[i]};
        message[i].msg_hdr.msg_iov = &vector[i];
        message[i].msg_hdr.msg_iovlen = 1;
    }
    for (u64 sent = 0; sent < endpoint->waiting;) {
        endpoint->system_calls++;
        int count = sendmmsg(endpoint->socket, message + sent, endpoint->waiting - sent, 0);
        if (count > 0) {
            sent += (u64)count;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            struct pollfd writable = {.fd = endpoint->socket, .events = POLLOUT};
            if (poll(&writable, 1, FULL_WAIT_MS) == 0)
                break;
        } else if (errno != EINTR) {
            sent++; /* an ICMP error for an earlier one, or no route */
        }
    }
    endpoint->waiting = 0;
}

static int receive(struct endpoint *endpoint)
{
    struct mmsghdr message[BATCH];
    struct iovec vector[BATCH];
    memset(message, 0, sizeof message);
    for (u64 i = 0; i < BATCH; i++) {
        vector[i] = (struct iovec){endpoint->in[i], DATAGRAM_MAX};
        message[i].msg_hdr.msg_iov = &vector[i];
        message[i].msg_hdr.msg_iovlen = 1;
    }
    endpoint->system_calls++;
    int count = recvmmsg(endpoint->socket, message, BATCH, 0, NULL);
    for (int i = 0; i < count; i++)
        endpoint->in_length[i] = message[i].msg_len;
    return count;
}

u64 endpoint_receive(struct endpoint *endpoint, int wait_ms)
{
    int count = receive(endpoint);
    if (count < 0 && wait_ms) {
        struct pollfd readable = {.fd = endpoint->socket, .events = POLLIN};
        endpoint->system_calls++;
        poll(&readable, 1, wait_ms);
        count = receive(endpoint);
    }
    return count < 0 ? 0 : (u64)count;
}
