/* A TUN device: raw IP packets, one a read or write. Used by driver "tun" and pv_tun. */
#ifndef PORTVNF_HOST_TUN_DEVICE_H
#define PORTVNF_HOST_TUN_DEVICE_H

#include "sentence.h"

/* Longest wait for a full device in one burst. */
#define PV_TUN_WAIT_MS 100

/* Opens or creates the device, non-blocking; returns the descriptor, or fails with a
 * sentence. */
i64 pv_tun_device_open(const char *name, struct pv_sentence sentence);

/* Reads one packet. Returns its length; -EAGAIN when none is there; -EMSGSIZE when it is
 * longer than `capacity` - 1 and was dropped; or another negative errno. */
i64 pv_tun_device_read(int fd, u8 *data, u64 capacity);

/* Writes one packet, waiting for room while *wait_ms lasts. Returns 0 or a negative
 * errno. */
i64 pv_tun_device_write(int fd, const u8 *data, u64 length, i64 *wait_ms);

#endif
