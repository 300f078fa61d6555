"""Identities of subscribers and places, from their octets to what people read and type."""

from __future__ import annotations

from collections.abc import Iterator

from portvnf.errors import ConfigError

_FILLER = "f"
_IMSI_DIGITS = 15
_IMSI_OCTETS = 8

# User Location Information (TS 29.274, 8.21): the parts in the order of their flags, each a
# PLMN and so many further octets, in groups as people write them.
_LOCATIONS = (
    ("CGI", (2, 2)),
    ("SAI", (2, 2)),
    ("RAI", (2, 2)),
    ("TAI", (2,)),
    ("ECGI", (4,)),
    ("LAI", (2,)),
    ("eNodeB", (3,)),
    ("extended eNodeB", (3,)),
)


def digits(tbcd: str) -> str:
    """The digits of a TBCD string (TS 29.002) that is given in hexadecimal."""
    swapped = "".join(tbcd[at + 1] + tbcd[at] for at in range(0, len(tbcd), 2))
    return swapped.split(_FILLER)[0]


def tbcd_of_imsi(imsi: str) -> str:
    """An IMSI's eight octets in hexadecimal; a ConfigError when it is none (TS 23.003, 2.2)."""
    if not (imsi.isascii() and imsi.isdigit() and 6 <= len(imsi) <= _IMSI_DIGITS):
        raise ConfigError(f"{imsi!r} is no IMSI: it has 6 to {_IMSI_DIGITS} digits")
    padded = imsi.ljust(2 * _IMSI_OCTETS, _FILLER)
    return "".join(padded[at + 1] + padded[at] for at in range(0, len(padded), 2))


def plmn(octets: str) -> str:
    """MCC and MNC as `MCC-MNC` (TS 29.274, 8.18), "" for 000000 and what is none."""
    if len(octets) != 6 or octets == "000000":
        return ""
    mcc, mnc = octets[1] + octets[0] + octets[3], octets[5] + octets[4] + octets[2]
    return f"{mcc}-{mnc.rstrip(_FILLER)}"


def location(uli: str) -> str:
    """A User Location Information in words: `TAI 001-01 1, ECGI 001-01 257`."""
    return ", ".join(_locations(bytes.fromhex(uli)))


def _locations(octets: bytes) -> Iterator[str]:
    if not octets:
        return
    at = 1
    for bit, (name, groups) in enumerate(_LOCATIONS):
        if not octets[0] >> bit & 1:
            continue
        length = 3 + sum(groups)
        part = octets[at : at + length]
        if len(part) < length:
            return  # cut short: the MME's mistake, which is kept as it came
        at += length
        numbers = []
        begin = 3
        for group in groups:
            numbers.append(str(int.from_bytes(part[begin : begin + group], "big")))
            begin += group
        yield f"{name} {plmn(part[:3].hex())} {'/'.join(numbers)}"
