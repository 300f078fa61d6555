/* Protocol Configuration Options (TS 24.008, 10.5.6.3): DNS servers and MTU for the UE. */
#ifndef VEPC_PCO_H
#define VEPC_PCO_H

#include "gtpc.h"

/* Answers the UE's PCO or ePCO IE, whichever the request has, for an APN. Containers that
 * are unknown, cut short or beyond GTPC_PCO_MAX are left out, as the UE expects. Writes
 * nothing when the request has neither. */
void pco_answer(const struct request *request, struct ie_writer *w, const struct vepc_apn *apn);

#endif
