"""The lab's packets: written as the standards say, read back as written."""

import pytest

from portvnf.lab import packet

A4, B4 = packet.packed("10.45.0.7"), packet.packed("198.51.100.30")
A6, B6 = packet.packed("2001:db8:45:8::1"), packet.packed("2001:db8:100::30")


@pytest.mark.parametrize(("source", "destination"), [(A4, B4), (A6, B6)], ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("payload", [b"", b"x", b"odd", bytes(1400)])
def test_udp_round_trip(source, destination, payload):
    found = packet.parse_udp(packet.udp(source, destination, (1, 65535), payload))
    assert found is not None
    assert (found.source, found.destination, found.ports) == (source, destination, (1, 65535))
    assert (found.payload, found.intact) == (payload, True)


def test_ipv4_header_checksum_verifies():
    assert packet.checksum(packet.word_sum(packet.udp(A4, B4, (1, 2), b"hi")[:20])) == 0


@pytest.mark.parametrize("length", range(36))
def test_every_truncation_is_refused(length):
    assert packet.parse_udp(packet.udp(A4, B4, (1, 2), b"12345678")[:length]) is None


def test_gtpu_plain():
    found = packet.parse_gtpu(packet.gtpu(255, 0xDEADBEEF, b"inner"))
    assert found == packet.GtpuMessage(255, 0xDEADBEEF, 0, b"inner")


def test_gtpu_with_sequence_and_extension_headers():
    body = b"\x12\x34\x00\xc0" + b"\x01\x00\x64\x85" + b"\x01\x10\x09\x00" + b"inner"
    data = b"\x36\xff" + len(body).to_bytes(2, "big") + b"\0\0\0\7" + body
    assert packet.parse_gtpu(data) == packet.GtpuMessage(255, 7, 0x1234, b"inner")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30\xff\x00\x05\0\0\0\1inn",  # longer than what is there
        b"\x48\xff\x00\x00\0\0\0\1",  # version 2
        b"\x34\xff\x00\x02\0\0\0\1\0\0",  # optional fields cut off
        b"\x34\xff\x00\x08\0\0\0\1\0\0\0\x85\x00\0\0\0",  # extension of length 0
        b"\x34\xff\x00\x08\0\0\0\1\0\0\0\x85\x02\0\0\0",  # extension beyond the end
    ],
)
def test_broken_gtpu_is_refused(data):
    assert packet.parse_gtpu(data) is None


def test_echo_response():
    found = packet.parse_gtpu(packet.gtpu_echo_response(9))
    assert found == packet.GtpuMessage(2, 0, 9, b"\x0e\x00")


def test_router_solicitation():
    data = packet.router_solicitation(bytes(7) + b"\1")
    assert data[7] == 255
    assert (
        packet.checksum(
            packet.pseudo_sum(data[8:24], data[24:40], 58, 8) + packet.word_sum(data[40:])
        )
        == 0
    )


def test_advertised_prefix():
    option = bytes([3, 4, 64, 0x40]) + bytes(12) + A6[:8] + bytes(8)
    mtu = bytes([5, 1, 0, 0, 0, 0, 5, 0x78])
    body = bytes([134]) + bytes(15) + mtu + option
    data = packet.ip_header(packet.packed("fe80::1"), packet.packed("fe80::2"), 58, 56) + body
    assert packet.advertised_prefix(data) == A6[:8]
    assert packet.advertised_prefix(data[:-1]) is None
    assert packet.advertised_prefix(packet.router_solicitation(bytes(8))) is None
