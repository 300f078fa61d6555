"""A charging record in the words of TS 32.298: the fields of a PGWRecord or, at an S-GW alone, of
an SGWRecord.

Field names are those of their ASN.1 (5.2.2.2). Values are as JSON has them: numbers where ASN.1
has numbers, digits and addresses as people write them, other octets in hexadecimal. What a
record does not know is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from portvnf.identities import digits, plmn
from portvnf.state.fields import NO_IP, NO_IPV4, NO_PREFIX64

Cdr = dict[str, Any]

_SGW_RECORD, _PGW_RECORD = 84, 85  # RecordType (TS 32.298, 5.1.1.5)
_SGW, _MME = 2, 5  # ServingNodeType (5.2.2.2)
_UNKNOWN: tuple[object, ...] = ("", [], NO_IP, NO_IPV4, NO_PREFIX64)
_WALL = "recordOpeningTime"  # the one field that depends on when the record is worded
_PDN_TYPES = {1: "IPv4", 2: "IPv6", 3: "IPv4v6"}


@dataclass(frozen=True)
class Recorder:
    """The gateway that the records are of, as it was when they were taken."""

    gateway: Any
    """Its own record (section `gateway`)."""
    now: datetime
    """The wall clock when its uptime was read."""

    @property
    def node(self) -> str:
        """nodeID: names the numbering that localSequenceNumber belongs to. A gateway that starts
        without state begins a new one, and counts its starts in its Recovery value."""
        return f"vepc-{self.gateway.restart_counter}"

    def word(self, record: Any) -> Cdr:
        """One record. `record` is construct's, of section `record`."""
        cdr: Cdr = {
            **self._gateways(record),
            "servedIMSI": digits(record.imsi),
            "chargingID": record.charging_id or "",
            **self._serving(record),
            "accessPointNameNI": record.apn,
            "pdpPDNType": _PDN_TYPES.get(record.pdn_type, ""),
            **_addresses(record),
            "listOfTrafficVolumes": [
                {
                    "dataVolumeGPRSUplink": record.uplink_bytes,
                    "dataVolumeGPRSDownlink": record.downlink_bytes,
                    "ePCQoSInformation": _qos(record.qos),
                }
            ],
            _WALL: self._opened(record),
            "duration": (record.closed_ms - record.opened_ms) // 1000,
            "causeForRecClosing": record.cause,
            "recordSequenceNumber": record.sequence,
            "nodeID": self.node,
            "localSequenceNumber": record.serial,
            "servedMSISDN": digits(record.msisdn),
            "servedIMEI": digits(record.mei),
            "chargingCharacteristics": record.charging_characteristics,
            "servingNodePLMNIdentifier": plmn(record.serving_network),
            "rATType": record.rat_type,
            "userLocationInformation": record.uli,
            "recordExtensions": {
                "ePSBearerIdentity": record.ebi,
                "packetsUplink": record.uplink_packets,
                "packetsDownlink": record.downlink_packets,
            },
        }
        return {name: value for name, value in cdr.items() if value not in _UNKNOWN}

    def _gateways(self, record: Any) -> Cdr:
        own = _own_address(self.gateway)
        if self.gateway.mode == "sgw":
            change = {"sGWChange": True} if record.sgw_change == "yes" else {}
            pgw = {"p-GWAddressUsed": record.pgw, **change}
            return {"recordType": _SGW_RECORD, "s-GWAddress": own, **pgw}
        return {"recordType": _PGW_RECORD, "p-GWAddress": own}

    def _serving(self, record: Any) -> Cdr:
        if record.peer == NO_IP:
            return {}
        kind = _SGW if self.gateway.mode == "pgw" else _MME
        return {"servingNodeAddress": [record.peer], "servingNodeType": [kind]}

    def _opened(self, record: Any) -> str:
        age = timedelta(milliseconds=self.gateway.uptime_ms - record.opened_ms)
        opened = (self.now - age).astimezone(UTC)
        return opened.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def identity(cdr: Cdr) -> tuple[object, ...]:
    """What is the same whenever and wherever one record is worded."""
    return tuple((name, repr(value)) for name, value in sorted(cdr.items()) if name != _WALL)


def _own_address(gateway: Any) -> str:
    """The control-plane address: that of S5/S8 where there is one, else of S11."""
    ends = (gateway.s5.ipv4, gateway.s5.ipv6, gateway.s11.ipv4, gateway.s11.ipv6)
    return next((str(end) for end in ends if end != NO_IP), "")


def _addresses(record: Any) -> Cdr:
    """With two addresses, the IPv4 one is the extension (5.1.2.2.43A). Usage that came after
    its bearer was forgotten has none."""
    if record.pdn_type not in _PDN_TYPES:
        return {}
    if record.pdn_type == 1:
        return {"servedPDPPDNAddress": record.ipv4}
    prefix = {"servedPDPPDNAddress": record.prefix}
    return {**prefix, "servedPDPPDNAddressExt": record.ipv4} if record.pdn_type == 3 else prefix


def _qos(qos: Any) -> Cdr:
    """Rates in bit/s (TS 32.298 refers to TS 29.212)."""
    told = {"qCI": qos.qci, "aRP": qos.arp}
    rates = {
        "maxRequestedBandwithUL": qos.mbr_uplink,
        "maxRequestedBandwithDL": qos.mbr_downlink,
        "guaranteedBitrateUL": qos.gbr_uplink,
        "guaranteedBitrateDL": qos.gbr_downlink,
    }
    return {**told, **{name: kbps * 1000 for name, kbps in rates.items() if kbps}}
