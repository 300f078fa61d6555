"""Messages and IEs of GTPv2-C that the peers of a scenario send (TS 29.274, 7 and 8).

Values with an inner structure are written by pycrate; read they all are by it (`message`).
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from functools import cache

from pycrate_mobile import TS29274_GTPC as codec  # noqa: N811

from portvnf.errors import LabError

# Types (8.1).
IMSI, CAUSE, RECOVERY, APN, AMBR, EBI, MEI, MSISDN = 1, 2, 3, 71, 72, 73, 75, 76
INDICATION, PCO, PAA, BEARER_QOS, RAT_TYPE, SERVING_NETWORK = 77, 78, 79, 80, 82, 83
BEARER_TFT, TAD, ULI, F_TEID, BEARER_CONTEXT = 84, 85, 86, 87, 93
CHARGING_ID, CHARGING_CHARACTERISTICS, PDN_TYPE, PTI, UE_TIME_ZONE = 94, 95, 99, 100, 114
APN_RESTRICTION, SELECTION_MODE, NODE_TYPE, DELAY_VALUE = 127, 128, 135, 92

# F-TEID interface types (8.22).
S1U_ENB, S1U_SGW, S5C_PGW, S11_MME, S11_SGW = 0, 1, 7, 10, 11
FORWARD_ENB_DOWNLINK, FORWARD_ENB_UPLINK, FORWARD_SGW_DOWNLINK = 19, 20, 23

PDN_TYPES = {"ipv4": 1, "ipv6": 2, "ipv4v6": 3}
PLMN = "00101"
_MOST_DIGITS = 15


@dataclass(frozen=True)
class Fteid:
    """A tunnel end point; one with both families has `other`, too."""

    teid: int
    address: str
    other: str = ""

    def reached_from(self, own: str) -> str:
        """Its address of the same family as `own`; a LabError without one."""
        for address in (self.address, self.other):
            if address and (":" in address) == (":" in own):
                return address
        raise LabError(f"{self} has no address of the family of {own}")

    def __str__(self) -> str:
        return f"{self.teid:#x} at {self.address}"


def message(kind: int, teid: int | None, sequence: int, *ies: bytes) -> bytes:
    """A whole message (5.1); without a TEID when that is None."""
    body = b"".join(ies)
    if teid is None:
        return struct.pack(">BBHI", 0x40, kind, 4 + len(body), sequence << 8) + body
    return struct.pack(">BBHII", 0x48, kind, 8 + len(body), teid, sequence << 8) + body


def ie(kind: int, value: bytes, instance: int = 0) -> bytes:
    """One IE (8.2.1)."""
    return struct.pack(">BHB", kind, len(value), instance) + value


def u8(kind: int, value: int) -> bytes:
    """An IE of one octet."""
    return ie(kind, bytes([value]))


def group(instance: int, *ies: bytes) -> bytes:
    """A Bearer Context (8.28)."""
    return ie(BEARER_CONTEXT, b"".join(ies), instance)


def cause(value: int) -> bytes:
    """Cause (8.4)."""
    return ie(CAUSE, bytes([value, 0]))


def digits(kind: int, text: str) -> bytes:
    """IMSI, MSISDN or MEI: two digits an octet, the first one low (8.3)."""
    padded = text[:_MOST_DIGITS] + "f" * (len(text) % 2)
    return ie(kind, bytes(int(padded[i + 1] + padded[i], 16) for i in range(0, len(padded), 2)))


def f_teid(interface: int, end: Fteid, instance: int = 0) -> bytes:
    """F-TEID (8.22) of one address, of either family."""
    address = ipaddress.ip_address(end.address)
    flag = 0x80 if address.version == 4 else 0x40
    head = struct.pack(">BI", flag | interface, end.teid)
    return ie(F_TEID, head + address.packed, instance)


def apn(name: str) -> bytes:
    """APN (8.6): labels, each behind its length."""
    return ie(APN, b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")))


def ambr(uplink: int, downlink: int) -> bytes:
    """APN-AMBR (8.7), kbit/s."""
    return ie(AMBR, struct.pack(">II", uplink, downlink))


def empty_paa(pdn_type: str) -> bytes:
    """PAA (8.14) that asks for an address of the network's choice."""
    kind = PDN_TYPES[pdn_type]
    return ie(PAA, bytes([kind]) + bytes({1: 4, 2: 17, 3: 21}[kind]))


@cache
def uli(tac: int, eci: int) -> bytes:
    """User Location Information (8.21): TAI and ECGI."""
    location = {
        "Flags": {"TAI": 1, "ECGI": 1},
        "TAI": {"PLMN": PLMN, "TAC": tac},
        "ECGI": {"PLMN": PLMN, "ECI": eci},
    }
    return ie(ULI, bytes(codec.ULI(val=location).to_bytes()))


@cache
def serving_network() -> bytes:
    """Serving Network (8.18)."""
    return ie(SERVING_NETWORK, bytes(codec.ServingNetwork(val={"PLMN": PLMN}).to_bytes()))


@cache
def bearer_qos(qci: int, mbr: tuple[int, int] = (0, 0), gbr: tuple[int, int] = (0, 0)) -> bytes:
    """Bearer QoS (8.15); (uplink, downlink) in kbit/s."""
    quality = {
        "PCI": 1,
        "PL": 8,
        "PVI": 1,
        "QCI": qci,
        "MaxBitRateUL": mbr[0],
        "MaxBitRateDL": mbr[1],
        "GuaranteedBitRateUL": gbr[0],
        "GuaranteedBitRateDL": gbr[1],
    }
    return ie(BEARER_QOS, bytes(codec.BearerQoS(val=quality).to_bytes()))


@cache
def asked_options() -> bytes:
    """Protocol Configuration Options (8.13): DNS servers (IPv6, IPv4) and the link MTU, please
    (TS 24.008, 10.5.6.3)."""
    options = [{"ID": option} for option in (0x0003, 0x000D, 0x0010)]
    return ie(PCO, bytes(codec.PCO(val={"Ext": 1, "Config": options}).to_bytes()))
