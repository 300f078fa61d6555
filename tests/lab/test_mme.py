"""The MME's own duties: repeat, give up, match answers, answer the S-GW."""

import select
import socket
import struct
import time

import pytest

from portvnf.lab import addresses as at
from portvnf.lab import gtpv2c, mme
from portvnf.lab.gtpv2c import Fteid, Session, Subscriber


@pytest.fixture
def pair(monkeypatch):
    """An MME and the socket of an S-GW, on loopback."""
    monkeypatch.setattr(mme, "T3_RESPONSE_S", 0.05)
    sgw = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sgw.bind(("127.0.11.1", at.GTPC_PORT))
    sgw.settimeout(2)
    peer = mme.Mme("127.0.11.10", "127.0.11.1")
    yield peer, sgw
    sgw.close()
    peer.close()


def poll_until(peer, condition):
    deadline = time.monotonic() + 3
    while not condition() and time.monotonic() < deadline:
        select.select([peer], [], [], 0.01)
        peer.poll()
    assert condition()


def modify_response(sequence, cause):
    return struct.pack(">BBHII", 0x48, 35, 14, 1, sequence << 8) + bytes([2, 0, 2, 0, cause, 0])


def test_a_lost_request_is_repeated_unchanged(pair):
    peer, sgw = pair
    answered = []
    peer.echo(answered.append)
    first, _ = sgw.recvfrom(1000)
    poll_until(peer, lambda: peer.counts.retransmitted)
    again, where = sgw.recvfrom(1000)
    assert again == first
    sgw.sendto(gtpv2c.echo_response(1, 7), where)
    poll_until(peer, lambda: answered)
    assert peer.outstanding == 0
    assert (peer.counts.requests, peer.counts.answered) == (1, 1)


def test_n3_is_the_end(pair):
    peer, _sgw = pair
    peer.echo(lambda reply: None)
    poll_until(peer, lambda: not peer.outstanding)
    assert (peer.counts.retransmitted, peer.counts.unanswered) == (mme.N3_REQUESTS, 1)


def test_a_doubled_answer_counts_once(pair):
    peer, sgw = pair
    peer.echo(lambda reply: None)
    _, where = sgw.recvfrom(1000)
    for _ in range(2):
        sgw.sendto(gtpv2c.echo_response(1, 7), where)
    poll_until(peer, lambda: peer.counts.stray)
    assert (peer.counts.answered, peer.counts.stray) == (1, 1)


def test_a_refusal_is_counted_with_its_cause(pair):
    peer, sgw = pair
    peer.sessions[1] = Session(Fteid(9, "127.0.11.1"), Fteid(10, "127.0.12.1"), "10.45.0.1", "")
    peer.modify_bearer(1, Fteid(5, "10.12.0.20"), lambda reply: None)
    _, where = sgw.recvfrom(1000)
    sgw.sendto(modify_response(1, 64), where)
    poll_until(peer, lambda: peer.counts.answered)
    assert peer.counts.refused == 1
    assert peer.counts.causes == {"64": 1}


def test_an_answer_of_another_type_is_stray(pair):
    peer, sgw = pair
    peer.echo(lambda reply: None)
    _, where = sgw.recvfrom(1000)
    sgw.sendto(modify_response(1, 16), where)
    poll_until(peer, lambda: peer.counts.stray)
    assert peer.outstanding == 1


def test_the_sgws_own_requests_are_answered(pair):
    peer, sgw = pair
    peer.sessions[1] = Session(Fteid(9, "127.0.11.1"), Fteid(10, "127.0.12.1"), "10.45.0.1", "")
    where = ("127.0.11.10", at.GTPC_PORT)
    sgw.sendto(gtpv2c.echo_request(77, 7), where)
    notification = struct.pack(">BBHII", 0x48, 176, 8, 0x1001, 78 << 8)
    sgw.sendto(notification, where)
    poll_until(peer, lambda: peer.counts.notifications)
    echo, acknowledge = (gtpv2c.decode(sgw.recv(1000)) for _ in range(2))
    assert (echo.message, echo.sequence) == (gtpv2c.ECHO_RESPONSE, 77)
    assert acknowledge.message == gtpv2c.DOWNLINK_DATA_NOTIFICATION_ACKNOWLEDGE
    assert (acknowledge.teid, acknowledge.sequence, acknowledge.cause) == (9, 78, 16)


def test_an_accepted_session_is_kept_until_deleted(pair):
    peer, sgw = pair
    created = []
    peer.create_session(Subscriber(5, "ipv4", "internet"), created.append)
    request, where = sgw.recvfrom(2000)
    assert gtpv2c.decode(request).message == gtpv2c.CREATE_SESSION_REQUEST
    paa = struct.pack(">BHB", 79, 5, 0) + b"\x01\x0a\x2d\x00\x05"
    cause = bytes([2, 0, 2, 0, 16, 0])

    def fteid(interface, teid):
        return struct.pack(">BHBBI", 87, 9, 0, 0x80 | interface, teid) + b"\x7f\0\x0b\x01"

    inner = bytes([73, 0, 1, 0, 5]) + fteid(1, 0x22) + cause
    ies = cause + fteid(11, 0x11) + paa + struct.pack(">BHB", 93, len(inner), 0) + inner
    sgw.sendto(struct.pack(">BBHII", 0x48, 33, 8 + len(ies), 0x1005, 1 << 8) + ies, where)
    poll_until(peer, lambda: created)
    assert peer.sessions[5].address4 == "10.45.0.5"
    peer.delete_session(5, lambda reply: None)
    request, where = sgw.recvfrom(1000)
    assert gtpv2c.decode(request).teid == 0x11
    sgw.sendto(struct.pack(">BBHII", 0x48, 37, 14, 0x1005, 2 << 8) + cause, where)
    poll_until(peer, lambda: not peer.sessions)
