"""Which packets fit which filters: our reading of headers against scapy's."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_Router_Alert
from scapy.layers.inet6 import (
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    PadN,
)
from scapy.layers.ipsec import AH, ESP
from scapy.layers.sctp import SCTP
from scapy.packet import Packet, Raw

from portvnf import packet_filter

from .tft import Templates

ENDS4 = ["10.13.0.9", "10.13.1.9", "192.0.2.1"]
ENDS6 = ["2001:db8:13::9", "2001:db8:14::9", "::9"]
PORTS = [1, 80, 5000, 5005, 65535]


@pytest.fixture(scope="module")
def tft(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates(tmp_path_factory.mktemp("flow"))


@st.composite
def transports(draw: Any) -> Packet:
    source, destination = draw(st.sampled_from(PORTS)), draw(st.sampled_from(PORTS))
    return draw(
        st.sampled_from(
            [
                UDP(sport=source, dport=destination) / b"data",
                TCP(sport=source, dport=destination),
                SCTP(sport=source, dport=destination),
                ICMP(),
                ESP(spi=source, seq=1, data=b"x" * 16),
                AH(spi=source, seq=1, icv=bytes(12)),
            ]
        )
    )


@st.composite
def packets(draw: Any) -> Packet:
    """A whole packet, or a fragment of one."""
    traffic_class, payload = draw(st.sampled_from([0, 0x28, 0xB8])), draw(transports())
    offset, more = draw(st.sampled_from([(0, 0), (0, 0), (0, 1), (185, 0)]))
    if draw(st.booleans()):
        options = [IPOption_Router_Alert()] * draw(st.integers(0, 2))
        source, destination = draw(st.sampled_from(ENDS4)), draw(st.sampled_from(ENDS4))
        flags = "MF" if more else 0
        return (
            IP(src=source, dst=destination, tos=traffic_class, options=options, frag=offset)
            / payload
            if not more
            else IP(src=source, dst=destination, tos=traffic_class, options=options, flags=flags)
            / payload
        )
    source, destination = draw(st.sampled_from(ENDS6)), draw(st.sampled_from(ENDS6))
    header = IPv6(
        src=source, dst=destination, tc=traffic_class, fl=draw(st.sampled_from([0, 5, 0xFFFFF]))
    )
    kinds = [
        IPv6ExtHdrHopByHop(options=[PadN(optdata=bytes(12))]),
        IPv6ExtHdrDestOpt(),
        IPv6ExtHdrRouting(addresses=["2001:db8::7"]),
    ]
    for _ in range(draw(st.integers(0, 4))):
        header = header / draw(st.sampled_from(kinds))
    if offset or more:
        header = header / IPv6ExtHdrFragment(offset=offset, m=more)
    return header / payload


@st.composite
def words(draw: Any) -> str:
    """A filter near those packets."""
    family = draw(st.sampled_from([4, 6]))
    networks = {
        4: ["10.13.0.0/24", "10.13.0.9", "0.0.0.0/0", "10.13.0.9/255.0.255.255"],
        6: ["2001:db8:13::/48", "2001:db8::/32", "::9", "::/1"],
    }[family]
    chosen = [draw(st.sampled_from(["down", "up", "both", "old"]))]
    kind = draw(st.sampled_from(["ports", "protocol", "spi", "any"]))
    if kind == "protocol":
        chosen.append(draw(st.sampled_from(["udp", "tcp", "sctp", "icmp", "esp", "ah", "44", "0"])))
    for end in ("remote", "local"):
        parts = []
        if draw(st.booleans()):
            parts.append(draw(st.sampled_from(networks)))
        if kind == "ports" and draw(st.booleans()):
            parts.append(draw(st.sampled_from(["port 80", "port 5000-5010", "port 1-65535"])))
        chosen += [end, *parts] if parts else []
    if kind == "spi":
        chosen.append(f"spi {draw(st.sampled_from(PORTS))}")
    if draw(st.booleans()) or len(chosen) == 1:
        chosen.append(draw(st.sampled_from(["tos 0xb8/0xfc", "tos 0", "tos 0x08/0x08"])))
    if family == 6 and draw(st.booleans()):
        chosen.append(draw(st.sampled_from(["flow 5", "flow 0xfffff"])))
    return " ".join(chosen)


def fits(packet: Packet, filter_: dict[str, Any], *, uplink: bool) -> bool:
    """The definition, over scapy's layers (TS 23.060, 15.3.2)."""
    allowed = {"uplink", "bidirectional"} if uplink else set(packet_filter._DIRECTIONS.values())
    if filter_["direction"] not in (allowed if uplink else allowed - {"uplink"}):
        return False
    is6 = IPv6 in packet
    ip = packet[IPv6] if is6 else packet[IP]
    ends = {"remote": ip.dst, "local": ip.src} if uplink else {"remote": ip.src, "local": ip.dst}
    for end, address in ends.items():
        mask = int(filter_[f"{end}_mask"], 16)
        if mask:
            wanted, have = ip_address(filter_[end]), ip_address(address)
            mask &= (1 << have.max_prefixlen) - 1
            if wanted.version != have.version or (int(wanted) ^ int(have)) & mask:
                return False
    protocol, later = ip.nh if is6 else ip.proto, not is6 and ip.frag > 0
    layer = ip.payload
    while is6 and protocol in (0, 43, 44, 60) and not later:
        later = protocol == 44 and layer.offset > 0
        protocol, layer = layer.nh, layer.payload
    if filter_["protocol"] and filter_["protocol"] != [protocol]:
        return False
    judged = uplink and later  # with the first fragment of its datagram
    with_ports = not later and isinstance(layer, (UDP, TCP, SCTP))
    names = ("dport", "sport") if uplink else ("sport", "dport")
    for end, name in zip(("remote", "local"), names, strict=True):
        ports = filter_[f"{end}_ports"]
        if (
            ports
            and not judged
            and not (with_ports and ports[0] <= getattr(layer, name) <= ports[1])
        ):
            return False
    with_spi = not later and isinstance(layer, (ESP, AH))
    if filter_["spi"] and not judged and not (with_spi and filter_["spi"] == [layer.spi]):
        return False
    traffic_class = ip.tc if is6 else ip.tos
    if traffic_class & filter_["traffic_class_mask"] != filter_["traffic_class"]:
        return False
    return not filter_["flow_label"] or (is6 and filter_["flow_label"] == [ip.fl])


@settings(max_examples=600, deadline=None, derandomize=True)
@given(packet=packets(), text=words(), uplink=st.booleans())
def test_what_fits(tft: Templates, packet: Packet, text: str, uplink: bool) -> None:
    filter_ = packet_filter.parse(text, 0, 0)
    data = bytes(packet)
    parsed = (IPv6 if data[0] >> 4 == 6 else IP)(data)
    assert tft.fits(data, filter_, uplink=uplink) == fits(packet, filter_, uplink=uplink), (
        parsed.summary(),
        text,
    )


@pytest.mark.parametrize("uplink", [False, True])
def test_a_later_fragment(tft: Templates, uplink: bool) -> None:
    filter_ = packet_filter.parse("both udp remote 10.13.0.0/24 port 5000", 0, 0)
    ends = {"src": "10.45.0.1", "dst": "10.13.0.9"} if uplink else {"src": "10.13.0.9"}
    later = IP(proto=17, frag=185, **ends) / b"the rest of a datagram"
    assert tft.fits(bytes(later), filter_, uplink=uplink) == uplink


@settings(max_examples=200, deadline=None, derandomize=True)
@given(packet=packets(), data=st.data())
def test_a_packet_may_end_anywhere(tft: Templates, packet: Packet, data: Any) -> None:
    """Nothing behind the packet's end is looked at: what follows never matters."""
    header = bytes(packet)
    end = data.draw(st.integers(40 if header[0] >> 4 == 6 else 20, len(header)))
    short = bytearray(header[:end])
    if header[0] >> 4 == 6:
        short[4:6] = (end - 40).to_bytes(2, "big")
    else:
        short[2:4] = end.to_bytes(2, "big")
        if (short[0] & 15) * 4 > end:
            return
    for text in ("both remote port 1-65535", "both spi 1", "both udp", "both 44"):
        filter_ = packet_filter.parse(text, 0, 0)
        results = {
            tft.fits(bytes(short) + behind, filter_, uplink=False)
            for behind in (b"", bytes(64), b"\0\x01" * 32, b"\xff" * 64)
        }
        assert len(results) == 1, text


def test_extension_headers_without_end_are_not_followed(tft: Templates) -> None:
    filter_ = packet_filter.parse("both udp remote port 80", 0, 0)
    for count, fits_ in ((8, True), (9, False)):
        header = IPv6(src="::9", dst="2001:db8::1")
        for _ in range(count):
            header = header / IPv6ExtHdrDestOpt()
        packet = bytes(header / UDP(sport=80, dport=1) / Raw(b"x"))
        assert tft.fits(packet, filter_, uplink=False) == fits_
