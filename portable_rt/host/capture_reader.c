/* Reads raw IP packets from a pcap file of either byte order and either resolution. */
#include "capture_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture_format.h"

struct pv_capture_reader {
    FILE *file;
    int big_endian;
};

static u64 load32(const struct pv_capture_reader *reader, const u8 *p)
{
    if (reader->big_endian)
        return (u64)p[0] << 24 | (u64)p[1] << 16 | (u64)p[2] << 8 | p[3];
    return (u64)p[3] << 24 | (u64)p[2] << 16 | (u64)p[1] << 8 | p[0];
}

static int is_magic(u64 word)
{
    return word == PV_CAPTURE_MAGIC_MICROSECONDS || word == PV_CAPTURE_MAGIC_NANOSECONDS;
}

static i64 check_header(struct pv_capture_reader *reader, const char *path,
                        struct pv_sentence sentence)
{
    u8 header[PV_CAPTURE_HEADER];
    u64 length = fread(header, 1, sizeof header, reader->file);
    if (length < sizeof header)
        return pv_fail(sentence, EINVAL,
                       "capture file %s is not a pcap file: it ends after %llu bytes, before "
                       "the end of the header",
                       path, length);
    reader->big_endian = 1;
    if (!is_magic(load32(reader, header)))
        reader->big_endian = 0;
    if (!is_magic(load32(reader, header)))
        return pv_fail(sentence, EINVAL,
                       "capture file %s is not a pcap file: it begins with %02x%02x%02x%02x", path,
                       header[0], header[1], header[2], header[3]);
    /* The upper bits of the word may tell the length of a frame check sequence. */
    u64 link_type = load32(reader, header + 20) & 0xffff;
    if (link_type != PV_LINKTYPE_RAW && link_type != PV_LINKTYPE_IPV4 &&
        link_type != PV_LINKTYPE_IPV6)
        return pv_fail(sentence, EINVAL,
                       "capture file %s has link type %llu; only raw IP captures (link types "
                       "101, 228 and 229) can be replayed",
                       path, link_type);
    return 0;
}

static i64 check_records(struct pv_capture_reader *reader, const char *path,
                         struct pv_sentence sentence)
{
    struct stat status;
    if (fstat(fileno(reader->file), &status) != 0 || !S_ISREG(status.st_mode))
        return pv_fail(sentence, EINVAL, "capture file %s is not a regular file", path);
    u64 size = (u64)status.st_size;
    u64 at = PV_CAPTURE_HEADER;
    for (u64 number = 1; at < size; number++) {
        u8 record[PV_CAPTURE_RECORD];
        if (fread(record, 1, sizeof record, reader->file) < sizeof record)
            return pv_fail(sentence, EINVAL,
                           "capture file %s is truncated: packet %llu at byte %llu has no "
                           "whole header",
                           path, number, at);
        u64 kept = load32(reader, record + 8);
        at += PV_CAPTURE_RECORD;
        if (kept > size - at)
            return pv_fail(sentence, EINVAL,
                           "capture file %s is truncated: packet %llu at byte %llu needs %llu "
                           "bytes, %llu are left",
                           path, number, at - PV_CAPTURE_RECORD, kept, size - at);
        at += kept;
        if (fseeko(reader->file, (off_t)at, SEEK_SET) != 0)
            return pv_fail(sentence, errno, "cannot read capture file %s: %s", path,
                           strerror(errno));
    }
    rewind(reader->file);
    fseeko(reader->file, PV_CAPTURE_HEADER, SEEK_SET);
    return 0;
}

struct pv_capture_reader *pv_capture_reader_open(const char *path, struct pv_sentence sentence)
{
    struct pv_capture_reader *reader = calloc(1, sizeof *reader);
    if (!reader) {
        pv_fail(sentence, ENOMEM, "no memory to read capture file %s", path);
        return NULL;
    }
    reader->file = fopen(path, "rbe");
    if (!reader->file) {
        pv_fail(sentence, errno, "cannot open capture file %s: %s", path, strerror(errno));
        free(reader);
        return NULL;
    }
    if (check_header(reader, path, sentence) < 0 || check_records(reader, path, sentence) < 0) {
        pv_capture_reader_close(reader);
        return NULL;
    }
    return reader;
}

i64 pv_capture_reader_next(struct pv_capture_reader *reader, u8 *data, u64 capacity)
{
    u8 record[PV_CAPTURE_RECORD];
    u64 got = fread(record, 1, sizeof record, reader->file);
    if (got == 0 && feof(reader->file))
        return 0;
    if (got < sizeof record)
        return -EIO;
    u64 kept = load32(reader, record + 8);
    u64 original = load32(reader, record + 12);
    if (kept == 0 || kept > capacity || kept < original) {
        if (fseeko(reader->file, (off_t)kept, SEEK_CUR) != 0)
            return -EIO;
        return -EMSGSIZE;
    }
    return fread(data, 1, kept, reader->file) == kept ? (i64)kept : -EIO;
}

void pv_capture_reader_close(struct pv_capture_reader *reader)
{
    fclose(reader->file);
    free(reader);
}
