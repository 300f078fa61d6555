/* Writes raw IP packets into a pcap file.
 *
 * The file is little-endian on every host, so that the same packets give the same bytes.
 */
#include "capture_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capture_format.h"

#define WRITER_BUFFER 65536

struct pv_capture_writer {
    int fd;
    int failure; /* errno of the first write that failed */
    u64 filled;
    u64 packets;   /* in the buffer */
    u64 unwritten; /* packets that were in the buffer when a write failed */
    char path[PATH_MAX];
    u8 buffer[WRITER_BUFFER];
};

_Static_assert(WRITER_BUFFER >= PV_CAPTURE_RECORD + PV_BUFFER_SIZE, "a record fits");

static void put_le32(struct pv_capture_writer *writer, u64 value)
{
    for (int shift = 0; shift < 32; shift += 8)
        writer->buffer[writer->filled++] = (u8)(value >> shift);
}

struct pv_capture_writer *pv_capture_writer_open(const char *path, struct pv_sentence sentence)
{
    if (strlen(path) >= PATH_MAX) {
        pv_fail(sentence, ENAMETOOLONG, "the name of the capture file is too long");
        return NULL;
    }
    struct pv_capture_writer *writer = malloc(sizeof *writer);
    if (!writer) {
        pv_fail(sentence, ENOMEM, "no memory to write capture file %s", path);
        return NULL;
    }
    writer->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (writer->fd < 0) {
        pv_fail(sentence, errno, "cannot create capture file %s: %s", path, strerror(errno));
        free(writer);
        return NULL;
    }
    writer->failure = 0;
    writer->filled = 0;
    writer->packets = 0;
    writer->unwritten = 0;
    strcpy(writer->path, path);
    put_le32(writer, PV_CAPTURE_MAGIC_NANOSECONDS);
    put_le32(writer, 2 | 4 << 16); /* version 2.4 as two 16-bit words */
    put_le32(writer, 0);
    put_le32(writer, 0);
    put_le32(writer, PV_CAPTURE_SNAP_LENGTH);
    put_le32(writer, PV_LINKTYPE_RAW);
    return writer;
}

void pv_capture_writer_flush(struct pv_capture_writer *writer)
{
    u64 done = 0;
    while (!writer->failure && done < writer->filled) {
        ssize_t written = write(writer->fd, writer->buffer + done, writer->filled - done);
        if (written > 0)
            done += (u64)written;
        else if (written == 0 || errno != EINTR)
            writer->failure = written == 0 ? EIO : errno;
    }
    if (writer->failure)
        writer->unwritten += writer->packets;
    writer->filled = 0;
    writer->packets = 0;
}

u64 pv_capture_writer_unwritten(const struct pv_capture_writer *writer)
{
    return writer->unwritten;
}

i64 pv_capture_writer_add(struct pv_capture_writer *writer, struct pv_packet **packets, u64 count)
{
    struct timespec stamp;
    clock_gettime(CLOCK_REALTIME, &stamp);
    for (u64 i = 0; i < count; i++) {
        const struct pv_packet *packet = packets[i];
        if (writer->filled + PV_CAPTURE_RECORD + packet->length > WRITER_BUFFER)
            pv_capture_writer_flush(writer);
        if (writer->failure)
            break;
        put_le32(writer, (u64)stamp.tv_sec);
        put_le32(writer, (u64)stamp.tv_nsec);
        put_le32(writer, packet->length);
        put_le32(writer, packet->length);
        memcpy(writer->buffer + writer->filled, packet->base + packet->offset, packet->length);
        writer->filled += packet->length;
        writer->packets++;
    }
    return -(i64)writer->failure;
}

i64 pv_capture_writer_close(struct pv_capture_writer *writer, struct pv_sentence sentence)
{
    pv_capture_writer_flush(writer);
    int failure = writer->failure;
    if (close(writer->fd) != 0 && !failure)
        failure = errno;
    if (failure)
        pv_fail(sentence, failure, "capture file %s is incomplete: %s", writer->path,
                strerror(failure));
    free(writer);
    return -(i64)failure;
}
