"""The captured S5 between an S-GW (127.0.0.3) and a P-GW (127.0.0.4) of independent makers.

Our P-GW gets what that S-GW asked. Our S-GW gets what the MME (127.0.0.2) and the P-GW said: what
it passes on must be what the captured S-GW passed on, IE by IE; only tunnels and addresses
are its own.
"""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers import inet
from scapy.utils import rdpcap

from . import answers
from .gateway import DATA, S11, Gateway, configuration, load
from .packets import split_ies, udp
from .test_capture import MME, Captured, compare_bearers, essentials

SGW, PGW, OUR_S5 = "127.0.0.3", "127.0.0.4", "127.0.0.5"
S5 = 3
CREATE, DELETE = 32, 36
_RECOVERY, _F_TEID, _BEARER, _CHARGING_ID = 3, 87, 93, 94


def said(*ends: tuple[str, str]) -> list[Captured]:
    """The GTP-C messages between these ends, in order."""
    datagrams = []
    for packet in rdpcap(str(DATA / "s11-s5-s1u-attach.pcap")):
        ip = packet[inet.IP]
        if (ip.src, ip.dst) in ends and ip[inet.UDP].dport == 2123:
            datagrams.append(Captured(ip.src, ip.dst, bytes(ip[inet.UDP].payload), 0))
    return datagrams


def teid(message: bytes) -> int:
    return int.from_bytes(message[4:8], "big")


def addressed(message: bytes, to: int, sequence: bytes) -> bytes:
    """A message with another TEID and sequence number in its header."""
    return message[:4] + to.to_bytes(4, "big") + sequence + message[11:]


def contents(listed: bytes) -> list[Any]:
    """The IEs, in no order; of an F-TEID only what kind it is; neither a Recovery nor the Charging
    ID, which their S-GW passes on to the MME and ours does not (TS 29.274, table 7.2.2-2)."""
    found: list[Any] = []
    for kind, instance, value in split_ies(listed):
        if kind == _BEARER:
            found.append((kind, instance, contents(value)))
        elif kind == _F_TEID:
            found.append((kind, instance, [value[0] & 0x3F]))
        elif kind not in (_RECOVERY, _CHARGING_ID):
            found.append((kind, instance, [value]))
    return sorted(found, key=repr)


@pytest.mark.parametrize("engine", ["jit", "native"])
def test_our_pgw_answers_their_sgw(engine: str) -> None:
    gateway = Gateway(load(engine), configuration("capture-pgw"))
    theirs = {m.payload[8:11]: m.payload for m in said((PGW, SGW))}
    ours_by_theirs = {0: 0}
    done = {CREATE: 0, DELETE: 0}
    for request in said((SGW, PGW)):
        message = request.payload
        to = ours_by_theirs[teid(message)]
        given = addressed(message, to, message[8:11])
        reason, out = gateway.one(S5, udp(SGW, PGW, 2123, given))
        assert reason == ""
        (answer,) = [answers.describe(*packet) for packet in out]
        expected = essentials(theirs[message[8:11]])
        for key in ("sequence", "teid", "cause"):
            assert answer[key] == expected[key], key
        done[message[1]] += 1
        if message[1] == CREATE:
            for key in ("s5c_instance", "s5c_address", "pdn", "apn_restriction"):
                assert answer[key] == expected[key], key
            compare_bearers(answer, expected)
            ours_by_theirs[expected["s5c"]] = answer["s5c"]
    assert done == {CREATE: 37, DELETE: 33}
    assert gateway.counters()["sessions"] == 4


def test_our_sgw_passes_on_what_theirs_did() -> None:
    gateway = Gateway(load("native"), configuration("capture-sgw"))
    s11, s5 = said((MME, SGW), (SGW, MME)), said((SGW, PGW), (PGW, SGW))
    asked = [m.payload for m in s11 if m.payload[1] in (CREATE, DELETE)]
    passed = [m.payload for m in s5 if m.payload[1] in (CREATE, DELETE)]
    answered = {m.payload[8:11]: m.payload for m in s5 if m.source == PGW}
    given_back = {
        m.payload[8:11]: m.payload for m in s11 if m.payload[1] in (CREATE + 1, DELETE + 1)
    }
    ours_by_theirs = {0: 0}
    assert len(asked) == len(passed) == 70
    for request, passed_on in zip(asked, passed, strict=True):
        to = ours_by_theirs[teid(request)]
        given = addressed(request, to, request[8:11])
        reason, ((port, packet),) = gateway.one(S11, udp(MME, SGW, 2123, given))
        assert (reason, port) == ("", S5)
        ours = packet[28:]
        assert ours[1] == passed_on[1]
        assert teid(ours) == teid(passed_on), "the P-GW's, or 0"
        assert contents(ours[12:]) == contents(passed_on[12:])
        answer = addressed(answered[passed_on[8:11]], 1, ours[8:11])
        reason, ((port, packet),) = gateway.one(S5, udp(PGW, OUR_S5, 2123, answer))
        assert (reason, port) == ("", S11)
        back, theirs = packet[28:], given_back[request[8:11]]
        assert (back[1], teid(back), back[8:11]) == (theirs[1], teid(theirs), request[8:11])
        assert contents(back[12:]) == contents(theirs[12:])
        if request[1] == CREATE:
            words, expected = (answers.describe(port, packet), essentials(theirs))
            ours_by_theirs[expected["s11"]] = words["s11"]
    assert gateway.counters()["sessions"] == 4
