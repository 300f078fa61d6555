/* Writing results of traces (trace.h). The mirror of loader/portvnf/trace/result_file.py. */
#ifndef PORTVNF_HOST_RESULT_WRITER_H
#define PORTVNF_HOST_RESULT_WRITER_H

#include <stdio.h>

#include "sentence.h"

/* Bytes that grow as they are written. */
struct pv_octets {
    u8 *data;
    u64 length;
    u64 room;
    int short_of_memory; /* sticks: later bytes are lost too */
};

void pv_octets_u8(struct pv_octets *octets, u64 value);
void pv_octets_u16(struct pv_octets *octets, u64 value);
void pv_octets_u32(struct pv_octets *octets, u64 value);
void pv_octets_u64(struct pv_octets *octets, u64 value);
void pv_octets_raw(struct pv_octets *octets, const u8 *data, u64 length);

/* Room for `count` more bytes, to be written by the caller, who then adds to length; NULL
 * when memory is short. */
u8 *pv_octets_reserve(struct pv_octets *octets, u64 count);

/* A list's count is known only at its end: keep the place of two bytes, fill it in later. */
u64 pv_octets_keep_u16(struct pv_octets *octets);
void pv_octets_set_u16(struct pv_octets *octets, u64 place, u64 value);

void pv_octets_free(struct pv_octets *octets);

/* A result that is being written. */
struct pv_result_writer {
    FILE *file;
    const char *path;
    struct pv_octets body; /* of the outcome in hand */
    u64 outcomes;
};

/* Makes the file and writes its header. */
i64 pv_result_begin(struct pv_result_writer *writer, const char *path, const u8 *trace_sha256,
                    u64 arena_size, struct pv_sentence sentence);

/* Writes the outcome that stands in writer->body and empties it. */
void pv_result_outcome(struct pv_result_writer *writer, u64 kind);

/* Ends and closes the file; 0, or fails with a sentence and removes it. */
i64 pv_result_end(struct pv_result_writer *writer, struct pv_sentence sentence);

/* Closes and removes the file. */
void pv_result_abandon(struct pv_result_writer *writer);

#endif
