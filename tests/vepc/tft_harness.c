/* The VNF's Traffic Flow Templates and flows by themselves: records of the schema in and out. */
#include "flow.h"
#include "tft.h"

/* Returns the cause; with CAUSE_ACCEPTED, `out` gets operation, count and the filters. */
u64 harness_read(const u8 *value, u64 length, u8 *out, u64 *out_length)
{
    struct ie ie = {value, length};
    struct tft tft;
    struct pv_writer w = {out, 0};
    u64 cause = tft_read(ie, &tft);
    if (cause == CAUSE_ACCEPTED) {
        pv_write_u8(&w, tft.operation);
        pv_write_u8(&w, tft.count);
        for (u64 i = 0; i < tft.count; i++)
            vepc_packet_filter_write(&w, &tft.filter[i]);
    }
    *out_length = w.length;
    return cause;
}

/* Checks one record: a cause, or 0 when it is not even one. */
u64 harness_check(const u8 *record, u64 length)
{
    struct vepc_packet_filter filter;
    struct pv_reader in = {record, length, 0, 0};
    vepc_packet_filter_read(&in, &filter, 1);
    return in.error || in.left ? 0 : packet_filter_check(&filter);
}

/* Writes the template of `count` records; returns its length, which tft_length foretold, or 0. */
u64 harness_write(const u8 *records, u64 length, u64 operation, u64 count, u8 *out)
{
    struct vepc_packet_filter filter[TFT_FILTERS_MAX];
    struct pv_reader in = {records, length, 0, 0};
    struct pv_writer w = {out, 0};
    for (u64 i = 0; i < count; i++)
        vepc_packet_filter_read(&in, &filter[i], 1);
    tft_write(&w, (u8)operation, filter, count);
    u64 foretold = operation == TFT_DELETE_FILTERS ? 1 + count : tft_length(filter, count);
    return in.error || in.left || foretold != w.length ? 0 : w.length;
}

/* Whether a packet fits a sound record: 1 or 0; 2 when either is none. */
u64 harness_fits(const u8 *packet, u64 available, const u8 *record, u64 length, u64 uplink)
{
    struct vepc_packet_filter filter;
    struct pv_reader in = {record, length, 0, 0};
    struct flow flow;
    u64 total = ip_total_length(packet, available);
    vepc_packet_filter_read(&in, &filter, 1);
    if (total == 0 || in.error || in.left || packet_filter_check(&filter) != CAUSE_ACCEPTED)
        return 2;
    flow_read(packet, total, &flow);
    return (u64)flow_fits(&flow, &filter, uplink ? DIRECTION_UPLINK : DIRECTION_DOWNLINK);
}
