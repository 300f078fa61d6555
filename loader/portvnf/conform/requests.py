"""GTPv2-C requests as plain bytes (TS 29.274), and what an answer says."""

from __future__ import annotations

from collections.abc import Iterator

from portvnf.conform.chance import Chance

ECHO, CREATE, MODIFY, DELETE, RELEASE = 1, 32, 34, 36, 170

IE_IMSI, IE_RECOVERY, IE_APN, IE_AMBR, IE_EBI, IE_MEI, IE_MSISDN = 1, 3, 71, 72, 73, 75, 76
IE_PCO, IE_PAA, IE_QOS, IE_RAT, IE_NETWORK, IE_ULI, IE_F_TEID = 78, 79, 80, 82, 83, 86, 87
IE_BEARER_CONTEXT, IE_PDN_TYPE, IE_RESTRICTION, IE_SELECTION = 93, 99, 127, 128
S1U_ENODEB, S11_MME = 0, 10

_PCOS = tuple(
    bytes.fromhex(text)
    for text in (
        "80",
        "80000300000d000010000005010102",
        "80000d00000d00",
        "8080211001070010810600000000830600000000001000",
        "8080210a0108000a81060a0d001e",
        "80802104ff000004",
        "80c0230b01050b0003616263020a78c2230a02060a040102030403",
        "8080211001070010810600000000",
        "80000d0a",
    )
)
_ULI = bytes.fromhex("18 00f110 0001 00f110 00000101")
_NETWORK = bytes.fromhex("00f110")


def ie(kind: int, value: bytes, instance: int = 0) -> bytes:
    """One information element."""
    return bytes((kind, len(value) >> 8, len(value) & 255, instance)) + value


def f_teid(interface: int, teid: int, address: bytes) -> bytes:
    """An IPv4 F-TEID's value."""
    return bytes((0x80 | interface,)) + teid.to_bytes(4, "big") + address


def message(kind: int, teid: int | None, sequence: int, ies: bytes) -> bytes:
    """A whole message; without `teid` it has the short header."""
    named = b"" if teid is None else teid.to_bytes(4, "big")
    body = named + sequence.to_bytes(3, "big") + b"\0" + ies
    return bytes((0x40 if teid is None else 0x48, kind)) + len(body).to_bytes(2, "big") + body


def imsi(number: int) -> bytes:
    """UE `number`'s IMSI in TBCD."""
    digits = f"00101{number:010d}f"
    return bytes.fromhex("".join(digits[i + 1] + digits[i] for i in range(0, 16, 2)))


def apn_labels(name: str, chance: Chance) -> bytes:
    """An APN's labels; now and then with operator identifier or in capitals."""
    if chance.hit(20):
        name += ".mnc001.mcc001.gprs"
    if chance.hit(10):
        name = name.upper()
    return b"".join(bytes((len(label),)) + label.encode() for label in name.split("."))


def create(
    chance: Chance,
    *,
    sequence: int,
    teid: int,
    number: int,
    ebi: int,
    apn: str,
    pdn_type: int,
    mme: tuple[int, bytes],
    enb: tuple[int, bytes] | None,
) -> bytes:
    """Create Session Request with the IEs that MMEs send, some of them now and then."""
    bearer = ie(IE_EBI, bytes((ebi,)))
    if enb:
        bearer += ie(IE_F_TEID, f_teid(S1U_ENODEB, *enb))
    rates = b"".join(bytes(1) + chance.below(1 << 31).to_bytes(4, "big") for _ in range(4))
    bearer += ie(IE_QOS, bytes((0x24 + chance.below(9), 1 + chance.below(9))) + rates)
    parts = [
        ie(IE_IMSI, imsi(number)),
        ie(IE_NETWORK, _NETWORK),
        ie(IE_RAT, bytes((6,))),
        ie(IE_F_TEID, f_teid(S11_MME, *mme)),
        ie(IE_APN, apn_labels(apn, chance)),
        ie(IE_SELECTION, bytes((chance.below(4),))),
        ie(IE_PDN_TYPE, bytes((pdn_type,))),
        ie(IE_PAA, bytes((pdn_type,)) + bytes({1: 4, 2: 17, 3: 21}[pdn_type])),
        ie(IE_RESTRICTION, b"\0"),
        ie(IE_AMBR, chance.below(1 << 31).to_bytes(4, "big") + bytes((0, 0, 250, 0))),
        ie(IE_BEARER_CONTEXT, bearer),
    ]
    if chance.hit(70):
        parts.append(ie(IE_PCO, chance.pick(_PCOS)))
    if chance.hit(60):
        parts.append(ie(IE_ULI, _ULI))
    if chance.hit(50):
        parts.append(ie(IE_MSISDN, chance.octets(chance.between(1, 15))))
        parts.append(ie(IE_MEI, chance.octets(8)))
    if chance.hit(20):
        parts.append(ie(IE_RECOVERY, bytes((chance.below(256),))))
    if chance.hit(15):  # any order is as good
        first = chance.below(len(parts))
        parts = parts[first:] + parts[:first]
    if chance.hit(4):  # something that must be there is missing
        del parts[chance.below(len(parts))]
    return message(CREATE, teid, sequence, b"".join(parts))


def modify(
    chance: Chance,
    *,
    sequence: int,
    teid: int,
    bearers: list[tuple[int, tuple[int, bytes]]],
    mme: tuple[int, bytes] | None,
) -> bytes:
    """Modify Bearer Request: these (EBI, eNodeB F-TEID)."""
    parts = [
        ie(IE_BEARER_CONTEXT, ie(IE_EBI, bytes((ebi,))) + ie(IE_F_TEID, f_teid(S1U_ENODEB, *enb)))
        for ebi, enb in bearers
    ]
    if mme:
        parts.insert(0, ie(IE_F_TEID, f_teid(S11_MME, *mme)))
    if chance.hit(40):
        parts.append(ie(IE_ULI, _ULI[:-1] + chance.octets(1)))
    if chance.hit(20):
        parts.append(ie(IE_RAT, bytes((chance.between(1, 9),))))
    return message(MODIFY, teid, sequence, b"".join(parts))


def release(sequence: int, teid: int) -> bytes:
    """Release Access Bearers Request."""
    return message(RELEASE, teid, sequence, b"")


def delete(sequence: int, teid: int, ebi: int | None) -> bytes:
    """Delete Session Request."""
    return message(DELETE, teid, sequence, b"" if ebi is None else ie(IE_EBI, bytes((ebi,))))


def echo(sequence: int, restarts: int) -> bytes:
    """Echo Request."""
    return message(ECHO, None, sequence, ie(IE_RECOVERY, bytes((restarts,))))


def split_ies(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, instance and value of each IE of a list; ends where the list is no longer whole."""
    at = 0
    while at + 4 <= len(data):
        end = at + 4 + int.from_bytes(data[at + 1 : at + 3], "big")
        if end > len(data):
            return
        yield data[at], data[at + 3] & 15, data[at + 4 : end]
        at = end
