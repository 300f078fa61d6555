/* A TUN device: raw IP packets, one a read or write. */
#include "tun_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's own queue towards us: what it keeps while nobody reads. */
#define TUN_QUEUE_PACKETS 10000

/* How many packets the device's queue holds now; 0 when the kernel does not say. */
static i64 queue_length(const char *name)
{
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strcpy(request.ifr_name, name);
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0)
        return 0;
    int result = ioctl(control, SIOCGIFTXQLEN, &request);
    close(control);
    return result == 0 ? request.ifr_qlen : 0;
}

/* A queue that is longer already is left to the operator who made it so.
 *
 * Lengthening the queue needs CAP_NET_ADMIN over the network namespace. Without it the
 * device works with the queue that it has, so a refusal is no failure. It goes by netlink
 * because the ioctl asks for the right over the whole machine. */
static void lengthen_queue(const char *name)
{
    if (queue_length(name) >= TUN_QUEUE_PACKETS)
        return;
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
        struct rtattr attribute;
        u32 packets;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_SETLINK,
                   .nlmsg_flags = NLM_F_REQUEST},
        .link = {.ifi_family = AF_UNSPEC, .ifi_index = (int)if_nametoindex(name)},
        .attribute = {.rta_len = RTA_LENGTH(sizeof(u32)), .rta_type = IFLA_TXQLEN},
        .packets = TUN_QUEUE_PACKETS,
    };
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    int control = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (control < 0)
        return;
    sendto(control, &request, sizeof request, 0, (struct sockaddr *)&kernel, sizeof kernel);
    close(control);
}

i64 pv_tun_device_open(const char *name, struct pv_sentence sentence)
{
    struct ifreq request;
    memset(&request, 0, sizeof request);
    if (strlen(name) == 0 || strlen(name) >= sizeof request.ifr_name)
        return pv_fail(sentence, EINVAL, "\"%s\" is not a device name of 1 to %d characters", name,
                       (int)sizeof request.ifr_name - 1);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return pv_fail(sentence, errno, "cannot open /dev/net/tun for device %s: %s", name,
                       strerror(errno));
    strcpy(request.ifr_name, name);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (ioctl(fd, TUNSETIFF, &request) < 0) {
        int code = errno;
        close(fd);
        return pv_fail(sentence, code, "cannot attach to TUN device %s: %s", name, strerror(code));
    }
    lengthen_queue(request.ifr_name);
    return fd;
}

i64 pv_tun_device_read(int fd, u8 *data, u64 capacity)
{
    ssize_t length;
    do
        length = read(fd, data, capacity);
    while (length < 0 && errno == EINTR);
    if (length < 0)
        return -(i64)errno;
    /* The kernel cuts a longer packet to the buffer without a word, so a full buffer
     * means a packet that did not fit. */
    if ((u64)length >= capacity)
        return -EMSGSIZE;
    return length == 0 ? -EAGAIN : (i64)length;
}

i64 pv_tun_device_write(int fd, const u8 *data, u64 length, i64 *wait_ms)
{
    while (write(fd, data, length) < 0) {
        if (errno == EINTR)
            continue;
        if ((errno != EAGAIN && errno != ENOBUFS) || *wait_ms <= 0)
            return -(i64)errno;
        /* A millisecond at a time: after ENOBUFS the device may call itself writable
         * although it is not. */
        int code = errno;
        struct pollfd writable = {.fd = fd, .events = POLLOUT};
        poll(&writable, code == EAGAIN ? 1 : 0, 1);
        *wait_ms -= 1;
    }
    return 0;
}
