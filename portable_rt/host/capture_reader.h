/* Reads raw IP packets from a pcap file. */
#ifndef PORTVNF_HOST_CAPTURE_READER_H
#define PORTVNF_HOST_CAPTURE_READER_H

#include "sentence.h"

struct pv_capture_reader;

/* Opens the file and checks it from end to end, so that reading cannot fail half-way;
 * NULL with a sentence when it is missing, foreign or truncated. */
struct pv_capture_reader *pv_capture_reader_open(const char *path, struct pv_sentence sentence);

/* Copies the next packet out. Returns its length; 0 at the end of the file; -EMSGSIZE
 * when it is longer than `capacity` or was cut by the capture, and is skipped; -EIO when
 * the file changed since it was opened. */
i64 pv_capture_reader_next(struct pv_capture_reader *reader, u8 *data, u64 capacity);

void pv_capture_reader_close(struct pv_capture_reader *reader);

#endif
