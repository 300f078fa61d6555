"""What tshark says of a capture is read frame by frame, whatever users send."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import wrpcap

from portvnf.errors import LabError
from portvnf.lab.scenario.capture import check_file

SYSLOG, GTP_C = 514, 2123

pytestmark = pytest.mark.skipif(
    shutil.which("tshark") is None, reason="there is no tshark (Debian package tshark)"
)


def capture(path: Path, *payloads: tuple[int, bytes]) -> Path:
    ip = IP(src="10.11.0.10", dst="10.11.0.1")
    wrpcap(
        str(path),
        [Ether() / ip / UDP(sport=port, dport=port) / Raw(data) for port, data in payloads],
    )
    return path


def test_ends_of_lines_in_what_users_send(tmp_path: Path) -> None:
    text = "<13>one\r\ntwo\vthree\ffour\x1cfive\x85six\u2028seven\u2029eight\tnine"
    assert check_file(capture(tmp_path / "odd.pcap", *[(SYSLOG, text.encode())] * 3)) == 3


def test_octets_that_are_no_text(tmp_path: Path) -> None:
    assert check_file(capture(tmp_path / "odd.pcap", (SYSLOG, b"<13>\xff\xfe\xc3\x28"))) == 1


def test_a_malformed_frame_is_named(tmp_path: Path) -> None:
    echo = bytes.fromhex("40010009000000000300010005")
    malformed = bytes.fromhex("40010009000000000300ff0005")
    with pytest.raises(LabError, match=r"tshark finds frame 2 of s11\.pcap bad"):
        check_file(capture(tmp_path / "s11.pcap", (GTP_C, echo), (GTP_C, malformed)))


def test_what_is_no_capture(tmp_path: Path) -> None:
    (tmp_path / "none.pcap").write_bytes(b"no capture at all, but long enough for a header")
    with pytest.raises(LabError, match="tshark cannot read a capture"):
        check_file(tmp_path / "none.pcap")
