/* UEs, sessions and bearers: making, linking, changing, deleting.
 *
 * The same functions serve the procedures and the import of state. Whatever changes a UE,
 * one of its sessions or bearers must call ue_touch afterwards: a UE and all that belongs
 * to it move as one.
 */
#ifndef VEPC_SESSIONS_H
#define VEPC_SESSIONS_H

#include "vepc.h"

/* The interface identifier given to a UE: never 1, which is the gateway's. */
PV_INLINE u64 session_interface_id(u32 s5c_teid)
{
    return 0x100000000ull | s5c_teid;
}

/* The slot of the UE with this IMSI, or CONTEXTS_NONE. */
u64 ue_find_imsi(const struct vepc *vepc, const u8 *imsi);

/* Indexes a UE whose record is filled in; it has no sessions yet. */
void ue_link(struct vepc *vepc, u64 ue_slot);

/* Marks a UE, its sessions and its bearers as changed in this epoch. */
void ue_touch(struct vepc *vepc, u64 ue_slot);

/* The bearer slot of an EBI, or CONTEXTS_NONE. */
u64 ue_find_bearer(const struct ue *ue, u64 ebi);

/* The UE's session whose default bearer has this EBI (or 0), or CONTEXTS_NONE. */
u64 ue_find_linked(const struct vepc *vepc, const struct ue *ue, u8 lbi);

/* Deletes a UE with all its sessions and bearers. */
void ue_delete(struct vepc *vepc, u64 ue_slot);

/* Deletes a session with all its bearers; the UE stays. */
void session_delete(struct vepc *vepc, u64 session_slot);

/* Copies a session's APN to `name`, which has room for 63 characters. Returns its length. */
u64 session_apn(const struct vepc *vepc, u64 session_slot, u8 *name);

/* Names the APN of a session that is none of ours (apn APN_FOREIGN). */
void session_set_apn(struct vepc *vepc, u64 session_slot, const u8 *name, u64 length);

/* Puts a filled-in session into its UE; it has no bearers yet. */
void session_link(struct vepc *vepc, u64 session_slot);

/* Puts a filled-in bearer into its UE, its packet records and, if it is its session's
 * default bearer, the address look-up. Its eNodeB tunnel is empty at first. */
void bearer_link(struct vepc *vepc, u64 bearer_slot);

/* Makes a bearer of a session that has an EBI, or a place below EBI_FIRST, free for it;
 * there is room. Its tunnel is empty at first. Returns its slot. */
u64 bearer_make(struct vepc *vepc, u64 session_slot, u8 ebi, const struct vepc_qos *qos);

/* Deletes a bearer with its filters and buffered packets. */
void bearer_delete(struct vepc *vepc, u64 bearer_slot);

/* Gives a bearer its EBI, which no other bearer of the UE has. */
void bearer_set_ebi(struct vepc *vepc, u64 bearer_slot, u8 ebi);

/* The session's bearer that a rule of this name made, or CONTEXTS_NONE. */
u64 session_find_rule(const struct vepc *vepc, u64 session_slot, const u8 *name, u64 length);

PV_INLINE int bearer_is_default(const struct vepc *vepc, u64 bearer_slot)
{
    const struct bearer *bearer = &vepc->bearer[bearer_slot];
    return bearer->ebi == vepc->session[bearer->session].lbi;
}

/* The APN-AMBR that is granted when this is asked for and the configuration sets a limit;
 * 0 for none. */
PV_INLINE u32 ambr_granted(u32 asked, u32 most)
{
    return most != 0 && (asked > most || asked == 0) ? most : asked;
}

/* Sets where downlink packets of a bearer go, or, with connected 0, that they do not. */
void bearer_set_enb(struct vepc *vepc, u64 bearer_slot, const struct vepc_tunnel *enb,
                    u32 connected);

/* Sets where uplink packets of a bearer go, at an S-GW alone. */
void bearer_set_pgw(struct vepc *vepc, u64 bearer_slot, const struct vepc_tunnel *pgw);

/* Makes all bearers of a UE idle; their last eNodeB tunnels stay known. */
void ue_release_bearers(struct vepc *vepc, u64 ue_slot);

/* Notes in the packet records which bearers of a session have packet filters. */
void session_filters_changed(struct vepc *vepc, u64 session_slot);

/* Suspends or resumes a UE: packets of its non-GBR bearers are dropped while it is. */
void ue_set_suspended(struct vepc *vepc, u64 ue_slot, u8 suspended);

/* Makes idle every UE that has a bearer with this eNodeB tunnel, and tells its MME (TS
 * 23.007, 22). */
void sessions_release_enb(struct vepc *vepc, const struct vepc_tunnel *enb);

/* A bearer whose uplink goes to this tunnel, or CONTEXTS_NONE. */
u64 sessions_find_pgw(const struct vepc *vepc, const struct vepc_tunnel *pgw);

/* Ends every bearer that goes to this tunnel, which an S-GW has lost (TS 23.007, 21). */
void sessions_end_tunnel(struct vepc *vepc, const struct vepc_tunnel *sgw);

/* Ends a bearer; with its default bearer a session ends, with its last session a UE. */
void bearer_end(struct vepc *vepc, u64 bearer_slot);

/* Ends a session, and with its last one the UE. */
void session_end(struct vepc *vepc, u64 session_slot);

#endif
