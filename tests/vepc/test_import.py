"""What an import makes of states that no gateway of this configuration wrote: they are refused in
a sentence, or mended, so that nothing in them lasts for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portvnf.state.vepc import SCHEMA
from portvnf.vnf import RefusalError

from .answers import describe
from .gateway import Gateway, State, configuration, load, names_of
from .packets import build

IPV6_PEER = {"teid": 0x77, "address": "2001:db8:9::1"}
Words = dict[str, Any]


def send(gateway: Gateway, **words: Any) -> list[Words]:
    """One packet to the gateway; what it sends."""
    result = gateway.run(build(words)[:2], ms=1)
    assert names_of(result.reasons) == [""]
    return [describe(packet.port, packet.data) for packet in result.out]


def wait(gateway: Gateway, ms: int, step: int = 500) -> list[Words]:
    """Time passes; what the gateway sends in it."""
    sent = []
    for _ in range(-(-ms // step)):
        sent += [describe(packet.port, packet.data) for packet in gateway.run(ms=step).out]
    return sent


def kinds(sent: list[Words]) -> list[str]:
    return [words["kind"] for words in sent]


def changed(gateway: Gateway, section: str, change: Callable[[Any], None]) -> State:
    """The gateway's state with every record of a section changed."""
    kind, data, built = (
        SCHEMA.section(section),
        gateway.section(SCHEMA.section(section).number),
        b"",
    )
    while data:
        record = kind.record.parse(data)
        data = data[len(kind.record.build(record)) :]
        change(record)
        built += kind.record.build(record)
    assert built
    return gateway.state() | {kind.number: built}


def attached(name: str = "vepc", **words: Any) -> Gateway:
    gateway = Gateway(load("native"), configuration(name))
    assert kinds(send(gateway, send="create", enb=0x900, **words)) == ["create_session_response"]
    return gateway


def test_a_path_in_use_that_came_with_nothing_due_is_probed() -> None:
    gateway = attached()
    copy = gateway.fresh()
    copy.take(changed(gateway, "path", lambda path: path.update({"echo_remaining_ms": 0})))
    assert set(kinds(wait(copy, 60_000))) == {"echo_request", "gtpu_echo_request"}


def test_a_path_that_came_with_nothing_due_and_no_user_is_forgotten() -> None:
    gateway = attached()
    send(gateway, send="delete", teid=1)
    copy = gateway.fresh()
    copy.take(changed(gateway, "path", lambda path: path.update({"echo_remaining_ms": 0})))
    wait(copy, 61_000)
    assert copy.counters()["paths_forgotten"] == 2


def paged() -> Gateway:
    """A gateway whose UE waits for the answer to a Downlink Data Notification."""
    gateway = attached()
    send(gateway, send="release", teid=1)
    sent = send(gateway, send="down", user="down_udp4", ue="10.45.0.1")
    assert kinds(sent) == ["downlink_data_notification"]
    return gateway


def test_a_ue_whose_notification_did_not_come_is_paged_again_later() -> None:
    gateway = paged()
    copy = gateway.fresh()
    copy.take(gateway.state() | {SCHEMA.section("transaction").number: b""})
    assert kinds(wait(copy, 60_000)).count("downlink_data_notification") == 0
    assert copy.counters()["discarded_unanswered"] == 1
    sent = send(copy, send="down", user="down_udp4", ue="10.45.0.1")
    assert kinds(sent) == ["downlink_data_notification"]


def test_a_notification_that_came_is_given_up_when_it_would_have_been() -> None:
    gateway = paged()
    copy = gateway.copy()
    assert copy.state() == gateway.state() == copy.copy().state()
    for one in (gateway, copy):
        assert kinds(wait(one, 9_000)) == ["downlink_data_notification"] * 2
    assert copy.state() == gateway.state()
    assert copy.counters()["discarded_unanswered"] == 1


@pytest.mark.parametrize(
    ("section", "field"),
    [
        ("ue", "mme"),
        ("bearer", "enb"),
        ("bearer", "forward_downlink"),
        ("bearer", "forward_uplink"),
    ],
)
def test_a_tunnel_that_cannot_be_reached_is_refused(section: str, field: str) -> None:
    gateway = attached()
    copy = gateway.fresh()
    with pytest.raises(RefusalError, match="of an IP version in which"):
        copy.take(changed(gateway, section, lambda one: one.update({field: IPV6_PEER})))


S5_CREATE: Words = {
    "send": "create_session_request", "port": "s5", "imsi": "001010000000001", "rat_type": 6,
    "s5c_sgw": 0x700, "apn": "internet", "pdn_type": 1, "paa": "01 00000000",
    "bearers": [{"ebi": 5, "s5u_sgw": 0x800, "s5u_sgw_instance": 2, "bearer_qos": {"qci": 9}}],
}  # fmt: skip


@pytest.mark.parametrize(("section", "field"), [("session", "peer"), ("bearer", "enb")])
def test_so_is_one_of_an_s_gw_at_a_p_gw(section: str, field: str) -> None:
    gateway = Gateway(load("native"), configuration("pgw"))
    assert kinds(send(gateway, **S5_CREATE)) == ["create_session_response"]
    copy = gateway.fresh()
    with pytest.raises(RefusalError, match="of an IP version in which"):
        copy.take(changed(gateway, section, lambda one: one.update({field: IPV6_PEER})))


@pytest.mark.parametrize("section", ["path", "transaction"])
def test_so_is_a_peer(section: str) -> None:
    gateway = paged()
    copy = gateway.fresh()
    with pytest.raises(RefusalError, match="of an IP version in which"):
        copy.take(changed(gateway, section, lambda one: one.update({"peer": "2001:db8:9::1"})))
