/* Writes raw IP packets into a pcap file. */
#ifndef PORTVNF_HOST_CAPTURE_WRITER_H
#define PORTVNF_HOST_CAPTURE_WRITER_H

#include "port.h"

struct pv_capture_writer;

/* Creates or replaces the file; NULL with a sentence when that fails. */
struct pv_capture_writer *pv_capture_writer_open(const char *path, struct pv_sentence sentence);

/* Appends packets with the wall clock's time. Returns 0 or, once anything could not be
 * written, the negative errno of the first failure; the writer then writes no more. */
i64 pv_capture_writer_add(struct pv_capture_writer *writer, struct pv_packet **packets, u64 count);

/* Hands what is buffered to the system. */
void pv_capture_writer_flush(struct pv_capture_writer *writer);

/* How many packets were taken that could then not be written. The buffer whose write failed
 * counts as a whole, although its first packets may be in the file. */
u64 pv_capture_writer_unwritten(const struct pv_capture_writer *writer);

/* Flushes, closes and frees. Fails with a sentence when the file is not complete. */
i64 pv_capture_writer_close(struct pv_capture_writer *writer, struct pv_sentence sentence);

#endif
