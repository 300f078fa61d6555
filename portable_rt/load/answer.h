/* Reading what the gateway sends: the parts of a message that the generator checks. */
#ifndef PORTVNF_LOAD_ANSWER_H
#define PORTVNF_LOAD_ANSWER_H

#include <portvnf/types.h>

#define CAUSE_ACCEPTED 16

/* Fields that the message lacks are 0. */
struct answer {
    u8 type;
    u8 cause;        /* TS 29.274, 8.4 */
    u8 bearer_cause; /* of the Bearer Context */
    u32 teid;        /* of the header */
    u32 sequence;
    u32 control_teid; /* F-TEID of the S-GW on S11 */
    u32 user_teid;    /* F-TEID of the S-GW on S1-U */
    u32 ue_address;   /* IPv4, of the PAA */
};

/* Reads one GTPv2-C message; 0, or -1 when its lengths do not fit. */
int read_answer(struct answer *answer, const u8 *data, u64 length);

#endif
