"""GTPv2-C messages of S11, encoded and decoded by pycrate.

An independent codec on the MME's side of the wire: what our S-GW writes must make sense to
an implementation that we did not write. Section numbers are those of TS 29.274.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cache
from typing import Any

from pycrate_mobile import TS29274_GTPC as codec  # noqa: N811

from portvnf.errors import LabError

ECHO_REQUEST = 1
ECHO_RESPONSE = 2
CREATE_SESSION_REQUEST = 32
CREATE_SESSION_RESPONSE = 33
MODIFY_BEARER_RESPONSE = 35
DELETE_SESSION_RESPONSE = 37
RELEASE_ACCESS_BEARERS_RESPONSE = 171
DOWNLINK_DATA_NOTIFICATION = 176
DOWNLINK_DATA_NOTIFICATION_ACKNOWLEDGE = 177

CAUSE_ACCEPTED = 16

# IE types (8.1).
_CAUSE, _RECOVERY, _APN, _EBI, _PAA, _FTEID, _BEARER = 2, 3, 71, 73, 79, 87, 93
# F-TEID interface types (8.22).
_S1U_ENB, _S1U_SGW, _S5C_PGW, _S11_MME, _S11_SGW = 0, 1, 7, 10, 11

PDN_TYPES = {"ipv4": 1, "ipv6": 2, "ipv4v6": 3}

_MCC_MNC = "00101"
_EBI_VALUE = 5

# Indication flags (8.12): DAF in octet 1, OI too; seven octets, as far as dissectors know.
_NO_INDICATION, _DUAL_ADDRESS, _OPERATION = bytes(7), b"\x80" + bytes(6), b"\x08" + bytes(6)


@dataclass(frozen=True)
class Subscriber:
    """What the MME knows of a UE before it attaches."""

    number: int
    pdn_type: str  # a key of PDN_TYPES
    apn: str

    @property
    def imsi(self) -> str:
        return f"{_MCC_MNC}{self.number:010d}"

    @property
    def msisdn(self) -> str:
        return f"4470000{self.number:05d}"

    @property
    def imei(self) -> str:
        return f"35000000{self.number:07d}1"


@dataclass(frozen=True)
class Fteid:
    """A tunnel end point: TEID and IPv4 address."""

    teid: int
    address: str


@dataclass(frozen=True)
class Session:
    """An accepted PDN connection. address6 is the full address, prefix and interface."""

    sgw_control: Fteid
    sgw_user: Fteid
    address4: str
    address6: str


@dataclass(frozen=True)
class Reply:
    """A decoded message: header fields and its IEs by (type, instance)."""

    message: int
    teid: int
    sequence: int
    ies: dict[tuple[int, int], Any]

    @property
    def cause(self) -> int:
        """The Cause value, 0 when the message has none."""
        cause = self.ies.get((_CAUSE, 0))
        return int(cause["Val"].get_val()) if cause is not None else 0


def _encode(kind: type[Any], ies: str, teid: int | None, sequence: int, content: Any) -> bytes:
    header: dict[str, Any] = {"SeqNum": sequence}
    if teid is None:
        header["T"] = 0
    else:
        header["TEID"] = teid
    return bytes(kind(val={"GTPCHdr": header, ies: content}).to_bytes())


def _ie(kind: int, data: Any, instance: int = 0) -> dict[str, Any]:
    return {"Hdr": {"Type": kind, "Inst": instance}, "Data": data}


def _fteid(interface: int, end: Fteid) -> dict[str, Any]:
    return {
        "V4": 1,
        "IF": interface,
        "TEID_GREKey": end.teid,
        "IPv4Addr": ipaddress.IPv4Address(end.address).packed,
    }


# What is the same in every message is encoded once: pycrate takes milliseconds for it.


@cache
def _location() -> bytes:
    location = {
        "Flags": {"TAI": 1, "ECGI": 1},
        "TAI": {"PLMN": _MCC_MNC, "TAC": 1},
        "ECGI": {"PLMN": _MCC_MNC, "ECI": 0x101},
    }
    return bytes(codec.ULI(val=location).to_bytes())


@cache
def _bearer_qos() -> bytes:
    rates = ("MaxBitRateUL", "MaxBitRateDL", "GuaranteedBitRateUL", "GuaranteedBitRateDL")
    quality = {"PCI": 1, "PL": 8, "PVI": 1, "QCI": 9, **dict.fromkeys(rates, 0)}
    return bytes(codec.BearerQoS(val=quality).to_bytes())


@cache
def _asked_options() -> bytes:
    # TS 24.008, 10.5.6.3: the UE asks for DNS servers (IPv6, IPv4) and the link MTU.
    options = [{"ID": option} for option in (0x0003, 0x000D, 0x0010)]
    return bytes(codec.PCO(val={"Ext": 1, "Config": options}).to_bytes())


def echo_request(sequence: int, restarts: int) -> bytes:
    """Echo Request (7.1.1); no TEID in the header."""
    ies = [_ie(_RECOVERY, bytes([restarts]))]
    return _encode(codec.EchoReq, "EchoReqIEs", None, sequence, ies)


def echo_response(sequence: int, restarts: int) -> bytes:
    """Echo Response (7.1.2)."""
    ies = [_ie(_RECOVERY, bytes([restarts]))]
    return _encode(codec.EchoResp, "EchoRespIEs", None, sequence, ies)


def create_session_request(sequence: int, who: Subscriber, mme: Fteid, pgw: str) -> bytes:
    """Create Session Request (7.2.1) for the default bearer of an initial attach."""
    kind = PDN_TYPES[who.pdn_type]
    no_address = bytes({1: 4, 2: 17, 3: 21}[kind])
    bearer = [
        _ie(_EBI, {"Val": _EBI_VALUE}),
        _ie(80, _bearer_qos()),
    ]
    ies = [
        _ie(1, who.imsi),
        _ie(76, who.msisdn),
        _ie(75, who.imei),
        _ie(86, _location()),
        _ie(83, {"PLMN": _MCC_MNC}),
        _ie(82, {"Val": 6}),
        _ie(77, _DUAL_ADDRESS if who.pdn_type == "ipv4v6" else _NO_INDICATION),
        _ie(_FTEID, _fteid(_S11_MME, mme)),
        _ie(_FTEID, _fteid(_S5C_PGW, Fteid(0, pgw)), instance=1),
        _ie(_APN, who.apn),
        _ie(128, {"Val": 0}),
        _ie(99, {"Val": kind}),
        _ie(_PAA, {"PDNType": kind, "PDNAddress": no_address}),
        _ie(127, {"Val": 0}),
        _ie(72, {"APN-AMBR-UL": 100_000, "APN-AMBR-DL": 100_000}),
        _ie(78, _asked_options()),
        _ie(_BEARER, bearer),
        _ie(114, {"TimeZone": {"TZ1": 0, "TZ0": 0}}),
        _ie(95, b"\x08\x00"),
    ]
    return _encode(codec.CreateSessionReq, "CreateSessionReqIEs", 0, sequence, ies)


def modify_bearer_request(sequence: int, teid: int, enb: Fteid) -> bytes:
    """Modify Bearer Request (7.2.7): where the eNB wants the downlink."""
    bearer = [_ie(_EBI, {"Val": _EBI_VALUE}), _ie(_FTEID, _fteid(_S1U_ENB, enb))]
    ies = [_ie(_BEARER, bearer)]
    return _encode(codec.ModifyBearerReq, "ModifyBearerReqIEs", teid, sequence, ies)


def release_access_bearers_request(sequence: int, teid: int) -> bytes:
    """Release Access Bearers Request (7.2.21): the UE goes idle."""
    ies = [_ie(135, {"Val": 0})]  # node type: MME
    return _encode(codec.ReleaseAccessBearersReq, "ReleaseAccessBearersReqIEs", teid, sequence, ies)


def delete_session_request(sequence: int, teid: int) -> bytes:
    """Delete Session Request (7.2.9): the UE detaches."""
    ies = [
        _ie(_EBI, {"Val": _EBI_VALUE}),
        _ie(86, _location()),
        _ie(77, _OPERATION),
    ]
    return _encode(codec.DeleteSessionReq, "DeleteSessionReqIEs", teid, sequence, ies)


def downlink_data_notification_acknowledge(sequence: int, teid: int) -> bytes:
    """Downlink Data Notification Acknowledge (7.2.11.2)."""
    ies = [_ie(_CAUSE, {"Val": CAUSE_ACCEPTED})]
    return _encode(codec.DownlinkDataNotifAck, "DownlinkDataNotifAckIEs", teid, sequence, ies)


def decode(data: bytes) -> Reply:
    """Decodes any message; a LabError when pycrate finds it malformed or incomplete."""
    message, problem = codec.parse_GTPC(data)
    if message is None or problem:
        raise LabError(
            f"pycrate cannot decode the GTPv2-C message {data[:12].hex()}… (error {problem})"
        )
    header = message[0]
    return Reply(
        message=int(header["Type"].get_val()),
        teid=int(header["TEID"].get_val()) if header["T"].get_val() else 0,
        sequence=int(header["SeqNum"].get_val()),
        ies=_by_kind(message[1]),
    )


def _by_kind(group: Any) -> dict[tuple[int, int], Any]:
    return {(int(ie[0]["Type"].get_val()), int(ie[0]["Inst"].get_val())): ie[1] for ie in group}


def session(reply: Reply) -> Session:
    """What an accepted Create Session Response (7.2.2) grants; a LabError names what lacks."""
    address4, address6 = _paa(_required(reply.ies, (_PAA, 0), "PAA"))
    bearer = _by_kind(_required(reply.ies, (_BEARER, 0), "Bearer Context"))
    cause = int(_required(bearer, (_CAUSE, 0), "Cause in its Bearer Context")["Val"].get_val())
    if cause != CAUSE_ACCEPTED:
        raise LabError(f"a Create Session Response refuses the bearer with Cause {cause}")
    return Session(
        sgw_control=_read_fteid(reply.ies, (_FTEID, 0), _S11_SGW, "S11 S-GW F-TEID"),
        sgw_user=_read_fteid(bearer, (_FTEID, 0), _S1U_SGW, "S1-U S-GW F-TEID"),
        address4=address4,
        address6=address6,
    )


def _required(ies: dict[tuple[int, int], Any], key: tuple[int, int], name: str) -> Any:
    if key not in ies:
        raise LabError(f"a Create Session Response has no {name}")
    return ies[key]


def _read_fteid(
    ies: dict[tuple[int, int], Any], key: tuple[int, int], interface: int, name: str
) -> Fteid:
    element = _required(ies, key, name)
    found = int(element["IF"].get_val())
    if found != interface or not element["V4"].get_val():
        raise LabError(f"the {name} has interface type {found} or no IPv4 address")
    address = ipaddress.IPv4Address(bytes(element["IPv4Addr"].get_val()))
    return Fteid(int(element["TEID_GREKey"].get_val()), str(address))


def _paa(element: Any) -> tuple[str, str]:
    kind = int(element["PDNType"].get_val())
    octets = bytes(element["PDNAddress"].get_val())
    lengths = {1: 4, 2: 17, 3: 21}
    if lengths.get(kind) != len(octets):
        raise LabError(f"a PAA of PDN type {kind} has {len(octets)} octets")
    address6 = str(ipaddress.IPv6Address(octets[1:17])) if kind != 1 else ""
    address4 = str(ipaddress.IPv4Address(octets[-4:])) if kind != 2 else ""
    return address4, address6
