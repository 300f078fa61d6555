"""Traffic Flow Templates: our reader and writer against pycrate's and tshark's."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrate_mobile.TS24008_IE import TFT
from scapy.layers.inet import IP, UDP
from scapy.utils import wrpcap

from portvnf import packet_filter

from .filter_words import Filter, component, filters, templates
from .tft import (
    ACCEPTED,
    ADD,
    CREATE,
    DELETE,
    DELETE_FILTERS,
    FILTER_SEMANTIC,
    FILTER_SYNTACTIC,
    NO_OPERATION,
    REPLACE,
    TFT_SYNTACTIC,
    Templates,
)

PROPERTY = settings(max_examples=100, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def tft(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return Templates(tmp_path_factory.mktemp("tft"))


def by_pycrate(operation: int, chosen: list[Filter], parameters: bytes = b"") -> bytes:
    template = TFT(
        val={
            "Opcode": operation,
            "E": int(bool(parameters)),
            "PktFilters": [one.pycrate() for one in chosen],
        }
    )
    return bytes(template.to_bytes()) + parameters


@PROPERTY
@given(chosen=templates(), operation=st.sampled_from([CREATE, ADD, REPLACE]))
def test_what_pycrate_writes_is_read(tft: Templates, chosen: list[Filter], operation: int) -> None:
    value = by_pycrate(operation, chosen)
    assert value[1:] == b"".join(one.octets() for one in chosen)
    assert tft.read(value) == (ACCEPTED, operation, [one.record() for one in chosen])


@PROPERTY
@given(chosen=templates())
def test_pycrate_reads_what_is_written(tft: Templates, chosen: list[Filter]) -> None:
    """Every component that we write, in ascending order of what it is about."""
    records = [one.record() for one in chosen]
    value = tft.write(records)
    template = TFT()
    template.from_bytes(value)
    assert template.to_bytes() == value
    for one, got in zip(chosen, template.get_val_d()["PktFilters"], strict=True):
        assert [got["Id"], got["Dir"], got["Precedence"]] == [
            one.identifier,
            one.direction,
            one.precedence,
        ]
        parts = tuple(
            (part["Type"], list(v.values()) if isinstance(v := part["Value"], dict) else v)
            for part in got["Cont"]
        )
        again = Filter(one.identifier, one.direction, one.precedence, parts)
        assert again.record() == one.record()
    if len(value) <= 255:
        assert tft.read(value) == (ACCEPTED, CREATE, records)
    assert packet_filter.template_length(records) == len(value)


@PROPERTY
@given(one=filters())
def test_words_give_the_record_back(tft: Templates, one: Filter) -> None:
    record = one.record()
    assert tft.check(record) == ACCEPTED
    words = packet_filter.show(record)
    assert packet_filter.parse(words, 15, 255) == record


@PROPERTY
@given(chosen=templates(), data=st.data())
def test_a_cut_is_a_syntactic_error(tft: Templates, chosen: list[Filter], data: Any) -> None:
    value = by_pycrate(CREATE, chosen)
    cut = data.draw(st.integers(0, len(value) - 1))
    assert tft.read(value[:cut])[0] == TFT_SYNTACTIC
    assert tft.read(value + b"\0")[0] == TFT_SYNTACTIC


@settings(max_examples=250, deadline=None, derandomize=True)
@given(chosen=templates(), data=st.data())
def test_what_is_taken_is_sound(tft: Templates, chosen: list[Filter], data: Any) -> None:
    """Octets changed at will: refused with a cause, or filters that are written again."""
    value = bytearray(by_pycrate(CREATE, chosen))
    for _ in range(data.draw(st.integers(1, 3))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    cause, operation, records = tft.read(bytes(value))
    assert cause in (ACCEPTED, TFT_SYNTACTIC, FILTER_SEMANTIC, FILTER_SYNTACTIC)
    if cause == ACCEPTED and operation != DELETE_FILTERS:
        assert all(tft.check(record) == ACCEPTED for record in records)
        if records:
            written = tft.write(records, operation)
            # An IPv6 remote prefix is written with its mask, which is longer.
            if len(written) <= 255:
                assert tft.read(written) == (ACCEPTED, operation, records)


@PROPERTY
@given(data=st.binary(max_size=260))
def test_noise_is_survived(tft: Templates, data: bytes) -> None:
    assert tft.read(data)[0] in (ACCEPTED, TFT_SYNTACTIC, FILTER_SEMANTIC, FILTER_SYNTACTIC)


def template(*parts: bytes, operation: int = CREATE) -> bytes:
    """One filter with these components, as octets."""
    content = b"".join(parts)
    return bytes([operation << 5 | 1, 0x30, 5, len(content)]) + content


def part(kind: int, value: Any) -> bytes:
    return bytes([kind]) + component(kind, value)


UDP17, TCP6, ICMP1, ESP50 = (part(48, number) for number in (17, 6, 1, 50))
REMOTE4 = part(16, [b"\x0a\0\0\0", b"\xff\0\0\0"])
LOCAL6 = part(35, [b"\x20\x01" + bytes(14), 16])


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (b"", TFT_SYNTACTIC),
        (bytes([CREATE << 5]), TFT_SYNTACTIC),  # nothing to create
        (bytes([REPLACE << 5]), TFT_SYNTACTIC),
        (bytes([DELETE_FILTERS << 5]), TFT_SYNTACTIC),
        (bytes([DELETE << 5 | 1, 0]), TFT_SYNTACTIC),  # filters where none may be
        (bytes([NO_OPERATION << 5 | 1, 0]), TFT_SYNTACTIC),
        (bytes([7 << 5]), TFT_SYNTACTIC),  # reserved
        (bytes([DELETE << 5]), ACCEPTED),
        (bytes([NO_OPERATION << 5 | 0x10]) + b"\x01\x02ab", ACCEPTED),  # a parameters list
        (bytes([NO_OPERATION << 5 | 0x10]) + b"\x01\x03ab", TFT_SYNTACTIC),  # cut short
        (template(UDP17) + b"\x01\x00", TFT_SYNTACTIC),  # one that is not announced
        (bytes([CREATE << 5 | 2]) + template(UDP17)[1:], TFT_SYNTACTIC),  # one filter too few
        (template(UDP17) + bytes(252), TFT_SYNTACTIC),  # longer than any message carries
        (bytes([CREATE << 5 | 2]) + 2 * template(UDP17)[1:], FILTER_SYNTACTIC),  # one identifier
        (bytes([DELETE_FILTERS << 5 | 2, 3, 3]), FILTER_SYNTACTIC),
        (template(), FILTER_SYNTACTIC),  # fits everything
        (template(b"\x31\x11"), FILTER_SYNTACTIC),  # an unknown component
        (template(b"\x01"), FILTER_SYNTACTIC),  # 5G's
        (template(UDP17, TCP6), FILTER_SYNTACTIC),  # doubled
        (template(part(64, 1), part(65, [2, 3])), FILTER_SYNTACTIC),
        (template(part(32, [b"\x20" + bytes(15), b"\xff" * 16]), REMOTE4), FILTER_SYNTACTIC),
        (template(part(33, [bytes(16), 129])), FILTER_SYNTACTIC),
        (template(b"\x60\0\0\0"), FILTER_SYNTACTIC),  # the component is cut short
        (template(REMOTE4, LOCAL6), FILTER_SEMANTIC),
        (template(REMOTE4, part(128, 1)), FILTER_SEMANTIC),
        (template(part(96, 1), part(64, 1)), FILTER_SEMANTIC),
        (template(ICMP1, part(80, 1)), FILTER_SEMANTIC),
        (template(UDP17, part(96, 1)), FILTER_SEMANTIC),
        (template(part(65, [3, 2])), FILTER_SEMANTIC),
        (template(ESP50, part(96, 1)), ACCEPTED),
        (template(UDP17, part(33, [bytes(16), 0])), ACCEPTED),  # ::/0 says nothing
        (template(part(33, [bytes(16), 0])), FILTER_SYNTACTIC),
        (template(part(112, [1, 0])), FILTER_SYNTACTIC),
        (template(part(16, [bytes(4), bytes(4)])), ACCEPTED),  # all of IPv4
    ],
)
def test_causes(tft: Templates, value: bytes, cause: int) -> None:
    assert tft.read(value)[0] == cause


def test_two_filters_of_one_precedence_are_refused(tft: Templates) -> None:
    first, second = template(UDP17)[1:], bytearray(template(TCP6)[1:])
    second[0] |= 1
    assert tft.read(bytes([CREATE << 5 | 2]) + first + second)[0] == FILTER_SYNTACTIC
    second[1] += 1
    assert tft.read(bytes([CREATE << 5 | 2]) + first + second)[0] == ACCEPTED


def test_filters_are_named_to_be_deleted(tft: Templates) -> None:
    value = bytes([DELETE_FILTERS << 5 | 2, 3, 9])
    cause, operation, named = tft.read(value)
    assert (cause, operation) == (ACCEPTED, DELETE_FILTERS)
    assert [one["identifier"] for one in named] == [3, 9]
    assert tft.write(named, DELETE_FILTERS) == value


SOUND = packet_filter.parse("both udp remote 10.0.0.0/8 port 1-2 local 2.2.2.2", 1, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"remote": "10.0.0.1"},  # a bit that the mask leaves open
        {"remote_mask": "00" * 12 + "ff000000"},
        {"remote_mask": "00" * 16},
        {"remote_ports": [1]},
        {"remote_ports": [2, 1]},
        {"traffic_class": 4},
        {"local": "2001:db8::1", "local_mask": "ff" * 15 + "01"},
    ],
)
def test_records_that_no_reader_makes_are_refused(tft: Templates, change: dict[str, Any]) -> None:
    assert tft.check(SOUND) == ACCEPTED
    assert tft.check(SOUND | change) == FILTER_SYNTACTIC


def test_a_record_that_contradicts_itself_is_refused(tft: Templates) -> None:
    assert tft.check(SOUND | {"protocol": [1]}) == FILTER_SEMANTIC
    assert tft.check(SOUND | {"local": "2001:db8::", "local_mask": "ff" * 16}) in (
        FILTER_SEMANTIC,
        FILTER_SYNTACTIC,
    )


def test_tshark_reads_every_component(tft: Templates, tmp_path: Path) -> None:
    """In a Create Bearer Request, without a complaint."""
    words = [
        "both udp remote 10.13.0.0/24 port 5000-5010 local 10.45.0.1 port 6000",
        "up esp remote 2001:db8::/32 local 2001:db8:45::/64 spi 0xdeadbeef tos 0xb8/0xfc",
        "down remote port 80 local port 1-2 flow 0x12345",
    ]
    records = [packet_filter.parse(text, n, 10 + n) for n, text in enumerate(words)]
    value = tft.write(records)
    inner = bytes.fromhex("4900010000") + b"\x54" + len(value).to_bytes(2, "big") + b"\0" + value
    context = b"\x5d" + len(inner).to_bytes(2, "big") + b"\0" + inner
    body = bytes.fromhex("4900010005") + context
    message = b"\x48\x5f" + (8 + len(body)).to_bytes(2, "big") + bytes(4) + b"\0\0\1\0" + body
    packet = IP(src="1.1.1.1", dst="2.2.2.2") / UDP(sport=2123, dport=2123) / message
    capture = tmp_path / "template.pcap"
    wrpcap(str(capture), [packet])
    run = subprocess.run(
        ["tshark", "-r", str(capture), "-V"], capture_output=True, text=True, check=True
    )
    assert "Malformed" not in run.stdout and "Expert Info" not in run.stdout
    for text in (
        "Create new TFT",
        "IPv4 address: 10.13.0.0",
        "Low limit port: 5000",
        "High limit port: 5010",
        "Port: 6000",
        "IPv6 address: 2001:db8::",
        "0xdeadbeef",
        "Flow Label Type: 0x12345",
        "evaluation precedence: 0x0c (12)",
    ):
        assert text in run.stdout, f"{text!r} is not in\n{run.stdout}"
    assert tft.read(value)[2] == records
