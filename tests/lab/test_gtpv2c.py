"""What the MME says must be right in the eyes of another implementation, and be understood."""

import json
import shutil
import struct
import subprocess

import pytest

from portvnf.errors import LabError
from portvnf.lab import gtpv2c, packet
from portvnf.lab.gtpv2c import Fteid, Subscriber

MME = Fteid(0x1007, "10.11.0.10")
REQUESTS = {
    "echo": gtpv2c.echo_request(1, 3),
    "echo-response": gtpv2c.echo_response(1, 3),
    "modify": gtpv2c.modify_bearer_request(3, 77, Fteid(5, "10.12.0.20")),
    "release": gtpv2c.release_access_bearers_request(4, 78),
    "delete": gtpv2c.delete_session_request(5, 79),
    "notified": gtpv2c.downlink_data_notification_acknowledge(9, 4),
    **{
        kind: gtpv2c.create_session_request(2, Subscriber(7, kind, "internet"), MME, "10.11.0.1")
        for kind in gtpv2c.PDN_TYPES
    },
}


def write_capture(path, messages):
    source, destination = packet.packed("10.11.0.10"), packet.packed("10.11.0.1")
    with path.open("wb") as capture:
        capture.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for message in messages:
            data = packet.udp(source, destination, (2123, 2123), message)
            capture.write(struct.pack("<IIII", 0, 0, len(data), len(data)) + data)


def dissect(path, *arguments):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed: install Debian's package tshark")
    checks = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
    return subprocess.run(
        ["tshark", *checks, "-r", str(path), *arguments],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("name", REQUESTS)
def test_tshark_finds_nothing_to_complain_about(name, tmp_path):
    capture = tmp_path / "s11.pcap"
    write_capture(capture, [REQUESTS[name]])
    assert "gtpv2" in dissect(capture, "-T", "fields", "-e", "frame.protocols")
    assert dissect(capture, "-Y", "_ws.expert || _ws.malformed") == ""


def test_a_damaged_message_is_seen_by_the_same_check(tmp_path):
    capture = tmp_path / "s11.pcap"
    broken = bytearray(REQUESTS["ipv4"])
    broken[13] = 9  # the first IE then ends far behind the message
    write_capture(capture, [bytes(broken)])
    assert dissect(capture, "-Y", "_ws.expert || _ws.malformed") != ""


def test_a_create_session_request_bears_what_a_real_mme_sends(tmp_path):
    capture = tmp_path / "s11.pcap"
    write_capture(capture, [REQUESTS["ipv4v6"]])
    layers = json.loads(dissect(capture, "-T", "json"))[0]["_source"]["layers"]["gtpv2"]
    text = json.dumps(layers)
    for part in (
        '"e212.imsi": "001010000000007"',
        '"gtpv2.f_teid_ipv4": "10.11.0.10"',
        '"gtpv2.f_teid_ipv4": "10.11.0.1"',
        '"gtpv2.apn": "internet"',
        '"gtpv2.pdn_type": "3"',
    ):
        assert part in text, part


def create_response(bearer_cause=16, interface=11, paa=b"\x01\x0a\x2d\x00\x07"):
    def ie(kind, data, instance=0):
        return struct.pack(">BHB", kind, len(data), instance) + data

    def fteid(kind, teid, address):
        return struct.pack(">BI", 0x80 | kind, teid) + packet.packed(address)

    bearer = (
        ie(73, b"\x05") + ie(87, fteid(1, 0x2222, "10.12.0.1")) + ie(2, bytes([bearer_cause, 0]))
    )
    ies = (
        ie(2, b"\x10\x00")
        + ie(87, fteid(interface, 0x1111, "10.11.0.1"))
        + ie(79, paa)
        + ie(93, bearer)
    )
    return struct.pack(">BBHII", 0x48, 33, 8 + len(ies), 0x1007, 2 << 8) + ies


def test_an_answer_is_understood():
    reply = gtpv2c.decode(create_response())
    assert (reply.message, reply.teid, reply.sequence, reply.cause) == (33, 0x1007, 2, 16)
    session = gtpv2c.session(reply)
    assert session.sgw_control == Fteid(0x1111, "10.11.0.1")
    assert session.sgw_user == Fteid(0x2222, "10.12.0.1")
    assert (session.address4, session.address6) == ("10.45.0.7", "")


def test_both_addresses_of_a_dual_stack_answer():
    address6 = packet.packed("2001:db8:45:7::1")
    paa = b"\x03\x40" + address6 + packet.packed("10.45.0.7")
    session = gtpv2c.session(gtpv2c.decode(create_response(paa=paa)))
    assert (session.address4, session.address6) == ("10.45.0.7", "2001:db8:45:7::1")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"bearer_cause": 73}, "refuses the bearer with Cause 73"),
        ({"interface": 7}, "interface type 7"),
        ({"paa": b"\x02\x40" + bytes(3)}, "PAA of PDN type 2"),
    ],
)
def test_a_wrong_answer_is_named(wrong, sentence):
    reply = gtpv2c.decode(create_response(**wrong))
    with pytest.raises(LabError, match=sentence):
        gtpv2c.session(reply)


@pytest.mark.parametrize("data", [b"", b"\x48\x21", b"\x48\xee" + bytes(10)])
def test_rubbish_is_an_error(data):
    with pytest.raises(LabError, match="pycrate cannot decode"):
        gtpv2c.decode(data)
