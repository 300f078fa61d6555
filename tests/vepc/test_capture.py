"""Captured traffic of real peers, replayed against the gateway.

tests/data/s11-s5-s1u-attach.pcap holds what an MME (127.0.0.2), an S-GW (control 127.0.0.3,
user 127.0.0.6) and an eNodeB (127.0.0.2) of independent makers said to each other. Ours takes
the S-GW's and P-GW's place, with the same addresses and APN; what its answers gave (TEIDs, UE
addresses) replaces what the captured answers gave. What the captured P-GW (user 127.0.0.7) sent
the S-GW comes to ours on SGi; Downlink Data Notifications are compared with those of the S-GW.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import pytest
from pycrate_mobile import TS29274_GTPC as codec  # noqa: N811
from scapy.layers import inet, inet6
from scapy.utils import rdpcap

from portvnf.state.vepc import BEARER

from . import answers, gtpc, ies
from .dissector import summaries, write
from .gateway import DATA, MS, S1U, S11, SGI, START_NS, Gateway, configuration, load
from .packets import udp

MME, SGW, ENB, SGW_USER = "127.0.0.2", "127.0.0.3", "127.0.0.2", "127.0.0.6"
NOTIFICATION, ACKNOWLEDGE, G_PDU = 176, 177, 255
SHARED_ROLE = {"s5u_instance", "s1u_instance", "s11_instance", "s5c_instance"}

# Malformed packets, and expert information of severity warning or error.
TROUBLE = "_ws.malformed || _ws.expert.severity >= 0x600000"


@dataclass
class Captured:
    """One captured datagram."""

    source: str
    destination: str
    payload: bytes
    at_ns: int


@dataclass
class Replay:
    """Both sides of the exchange, and how the captured S-GW's names map to ours."""

    gateway: Gateway
    sent: list[tuple[int, int, bytes]] = field(default_factory=list)
    s11_teid: dict[int, int] = field(default_factory=lambda: {0: 0})
    s1u_teid: dict[int, int] = field(default_factory=dict)
    # The captured host on SGi has an address that ours gives to a UE: it gets another.
    ipv4: dict[str, str] = field(default_factory=lambda: {"10.45.0.1": "10.45.255.1"})
    prefix: dict[bytes, bytes] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    notifications: list[answers.Words] = field(default_factory=list)
    acknowledged: dict[int, int] = field(default_factory=dict)
    delivered: list[answers.Words] = field(default_factory=list)

    def give(self, port: int, packet: bytes) -> tuple[str, list[answers.Words]]:
        reason, out = self.gateway.one(port, packet)
        for direction in [(port, packet), *out]:
            self.sent.append((self.gateway.now_ns, *direction))
        words = [answers.describe(*sent) for sent in out]
        self.notifications += [w for w in words if w["kind"] == "downlink_data_notification"]
        self.delivered += [w for w in words if w["kind"] == "g_pdu" and not is_router(w)]
        return reason, [w for w in words if w["kind"] != "downlink_data_notification"]

    def notified(self, message: bytes) -> None:
        """The captured S-GW sent a notification: ours did the same before."""
        ours, theirs = self.notifications.pop(0), gtpc.decode(message)
        for key in ("teid", "ebi", "arp", "cause"):
            assert ours.get(key) == theirs.get(key), key
        self.acknowledged[theirs["sequence"]] = ours["sequence"]
        self.count("notification")

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def request(self, message: bytes, theirs: bytes | None) -> None:
        """One S11 request; `theirs` is what the captured S-GW answered."""
        teid = self.s11_teid[int.from_bytes(message[4:8], "big")]
        sequence = message[8:11]
        if message[1] == ACKNOWLEDGE:
            sequence = self.acknowledged[int.from_bytes(sequence, "big")].to_bytes(3, "big")
        ours = message[:4] + teid.to_bytes(4, "big") + sequence + message[11:]
        reason, out = self.give(S11, udp(MME, SGW, 2123, ours))
        self.count(f"S11 {message[1]}")
        assert reason == ""
        if message[1] == ACKNOWLEDGE:
            assert not out
            return
        assert theirs is not None
        (answer,) = [words for words in out if words["kind"] not in ("end_marker", "g_pdu")]
        expected = essentials(theirs)
        for key in ("sequence", "teid", "cause"):
            assert answer[key] == expected[key], f"{key} of {expected['kind']}"
        compare_bearers(answer, expected)
        if answer["kind"] == "create_session_response":
            self.created(answer, expected)

    def created(self, answer: answers.Words, expected: answers.Words) -> None:
        """Compares what an MME and a UE need, and learns the mapping."""
        keys = ["s11_instance", "s11_address", "s5c_instance", "pdn", "apn_restriction"]
        for key in keys:
            assert answer[key] == expected[key], key
        assert ("ipv4" in answer, "ipv6" in answer) == ("ipv4" in expected, "ipv6" in expected)
        assert set(answer.get("pco", {})) == set(expected.get("pco", {}))
        for key in ("dns4", "dns6", "mtu"):
            assert answer.get("pco", {}).get(key) == expected.get("pco", {}).get(key), key
        self.s11_teid[expected["s11"]] = answer["s11"]
        self.s1u_teid[expected["bearers"][0]["s1u"]] = answer["bearers"][0]["s1u"]
        if "ipv4" in answer:
            self.ipv4[expected["ipv4"]] = answer["ipv4"]
        if "ipv6" in answer:
            theirs, ours = (IPv6Address(words["ipv6"]).packed for words in (expected, answer))
            self.prefix[theirs[:8]] = ours[:8]

    def translate(self, user: bytes) -> bytes:
        """A user packet with our UE addresses in place of theirs, checksums renewed."""
        if user[0] >> 4 == 4:
            old = inet.IP(user)
            for name in ("src", "dst"):
                setattr(old, name, self.ipv4.get(getattr(old, name), getattr(old, name)))
            del old.chksum
            return bytes(old)
        new = user[:8] + b"".join(
            self.prefix.get(user[i : i + 8], user[i : i + 8]) + user[i + 8 : i + 16]
            for i in (8, 24)
        )
        packet = inet6.IPv6(new + user[40:])
        # One captured solicitation has a wrong checksum, and was answered: it stays as it is.
        if new != user[:40]:
            del packet.payload.cksum
        return bytes(packet)

    def uplink(self, message: bytes) -> None:
        """A GTP-U message from the eNodeB."""
        header = answers.gtp.GTPHeader(message)
        if header.gtp_type == 26:
            assert self.give(S1U, udp(ENB, SGW_USER, 2152, message)) == ("", [])
            self.count("error indication")
            teid = int.from_bytes(message[-12:][1:5], "big")
            assert self.connected(teid) is False
            return
        start = 12 if header.S or header.E or header.PN else 8
        user = self.translate(message[start:])
        teid = self.s1u_teid[header.teid].to_bytes(4, "big")
        packet = udp(ENB, SGW_USER, 2152, message[:4] + teid + message[8:start] + user)
        reason, (answer,) = self.give(S1U, packet)
        assert reason == ""
        if answer["kind"] == "g_pdu":
            assert answer["icmp6"] == "router_advertisement" and answer["mtu"] == 1400
            network = IPv6Address(self.prefix_of_teid(header.teid) + bytes(8))
            assert answer["prefix"] == f"{network}/64" and answer["autonomous"] == 1
            self.count("advertisement")
        else:
            assert answer["user"] == user
            self.count("uplink")

    def prefix_of_teid(self, teid: int) -> bytes:
        """The /64 of the session made together with this captured S1-U TEID."""
        return list(self.prefix.values())[list(self.s1u_teid).index(teid)]

    def downlink(self, message: bytes) -> None:
        """A G-PDU of the captured P-GW: its user packet, given to ours on SGi."""
        header = answers.gtp.GTPHeader(message)
        user = self.translate(message[12 if header.S or header.E or header.PN else 8 :])
        if user[0] >> 4 == 6 and user[6] == 58 and user[40] == 134:
            return  # a router advertisement is the gateway's own
        reason, _ = self.give(SGI, user)
        assert reason == ""

    def arrived(self, message: bytes) -> None:
        """A G-PDU of the captured S-GW: ours sent the same, perhaps a moment before."""
        header = answers.gtp.GTPHeader(message)
        user = self.translate(message[8:])
        if user[0] >> 4 == 6 and user[6] == 58 and user[40] == 134:
            return
        answer = self.delivered.pop(0)
        assert (answer["teid"], answer["to"], answer["user"]) == (header.teid, ENB, user)
        self.count("downlink")

    def connected(self, enb_teid: int) -> bool | None:
        """Whether the bearer with this eNodeB tunnel is connected; None without one."""
        data = self.gateway.section(6)
        while data:
            bearer = BEARER.parse(data)
            data = data[len(BEARER.build(bearer)) :]
            if (bearer.enb.teid, bearer.enb.address) == (enb_teid, ENB):
                return bool(bearer.connected == "yes")
        return None


def is_router(words: answers.Words) -> bool:
    return words.get("icmp6") == "router_advertisement"


def essentials(message: bytes) -> answers.Words:
    """A captured answer in words; IEs that ours never has are left out."""
    decoded, problem = codec.parse_GTPC(message)
    assert decoded is not None and not problem
    words: answers.Words = {
        "kind": message[1],
        "teid": decoded[0]["TEID"].get_val(),
        "sequence": decoded[0]["SeqNum"].get_val(),
        "bearers": [],
    }
    for ie in decoded[1]:
        kind = int(ie[0]["Type"].get_val())
        if kind in (2, 78, 79, 87, 127):
            ies.add(words, kind, int(ie[0]["Inst"].get_val()), ie[1])
        elif kind == 93:
            words["bearers"].append(bearer_essentials(ie[1]))
    return words


def bearer_essentials(group: Any) -> answers.Words:
    """EBI, Cause and, where it is an S-GW's as it should be, the S1-U F-TEID."""
    words: answers.Words = {}
    for ie in group:
        kind = int(ie[0]["Type"].get_val())
        octets = ie[1].to_bytes()
        if kind in (2, 73) or (kind == 87 and octets[0] & 0x3F and octets[0] & 0xC0 == 0x80):
            ies.add(words, kind, int(ie[0]["Inst"].get_val()), ie[1])
    return words


def compare_bearers(answer: answers.Words, expected: answers.Words) -> None:
    assert len(answer["bearers"]) == len(expected["bearers"])
    for ours, theirs in zip(answer["bearers"], expected["bearers"], strict=True):
        for key in theirs:
            if key in {"ebi", "cause", "s1u_address"} | SHARED_ROLE:
                assert ours[key] == theirs[key], key


def captured() -> list[Captured]:
    """The datagrams of the capture between MME or eNodeB and S-GW."""
    datagrams = []
    first = None
    for packet in rdpcap(str(DATA / "s11-s5-s1u-attach.pcap")):
        ip = packet[inet.IP]
        at_ns = int(packet.time * 1_000_000_000)
        first = at_ns if first is None else first
        payload = bytes(ip[inet.UDP].payload)
        datagrams.append(Captured(ip.src, ip.dst, payload, at_ns - first))
    return datagrams


def replay_all(replay: Replay) -> None:
    """Gives the gateway everything that was captured, in its time."""
    datagrams = captured()
    theirs = {
        (d.payload[1], d.payload[8:11]): d.payload
        for d in datagrams
        if (d.source, d.destination) == (SGW, MME)
    }
    for datagram in datagrams:
        replay.gateway.now_ns = max(replay.gateway.now_ns, START_NS + datagram.at_ns // MS * MS)
        payload = datagram.payload
        match datagram.source, datagram.destination:
            case "127.0.0.2", "127.0.0.3":
                replay.request(payload, theirs.get((payload[1] + 1, payload[8:11])))
            case "127.0.0.2", "127.0.0.6":
                replay.uplink(payload)
            case "127.0.0.3", "127.0.0.2" if payload[1] == NOTIFICATION:
                replay.notified(payload)
            case "127.0.0.7", "127.0.0.6" if payload[1] == G_PDU:
                replay.downlink(payload)
            case "127.0.0.6", "127.0.0.2":
                replay.arrived(payload)


@pytest.mark.parametrize("engine", ["jit", "native"])
def test_captured_traffic(engine: str, tmp_path: Path) -> None:
    replay = Replay(Gateway(load(engine), configuration("capture")))
    replay_all(replay)
    assert replay.counts == {
        "S11 32": 37, "S11 34": 38, "S11 36": 33, "S11 170": 27, "S11 177": 3, "notification": 3,
        "advertisement": 2, "uplink": 7, "downlink": 7, "error indication": 2,
    }  # fmt: skip
    path = tmp_path / "exchange.pcap"
    write([(at_ns, packet) for at_ns, _, packet in replay.sent], path)
    assert summaries(path, "frame").count("\n") == len(replay.sent)
    assert summaries(path, "gtpv2").count("\n") == 2 * (37 + 38 + 33 + 27 + 3)
    assert summaries(path, TROUBLE) == "Router Solicitation\n"  # theirs, with a wrong checksum


def test_tshark_would_see_trouble(tmp_path: Path) -> None:
    path = tmp_path / "trouble.pcap"
    message = bytes.fromhex("4825000e0000031600000300 020002001000")
    broken = message[:14] + b"\x09" + message[15:]
    write([(0, udp(SGW, MME, 2123, each)) for each in (message, broken)], path)
    assert summaries(path, TROUBLE).count("\n") == 1
