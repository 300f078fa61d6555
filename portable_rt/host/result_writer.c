/* Writing results of traces. */
#include "result_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sha256.h"

#include <portvnf/trace.h>
#include <portvnf/wire.h>

u8 *pv_octets_reserve(struct pv_octets *octets, u64 count)
{
    if (octets->room - octets->length < count && !octets->short_of_memory) {
        u64 room = octets->room ? octets->room : 4096;
        while (room - octets->length < count)
            room *= 2;
        u8 *data = realloc(octets->data, room);
        if (data) {
            octets->data = data;
            octets->room = room;
        } else {
            octets->short_of_memory = 1;
        }
    }
    return octets->short_of_memory ? NULL : octets->data + octets->length;
}

void pv_octets_raw(struct pv_octets *octets, const u8 *data, u64 length)
{
    u8 *room = pv_octets_reserve(octets, length);
    if (!room)
        return;
    if (length)
        memcpy(room, data, length);
    octets->length += length;
}

void pv_octets_u8(struct pv_octets *octets, u64 value)
{
    u8 bytes[1] = {(u8)value};
    pv_octets_raw(octets, bytes, sizeof bytes);
}

void pv_octets_u16(struct pv_octets *octets, u64 value)
{
    u8 bytes[2];
    pv_store_be16(bytes, (u32)value);
    pv_octets_raw(octets, bytes, sizeof bytes);
}

void pv_octets_u32(struct pv_octets *octets, u64 value)
{
    u8 bytes[4];
    pv_store_be32(bytes, (u32)value);
    pv_octets_raw(octets, bytes, sizeof bytes);
}

void pv_octets_u64(struct pv_octets *octets, u64 value)
{
    u8 bytes[8];
    pv_store_be64(bytes, value);
    pv_octets_raw(octets, bytes, sizeof bytes);
}

u64 pv_octets_keep_u16(struct pv_octets *octets)
{
    u64 place = octets->length;
    pv_octets_u16(octets, 0);
    return place;
}

void pv_octets_set_u16(struct pv_octets *octets, u64 place, u64 value)
{
    if (!octets->short_of_memory)
        pv_store_be16(octets->data + place, (u32)value);
}

void pv_octets_free(struct pv_octets *octets)
{
    free(octets->data);
    *octets = (struct pv_octets){0};
}

/* A failed write shows in ferror at the end. */
static void flush_body(struct pv_result_writer *writer)
{
    if (writer->body.length)
        fwrite(writer->body.data, 1, writer->body.length, writer->file);
    writer->body.length = 0;
}

i64 pv_result_begin(struct pv_result_writer *writer, const char *path, const u8 *trace_sha256,
                    u64 arena_size, struct pv_sentence sentence)
{
    *writer = (struct pv_result_writer){.file = fopen(path, "wb"), .path = path};
    if (!writer->file)
        return pv_fail(sentence, errno, "cannot write %s: %s", path, strerror(errno));
    struct pv_octets *head = &writer->body;
    pv_octets_raw(head, (const u8 *)PV_RESULT_MAGIC_TEXT, sizeof PV_RESULT_MAGIC_TEXT);
    pv_octets_u16(head, PV_TRACE_VERSION);
    pv_octets_raw(head, trace_sha256, PV_SHA256_BYTES);
    pv_octets_u64(head, arena_size);
    flush_body(writer);
    return 0;
}

static void write_block(struct pv_result_writer *writer, u64 kind)
{
    u8 head[5] = {(u8)kind};
    pv_store_be32(head + 1, (u32)writer->body.length);
    fwrite(head, 1, sizeof head, writer->file);
    flush_body(writer);
}

void pv_result_outcome(struct pv_result_writer *writer, u64 kind)
{
    write_block(writer, kind);
    writer->outcomes++;
}

i64 pv_result_end(struct pv_result_writer *writer, struct pv_sentence sentence)
{
    pv_octets_u64(&writer->body, writer->outcomes);
    write_block(writer, PV_TRACE_END);
    int failed = ferror(writer->file) || writer->body.short_of_memory;
    errno = 0;
    failed |= fclose(writer->file) != 0;
    pv_octets_free(&writer->body);
    if (!failed)
        return 0;
    int code = errno ? errno : EIO;
    unlink(writer->path);
    return pv_fail(sentence, code, "cannot write %s: %s", writer->path, strerror(code));
}

void pv_result_abandon(struct pv_result_writer *writer)
{
    fclose(writer->file);
    unlink(writer->path);
    pv_octets_free(&writer->body);
}
