"""Dedicated bearers by an operator's order: a voice call from its first packet to its last, and
what is refused. Between any two steps the state moves to another instance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portvnf import bearer_order
from portvnf.errors import ConfigError, StateError
from portvnf.state.vepc import BEARER, FILTER, SCHEMA
from portvnf.vnf import RefusalError

from .answers import describe
from .gateway import Gateway, configuration, load, names_of
from .packets import build

IMSI, APN = "001010000000001", "ims"
VOICE: dict[str, Any] = {
    "imsi": IMSI,
    "apn": APN,
    "rule": "call-7",
    "qci": 1,
    "priority": 2,
    "gbr_uplink": 41,
    "gbr_downlink": 41,
    "filters": [
        "both udp remote 10.13.0.30 port 49152-49153 local port 50000-50001",
        "up udp remote 10.13.0.30 port 49160",
    ],
}
WHO = {name: VOICE[name] for name in ("imsi", "apn", "rule")}
Words = dict[str, Any]


class Call:
    """One gateway after another, each of which imported the last one's state."""

    def __init__(self, *, moves: bool) -> None:
        self.gateway = Gateway(load("native"), configuration("rules"))
        self.moves = moves

    def _move(self) -> None:
        if self.moves:
            self.gateway = self.gateway.copy()

    def send(self, **words: Any) -> list[Words]:
        """One packet to the gateway; what it sends."""
        self._move()
        result = self.gateway.run(build(words)[:2], ms=1)
        assert names_of(result.reasons) in ([""], ["filters"]), names_of(result.reasons)
        return [describe(packet.port, packet.data) for packet in result.out]

    def order(self, action: str, **values: Any) -> list[Words]:
        """One order, and what the gateway sends in the next burst."""
        self._move()
        record = bearer_order.order(action, values)
        try:
            self.gateway.vnf.import_(
                self.gateway.arena,
                bearer_order.SECTION,
                bearer_order.encode(record),
                self.gateway.now_ns,
            )
        except RefusalError as error:
            raise bearer_order.refusal(record, error) from None
        self._move()
        return [describe(p.port, p.data) for p in self.gateway.run(ms=1).out]

    def records(self, section: str) -> Iterator[Any]:
        data = self.gateway.section(SCHEMA.section(section).number)
        kind = {"bearer": BEARER, "filter": FILTER}[section]
        while data:
            record = kind.parse(data)
            yield record
            data = data[len(kind.build(record)) :]

    def attach(self) -> None:
        """An IMS PDN connection of QCI 5 whose rules the MME refuses."""
        qos = {"bearer_qos": "04" + "05" + "00" * 20}
        self.send(send="create", pdn="ipv4", apn=APN, put_bearer=qos)
        asked = self.send(send="modify", teid=1, enb=0x900)[-1]
        for _ in range(2):
            out = self.answer(asked, "create_bearer_response", cause=88, bearers=[])
            asked = out[-1] if out else {}

    def answer(self, asked: Words, kind: str, **words: Any) -> list[Words]:
        return self.send(send=kind, teid=1, sequence=asked["sequence"], **words)

    def accept(self, asked: Words, ebi: int = 6, enb: int = 0x910) -> list[Words]:
        ours = asked["bearers"][0]["s1u"]
        context = {"ebi": ebi, "cause": 16, "s1u_enb": enb, "s1u": ours, "s1u_instance": 1}
        context["s1u_address"] = "10.12.0.1"
        return self.answer(asked, "create_bearer_response", cause=16, bearers=[context])

    def down(self, sport: int, dport: int) -> int:
        """The tunnel that a downlink packet takes."""
        words = {"ue": "10.47.0.1", "sport": sport, "dport": dport}
        (out,) = self.send(send="down", user="down_udp4", **words)
        return int(out["teid"])

    def up(self, teid: int, sport: int, dport: int) -> list[str]:
        words = {"ue": "10.47.0.1", "sport": sport, "dport": dport}
        return [out["kind"] for out in self.send(send="g_pdu", teid=teid, user="up_udp4", **words)]


@pytest.fixture(params=[False, True], ids=["stays", "moves"])
def call(request: pytest.FixtureRequest) -> Call:
    call = Call(moves=request.param)
    call.attach()
    return call


def test_a_voice_call(call: Call) -> None:
    (asked,) = call.order("add", **VOICE)
    assert (asked["kind"], asked["teid"], asked["ebi"]) == ("create_bearer_request", 0x101, 5)
    (context,) = asked["bearers"]
    assert context["bearer_qos"]["qci"] == 1 and context["bearer_qos"]["gbr"] == [41, 41]
    assert [one["precedence"] for one in context["tft"]["filters"]] == [128, 129]
    assert call.down(49152, 50000) == 0x900  # not before the MME says so
    call.accept(asked)
    teid = context["s1u"]

    assert call.down(49152, 50000) == call.down(49153, 50001) == 0x910
    assert call.down(49160, 50000) == call.down(5060, 5060) == 0x900
    assert call.up(teid, 50000, 49152) == call.up(teid, 9, 49160) == ["sgi"]
    assert call.up(teid, 5060, 5060) == []  # it is not what the bearer is for
    assert call.up(1, 5060, 5060) == ["sgi"]
    bearer = list(call.records("bearer"))[-1]
    assert (bearer.ebi, bearer.rule, bearer.qos.qci) == (6, "call-7", 1)

    (asked,) = call.order("change", **VOICE | {"gbr_uplink": 64, "filters": ["both tos 0xb8/0xfc"]})
    assert asked["kind"] == "update_bearer_request" and asked["bearers"][0]["ebi"] == 6
    call.answer(asked, "update_bearer_response", cause=16, bearers=[{"ebi": 6, "cause": 16}])
    assert call.down(1, 2) == 0x910  # user packets of the tests are marked so
    assert [one.match.traffic_class for one in call.records("filter")] == [0xB8]
    assert list(call.records("bearer"))[-1].qos.gbr_uplink == 64

    (asked,) = call.order("remove", **WHO)
    assert (asked["kind"], asked["ebi-1"]) == ("delete_bearer_request", 6)
    call.answer(asked, "delete_bearer_response", cause=16, bearers=[{"ebi": 6, "cause": 16}])
    assert call.down(49152, 50000) == 0x900
    assert not list(call.records("filter"))
    assert [bearer.ebi for bearer in call.records("bearer")] == [5]


def test_the_whole_pdn_connection_by_its_ebi(call: Call) -> None:
    (asked,) = call.order("remove", imsi=IMSI, apn=APN, ebi=5)
    assert asked["ebi"] == 5 and "ebi-1" not in asked
    call.answer(asked, "delete_bearer_response", cause=16, ebi=5)
    assert not list(call.records("bearer"))


def _busy(call: Call) -> None:
    call.accept(call.order("add", **VOICE)[0])
    call.order("change", **VOICE)


def _full(call: Call) -> None:
    for n in range(4):
        call.order("add", **VOICE | {"rule": f"r{n}"})


def _there(call: Call) -> None:
    call.order("add", **VOICE)


def _nothing(call: Call) -> None:
    pass


@pytest.mark.parametrize(
    ("before", "action", "values", "sentence"),
    [
        (_nothing, "add", {"imsi": "001019999999999"}, "no UE has the IMSI 001019999999999"),
        (_nothing, "add", {"apn": "internet"}, "the UE has no PDN connection to 'internet'"),
        (_nothing, "add", {"apn": "web"}, "the UE has no PDN connection to 'web'"),
        (_nothing, "change", {}, "the PDN connection has no bearer of rule 'call-7'"),
        (_there, "add", {}, "the PDN connection has a bearer of rule 'call-7' already"),
        (_there, "change", {}, "the MME has not yet answered an earlier request"),
        (_busy, "change", {}, "the MME has not yet answered an earlier request"),
        (_full, "add", {}, "there is no room for one more bearer, filter or request"),
    ],
)
def test_what_a_gateway_refuses(
    call: Call, before: Callable[[Call], None], action: str, values: Words, sentence: str
) -> None:
    before(call)
    state = call.gateway.state()
    with pytest.raises(StateError, match="bearer order: ") as raised:
        call.order(action, **VOICE | values)
    assert sentence in str(raised.value)
    assert call.gateway.state() == state  # nothing has changed


@pytest.mark.parametrize(
    ("action", "values", "sentence"),
    [
        ("grow", VOICE, "a bearer can be add, change, remove, not 'grow'"),
        ("add", VOICE | {"imsi": "12a"}, "'12a' is no IMSI: it has 6 to 15 digits"),
        ("add", VOICE | {"ebi": 6}, "bearer add: unknown key 'ebi'"),
        ("add", VOICE | {"filters": []}, "1 to 15 filters are needed, not 0"),
        ("add", VOICE | {"filters": ["both quic"]}, "filter 'both quic': 'quic' is not known"),
        ("remove", WHO | {"ebi": 6}, "bearer remove needs either a rule or an ebi"),
        ("remove", {"imsi": IMSI, "apn": APN}, "bearer remove needs either a rule or an ebi"),
        ("remove", WHO | {"qci": 1}, "bearer remove: unknown key 'qci'"),
        ("change", WHO | {"ebi": 4, "qci": 1}, "ebi must be 5 to 15, not 4"),
    ],
)
def test_what_is_no_order(action: str, values: Words, sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        bearer_order.order(action, values)
    assert sentence in raised.value.message
