/* GTPv2-C information elements (TS 29.274, 8): finding them, reading them, writing them. */
#ifndef VEPC_GTPC_IE_H
#define VEPC_GTPC_IE_H

#include "vepc.h"

#define IE_HEADER 4

#define IE_IMSI 1
#define IE_CAUSE 2
#define IE_RECOVERY 3
#define IE_APN 71
#define IE_AMBR 72
#define IE_EBI 73
#define IE_IP_ADDRESS 74
#define IE_MEI 75
#define IE_MSISDN 76
#define IE_INDICATION 77
#define IE_PCO 78
#define IE_PAA 79
#define IE_BEARER_QOS 80
#define IE_FLOW_QOS 81
#define IE_RAT_TYPE 82
#define IE_SERVING_NETWORK 83
#define IE_BEARER_TFT 84
#define IE_TAD 85
#define IE_ULI 86
#define IE_F_TEID 87
#define IE_DELAY_VALUE 92
#define IE_BEARER_CONTEXT 93
#define IE_CHARGING_ID 94
#define IE_CHARGING_CHARACTERISTICS 95
#define IE_PDN_TYPE 99
#define IE_PTI 100
#define IE_UE_TIME_ZONE 114
#define IE_APN_RESTRICTION 127
#define IE_SELECTION_MODE 128
#define IE_FQ_CSID 132
#define IE_FQDN 136
#define IE_USER_CSG_INFORMATION 145
#define IE_THROTTLING 154
#define IE_ARP 155
#define IE_OPERATOR_SELECTION_ENTITY 173
#define IE_PRA_INFORMATION 178
#define IE_EPCO 197
#define IE_PLMN_RATE_CONTROL 198
#define IE_COUNTER 199
#define IE_SECONDARY_RAT_USAGE 201

/* Interface types of an F-TEID (TS 29.274, 8.22). */
#define S1U_ENODEB 0
#define S1U_SGW 1
#define S5U_SGW 4
#define S5U_PGW 5
#define S5C_SGW 6
#define S5C_PGW 7
#define S11_MME 10
#define S11_SGW 11
#define ENODEB_DOWNLINK_FORWARDING 19
#define ENODEB_UPLINK_FORWARDING 20
#define SGW_DOWNLINK_FORWARDING 23
#define SGW_UPLINK_FORWARDING 28

/* Cause values (TS 29.274, 8.4). */
#define CAUSE_LATER 0 /* reserved there; here: the answer waits for a transaction of ours */
#define CAUSE_ERROR_INDICATION 6
#define CAUSE_ACCEPTED 16
#define CAUSE_ACCEPTED_PARTIALLY 17
#define CAUSE_NEW_PDN_TYPE 18
#define CAUSE_SINGLE_ADDRESS_ONLY 19
#define CAUSE_CONTEXT_NOT_FOUND 64
#define CAUSE_INVALID_LENGTH 67
#define CAUSE_SERVICE_NOT_SUPPORTED 68
#define CAUSE_MANDATORY_IE_INCORRECT 69
#define CAUSE_MANDATORY_IE_MISSING 70
#define CAUSE_NO_RESOURCES 73
#define CAUSE_TFT_SYNTACTIC 75
#define CAUSE_FILTER_SEMANTIC 76
#define CAUSE_FILTER_SYNTACTIC 77
#define CAUSE_UNKNOWN_APN 78
#define CAUSE_PDN_TYPE_NOT_SUPPORTED 83
#define CAUSE_ADDRESSES_OCCUPIED 84
#define CAUSE_AUTHENTICATION_FAILED 92
#define CAUSE_REQUEST_REJECTED 94
#define CAUSE_TAD_SEMANTIC 97
#define CAUSE_TAD_SYNTACTIC 98
#define CAUSE_NOT_RESPONDING 100 /* the peer beyond */
#define CAUSE_COLLISION 101
#define CAUSE_CONDITIONAL_IE_MISSING 103
#define CAUSE_FORWARDING_NOT_SUPPORTED 106
#define CAUSE_INVALID_REPLY 107 /* of the peer beyond */
#define CAUSE_TEMPORARILY_REJECTED 110

/* Flags of the Indication IE (8.12): octet << 8 | bit. */
#define INDICATION_DUAL_ADDRESS 0x0080
#define INDICATION_HANDOVER 0x0020
#define INDICATION_OPERATION 0x0008
#define INDICATION_CHANGE_REPORTING 0x0110
#define INDICATION_UNAUTHENTICATED_IMSI 0x0140
#define INDICATION_SCOPE 0x0102

/* One IE's value; or a whole list of IEs, in a message or a grouped IE. */
struct ie {
    const u8 *value;
    u64 length;
};

/* An IE with its name. */
struct named_ie {
    struct ie value;
    u8 type;
    u8 instance;
};

/* A refusal: the cause, and the IE that is to blame. */
struct refusal {
    u64 cause;
    u64 ie; /* type << 8 | instance, 0 for none */
};

/* Whether a list consists of whole IEs. */
int ies_well_formed(struct ie list);

/* Takes the first IE off a well-formed list. Returns 0 when it is empty. */
int ies_next(struct ie *list, struct named_ie *ie);

/* The first IE of a type and instance in a well-formed list. Returns 0 without one. */
int ies_find(struct ie list, u8 type, u8 instance, struct ie *found);

/* Reads the n-th (from 0) IE of a type and instance. Returns 0 when there are fewer. */
int ies_find_nth(struct ie list, u8 type, u8 instance, u64 n, struct ie *found);

/* The first F-TEID of an interface type, whatever its instance: peers differ in where they put the
 * P-GW's tunnels (TS 29.274, tables 7.2.1-2, 7.2.2-2 and 7.2.3-2), but its type says what it is.
 * Without one, what stands in its instance, which ie_read_f_teid does not take. Returns 0 when that
 * is missing, too. */
int ies_find_f_teid(struct ie list, u8 interface, u8 instance, struct ie *found);

/* Whether a flag of the Indication IE is there and set. */
int ies_indicated(struct ie list, u32 flag);

/* Reads an F-TEID of an interface type with an address that we can reach from one of ours:
 * the IPv4 one, if both can. Returns 0 when it has none. */
int ie_read_f_teid(struct ie ie, u8 interface, const struct vepc_endpoint *ours,
                   struct vepc_tunnel *tunnel);

/* Reads an EPS Bearer ID. Returns 5 .. 15, or 0 when it is not one. */
u8 ie_read_ebi(struct ie ie);

/* A 40-bit bit rate in kbit/s. */
u64 ie_read_rate(const u8 *value);

/* Reads a Bearer QoS (8.15). Returns 0 when it is cut short. */
int ie_read_qos(struct ie ie, struct vepc_qos *qos);

/* A message being written into the caller's buffer, which must have room for all that is
 * put there. */
struct ie_writer {
    u8 *base;
    u64 length; /* bytes written so far */
};

/* Begins an IE and gives where; ie_end fills in the length. */
u64 ie_begin(struct ie_writer *w, u8 type, u8 instance);
void ie_end(struct ie_writer *w, u64 start);

void ie_put_octets(struct ie_writer *w, const u8 *octets, u64 count);
void ie_put_u8(struct ie_writer *w, u32 value);
void ie_put_u16(struct ie_writer *w, u32 value);
void ie_put_u32(struct ie_writer *w, u32 value);
void ie_put_u64(struct ie_writer *w, u64 value);

/* Whole IEs. */
void ie_write_u8(struct ie_writer *w, u8 type, u32 value);
void ie_write_u32(struct ie_writer *w, u8 type, u32 value);
void ie_write_cause(struct ie_writer *w, struct refusal refusal);
void ie_write_qos(struct ie_writer *w, const struct vepc_qos *qos);
/* An F-TEID of ours, with all the addresses that it can be reached at. */
void ie_write_f_teid(struct ie_writer *w, u8 instance, u8 interface, u32 teid,
                     const struct vepc_endpoint *ours);
/* One of a peer's. */
void ie_write_tunnel(struct ie_writer *w, u8 instance, u8 interface,
                     const struct vepc_tunnel *tunnel);

#endif
