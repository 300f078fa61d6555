/* The pcap file format, as far as raw IP packets need it.
 *
 * A file is a 24-byte header (magic, version 2.4, two unused words, snap length, link
 * type) and records of a 16-byte header (seconds, fraction, bytes kept, bytes on the
 * wire) and the bytes kept. All words are in the byte order that the magic shows.
 */
#ifndef PORTVNF_HOST_CAPTURE_FORMAT_H
#define PORTVNF_HOST_CAPTURE_FORMAT_H

#define PV_CAPTURE_HEADER 24
#define PV_CAPTURE_RECORD 16

#define PV_CAPTURE_MAGIC_MICROSECONDS 0xa1b2c3d4u
#define PV_CAPTURE_MAGIC_NANOSECONDS 0xa1b23c4du

#define PV_CAPTURE_SNAP_LENGTH 262144u

/* Link types whose packets begin with the IP header. */
#define PV_LINKTYPE_RAW 101u
#define PV_LINKTYPE_IPV4 228u
#define PV_LINKTYPE_IPV6 229u

#endif
