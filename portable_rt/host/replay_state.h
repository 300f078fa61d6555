/* A replay in progress, shared by the files that implement it. */
#ifndef PORTVNF_HOST_REPLAY_STATE_H
#define PORTVNF_HOST_REPLAY_STATE_H

#include "arena.h"
#include "result_writer.h"
#include "trace_reader.h"

#define PV_REPLAY_PACKETS (PV_BURST_MAX + PV_SPARE_MAX)

/* Each operation appends its outcome to result.body. */
struct pv_replay {
    const struct pv_vnf_calls *calls;
    struct pv_trace trace;
    struct pv_sentence sentence;
    struct pv_result_writer result;

    struct pv_arena active;
    struct pv_arena standby;  /* what is being imported into, if anything is */
    struct pv_octets section; /* what was exported for an import */

    u8 fill;
    u8 *buffers; /* one of trace.capacity bytes for each of packets[] */
    struct pv_packet packets[PV_REPLAY_PACKETS];
    struct pv_burst burst;
    u64 sent[PV_OUT_MAX]; /* which packets the last burst sent */
    u64 sent_count;
};

/* Makes the packet buffers; 0 or a negative errno value. */
i64 pv_replay_open_buffers(struct pv_replay *replay);

/* BURST and TICK. */
i64 pv_replay_burst(struct pv_replay *replay, struct pv_operation *operation);

/* EXPORT, MOVE, STAGE, SWITCH and IMPORT. A refusal by the VNF is an outcome; a negative
 * result ends the replay. */
i64 pv_replay_export(struct pv_replay *replay, const struct pv_operation *operation);
i64 pv_replay_move(struct pv_replay *replay, const struct pv_operation *operation);
i64 pv_replay_stage(struct pv_replay *replay, const struct pv_operation *operation);
i64 pv_replay_switch(struct pv_replay *replay, const struct pv_operation *operation);
i64 pv_replay_import(struct pv_replay *replay, struct pv_operation *operation);

#endif
