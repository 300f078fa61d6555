/* Traffic Flow Templates (TS 24.008, 10.5.6.12): the value of the IE and a list of packet
 * filters, both ways. No template is longer than NAS can carry.
 */
#ifndef VEPC_TFT_H
#define VEPC_TFT_H

#include "packet_filter.h"

#define TFT_IGNORE 0
#define TFT_CREATE 1
#define TFT_DELETE 2
#define TFT_ADD 3
#define TFT_REPLACE 4
#define TFT_DELETE_FILTERS 5
#define TFT_NO_OPERATION 6

/* Most packet filters that one template can name, and most octets of its value. */
#define TFT_FILTERS_MAX 15
#define TFT_LENGTH_MAX 255

/* A template that was found sound. With TFT_DELETE_FILTERS, only the identifiers of the
 * filters mean something. */
struct tft {
    u8 operation;
    u8 count;
    struct vepc_packet_filter filter[TFT_FILTERS_MAX];
};

/* Reads the value of a TFT. Returns CAUSE_ACCEPTED, or what is wrong with it (TS
 * 24.301, 6.4.2.4): CAUSE_TFT_SYNTACTIC, CAUSE_FILTER_SEMANTIC or CAUSE_FILTER_SYNTACTIC.
 * A parameters list is passed over. An address component that fits any address of IPv6 and
 * a traffic class without mask say nothing, and are left out. */
u64 tft_read(struct ie ie, struct tft *tft);

/* Reads a Traffic Aggregate Description, which is coded like a template (TS 29.274, 8.20).
 * The network gives new filters their identifiers, so two may have the same. Returns
 * CAUSE_TAD_SYNTACTIC for CAUSE_TFT_SYNTACTIC. */
u64 tad_read(struct ie ie, struct tft *tad);

/* Writes a template's value in one canonical form: components in ascending order of what
 * they are about, an address of IPv6 with its mask. The filters must be sound; room for
 * tft_length octets is needed. */
void tft_write(struct pv_writer *w, u8 operation, const struct vepc_packet_filter *filters,
               u64 count);

/* A whole Bearer TFT IE (TS 29.274, 8.19). */
void ie_write_tft(struct ie_writer *w, u8 operation, const struct vepc_packet_filter *filters,
                  u64 count);

/* Octets that tft_write needs for these filters; over TFT_LENGTH_MAX, no message can carry
 * them. */
u64 tft_length(const struct vepc_packet_filter *filters, u64 count);

#endif
