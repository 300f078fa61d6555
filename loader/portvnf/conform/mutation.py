"""Breaking packets: each way leaves some of the packet sound, so that it gets further in."""

from __future__ import annotations

from collections.abc import Callable

from portvnf.conform import wire
from portvnf.conform.chance import Chance, Weighted

MAX_BYTES = 2000  # broken packets stay below the smallest packet buffer

Mutation = Callable[[bytes, Chance], bytes]


def mend(packet: bytes) -> bytes:
    """The packet with its IPv4 header checksum right and, unless fragments or lengths forbid
    it, the UDP checksum of a transport packet too."""
    if len(packet) < 20 or packet[0] >> 4 != 4:
        return packet
    header = (packet[0] & 15) * 4
    if header < 20 or header > len(packet):
        return packet
    clear = packet[:10] + b"\0\0" + packet[12:header]
    packet = packet[:10] + wire.checksum(clear).to_bytes(2, "big") + packet[12:]
    datagram = packet[header : int.from_bytes(packet[2:4], "big")]
    if packet[9] != wire.UDP or len(datagram) < 8 or datagram[6:8] == b"\0\0":
        return packet
    length = int.from_bytes(datagram[4:6], "big")
    if not 8 <= length <= len(datagram):
        return packet
    mended = wire.with_udp_checksum(packet[12:16], packet[16:20], datagram[:length])
    return packet[:header] + mended + packet[header + length :]


def _flip(packet: bytes, chance: Chance) -> bytes:
    changed = bytearray(packet)
    for _ in range(chance.between(1, 4)):
        changed[chance.below(len(changed))] ^= 1 << chance.below(8)
    return bytes(changed)


def _flip_behind_headers(packet: bytes, chance: Chance) -> bytes:
    if len(packet) <= 29:
        return _flip(packet, chance)
    changed = bytearray(packet)
    for _ in range(chance.between(1, 3)):
        changed[chance.between(28, len(changed) - 1)] ^= 1 << chance.below(8)
    return mend(bytes(changed))


def _extreme(packet: bytes, chance: Chance) -> bytes:
    # A field of 1, 2 or 4 bytes becomes the smallest, the largest or a signed border.
    width = chance.pick((1, 2, 4))
    value = chance.pick((b"\0" * 4, b"\xff" * 4, b"\x80\0\0\0", b"\x7f\xff\xff\xff"))[:width]
    at = chance.below(max(1, len(packet) - width))
    changed = packet[:at] + value + packet[at + width :]
    return mend(changed) if chance.hit(75) else changed


def _truncate(packet: bytes, chance: Chance) -> bytes:
    return packet[: chance.below(len(packet))]


def _truncate_honestly(packet: bytes, chance: Chance) -> bytes:
    # IP and UDP say the new length; what is in them does not know.
    if len(packet) < 30 or packet[0] != 0x45 or packet[9] != wire.UDP:
        return _truncate(packet, chance)
    cut = packet[: chance.between(28, len(packet) - 1)]
    total = len(cut).to_bytes(2, "big")
    udp_length = (len(cut) - 20).to_bytes(2, "big")
    return mend(cut[:2] + total + cut[4:24] + udp_length + cut[26:])


def _lie(packet: bytes, chance: Chance) -> bytes:
    # A length field says a little, or much, too much or too little.
    if len(packet) < 34:
        return _flip(packet, chance)
    at = chance.pick((2, 24, 30)) if packet[0] >> 4 == 4 else 4
    old = int.from_bytes(packet[at : at + 2], "big")
    new = chance.pick((old + 1, old - 1, old + 4, old - 4, old + 1000, 0, 7, 8, 0xFFFF))
    return mend(packet[:at] + (new & 0xFFFF).to_bytes(2, "big") + packet[at + 2 :])


def _overwrite(packet: bytes, chance: Chance) -> bytes:
    at = chance.below(len(packet))
    noise = chance.octets(chance.between(1, 16))
    return mend((packet[:at] + noise + packet[at + len(noise) :])[:MAX_BYTES])


def _insert(packet: bytes, chance: Chance) -> bytes:
    at = chance.below(len(packet))
    return (packet[:at] + chance.octets(chance.between(1, 8)) + packet[at:])[:MAX_BYTES]


def _pad(packet: bytes, chance: Chance) -> bytes:
    return (packet + chance.octets(chance.between(1, 40)))[:MAX_BYTES]


def _fragment(packet: bytes, chance: Chance) -> bytes:
    if packet[0] >> 4 != 4 or len(packet) < 20:
        return _flip(packet, chance)
    flags = chance.pick((0x2000, 0x0001, 0x2001, 0x1FFF, 0x4000, 0x8000))
    return mend(packet[:6] + flags.to_bytes(2, "big") + packet[8:])


def _options(packet: bytes, chance: Chance) -> bytes:
    if packet[0] != 0x45 or len(packet) < 20:
        return _flip(packet, chance)
    options = chance.octets(4 * chance.between(1, 10))
    total = int.from_bytes(packet[2:4], "big") + len(options)
    first = bytes((0x45 + len(options) // 4, packet[1]))
    changed = first + (total & 0xFFFF).to_bytes(2, "big") + packet[4:20] + options + packet[20:]
    return mend(changed[:MAX_BYTES])


def _noise(packet: bytes, chance: Chance) -> bytes:
    return chance.octets(chance.between(0, 80))


_WAYS: Weighted[Mutation] = Weighted(
    [
        (4, _flip),
        (8, _flip_behind_headers),
        (6, _extreme),
        (4, _truncate),
        (5, _truncate_honestly),
        (6, _lie),
        (4, _overwrite),
        (2, _insert),
        (2, _pad),
        (2, _fragment),
        (3, _options),
        (1, _noise),
    ]
)


def mutate(packet: bytes, chance: Chance) -> bytes:
    """The packet, broken in one or two ways."""
    broken = _WAYS.draw(chance)(packet, chance)
    if broken and chance.hit(15):
        broken = _WAYS.draw(chance)(broken, chance)
    return broken
