/* Reading messages: see answer.h. */
#include "answer.h"

#include <string.h>

#include "message.h"

static u32 get16(const u8 *at)
{
    return (u32)at[0] << 8 | at[1];
}

static u32 get32(const u8 *at)
{
    return get16(at) << 16 | get16(at + 2);
}

static void read_f_teid(struct answer *answer, const u8 *ie, u32 length)
{
    if (length < 9 || !(ie[0] & 0x80))
        return;
    u32 interface = ie[0] & 0x3F;
    if (interface == S11_SGW)
        answer->control_teid = get32(ie + 1);
    else if (interface == S1U_SGW)
        answer->user_teid = get32(ie + 1);
}

static int read_ies(struct answer *answer, const u8 *at, u64 left, int in_bearer)
{
    while (left) {
        if (left < 4)
            return -1;
        u32 length = get16(at + 1);
        const u8 *ie = at + 4;
        if (length > left - 4)
            return -1;
        switch (at[0]) {
        case IE_CAUSE:
            if (length >= 2 && in_bearer)
                answer->bearer_cause = ie[0];
            else if (length >= 2)
                answer->cause = ie[0];
            break;
        case IE_F_TEID:
            read_f_teid(answer, ie, length);
            break;
        case IE_PAA:
            if (length == 5 && (ie[0] & 7) == 1)
                answer->ue_address = get32(ie + 1);
            break;
        case IE_BEARER_CONTEXT:
            if (!in_bearer && read_ies(answer, ie, length, 1) < 0)
                return -1;
            break;
        default:
            break;
        }
        at = ie + length;
        left -= 4 + length;
    }
    return 0;
}

int read_answer(struct answer *answer, const u8 *data, u64 length)
{
    memset(answer, 0, sizeof *answer);
    if (length < 8 || data[0] >> 5 != 2)
        return -1;
    u64 header = data[0] & 0x08 ? 12 : 8;
    if (length < header || get16(data + 2) + 4u != length)
        return -1;
    answer->type = data[1];
    if (header == 12)
        answer->teid = get32(data + 4);
    answer->sequence = get32(data + header - 4) >> 8;
    return read_ies(answer, data + header, length - header, 0);
}
