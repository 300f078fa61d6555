"""Charging records: what they say, when they are written, and that no byte is lost or doubled."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portvnf.errors import StateError
from portvnf.state.vepc import SCHEMA

from . import packets
from .charged import MANAGEMENT, NORMAL, TIME_LIMIT, written
from .gateway import S11, Gateway
from .moving import moved_without_usage, other_engine, tell_usage
from .policed import DOWN, UP, Line, Subscriber, attach, gateway, put_records, records
from .population import datagram

TAKEN = SCHEMA.section("records_taken")


def delete(target: Gateway, s11_teid: int, sequence: int = 0x300) -> None:
    message = packets.delete(s11_teid, sequence=sequence)
    (answer,) = target.one(S11, datagram(packets.MME, packets.GATEWAY_S11, 2123, message))[1]
    assert answer[1][28 + 16] == 16


def take(target: Gateway, below: int) -> None:
    """The command by which records below a serial number are said to be safe."""
    data = TAKEN.record.build({"below": below})
    target.vnf.import_(target.arena, TAKEN.number, data, target.now_ns)


def test_what_a_record_says() -> None:
    target = gateway(record_s=60)
    target.run(ms=500)
    ue = attach(target, 3)
    line = Line(target)
    line.send(UP, [ue.packet(UP, 100)] * 3, 250_000_000)
    line.send(DOWN, [ue.packet(DOWN, 1000)] * 2)
    target.run(ms=250)
    delete(target, 1)
    (record,) = written(target)
    expected = {
        "serial": 0, "cause": NORMAL, "charging_id": 1, "sequence": 1,
        "imsi": bytes.fromhex(packets.imsi(3)).hex(), "apn": "internet",
        "ipv4": "10.45.0.1", "peer": packets.MME, "ebi": 5, "rat_type": 6,
        "opened_ms": 500, "closed_ms": 1000, "uplink_packets": 3, "uplink_bytes": 300,
        "downlink_packets": 2, "downlink_bytes": 2000,
    }  # fmt: skip
    assert {name: record[name] for name in expected} == expected
    assert record["qos"]["qci"] == 9  # type: ignore[index]
    assert target.state()[SCHEMA.section("usage").number] == b""


def test_intervals() -> None:
    """A record closes every interval where there was traffic; the first interval is shorter,
    by the session, and what no record says shows as usage."""
    target = gateway(record_s=10)
    ue = attach(target)
    line = Line(target)
    begin = target.now_ns
    for _ in range(40):
        line.send(UP, [ue.packet(UP, 100)], 1_000_000_000)
    closed = written(target)
    assert [record["cause"] for record in closed] == [TIME_LIMIT] * len(closed)
    assert [record["sequence"] for record in closed] == list(range(1, len(closed) + 1))
    ends = [record["closed_ms"] for record in closed]
    assert ends[0] - begin // 10**6 < 10_000 and len(closed) == 4
    assert all(9_000 <= later - end <= 11_000 for end, later in pairwise(ends))
    opened = [record["opened_ms"] for record in closed]
    assert opened[1:] == ends[:-1]
    (usage,) = records(target.state(), "usage")
    (bearer,) = records(target.state(), "bearer")
    said = sum(record["uplink_bytes"] for record in closed)
    assert (said, said + usage["uplink_bytes"]) == (bearer["recorded_uplink_bytes"], 4000)
    for _ in range(30):
        target.run(ms=1000)
    assert len(written(target)) == 5, "idle intervals leave no record but for what came before"


def test_sessions_made_together_do_not_close_together() -> None:
    target = gateway(record_s=100)
    ues = [attach(target, number) for number in range(1, 17)]
    line = Line(target)
    for ue in ues:
        line.send(UP, [ue.packet(UP, 100)])
    ended = Counter[int]()
    for second in range(100):
        before = target.counters()["records_written"]
        target.run(ms=1000)
        ended[second] = target.counters()["records_written"] - before
    assert sum(ended.values()) == 16 and max(ended.values()) <= 3
    assert min(second for second, count in ended.items() if count) >= 49


def test_a_full_ring_loses_nothing_of_bearers_that_go_on() -> None:
    target = gateway(records=8, record_s=1)
    ues = [attach(target, number) for number in range(1, 11)]
    line = Line(target)
    for ue in ues:
        line.send(UP, [ue.packet(UP, 100)])
    for _ in range(3):
        target.run(ms=1000)
    assert len(written(target)) == 6, "a quarter is for bearers that end"
    assert sum(usage["uplink_bytes"] for usage in records(target.state(), "usage")) == 400
    for number in (1, 2):
        delete(target, number, number + 0x400)
    assert [record["cause"] for record in written(target)][6:] == [NORMAL] * 2
    assert target.counters()["records_lost"] == 0
    line.send(DOWN, [ues[2].packet(DOWN, 1000)])
    delete(target, 3, 0x500)
    counters = target.counters()
    assert (counters["records_lost"], counters["records"]) == (1, 8)
    lost = (counters["records_lost_uplink_bytes"], counters["records_lost_downlink_bytes"])
    assert lost[1] == 1000 and lost[0] in (0, 100)
    # Room again: what waited is said, in records without a gap.
    take(target, 8)
    assert written(target) == []
    wait = [usage for usage in records(target.state(), "usage") if usage["uplink_bytes"]]
    for _ in range(2):
        target.run(ms=1000)
    assert [record["serial"] for record in written(target)] == list(range(8, 8 + len(wait)))
    assert len(wait) >= 2
    assert sum(usage["uplink_bytes"] for usage in records(target.state(), "usage")) == 0


def test_taking() -> None:
    target = gateway()
    for number in range(1, 5):
        attach(target, number)
        delete(target, number, number + 0x400)
    take(target, 2)
    assert [record["serial"] for record in written(target)] == [2, 3]
    take(target, 1)
    assert [record["serial"] for record in written(target)] == [2, 3]
    with pytest.raises(StateError):
        take(target, 5)
    copy = target.copy()
    take(copy, 4)
    assert written(copy) == [] and len(written(target)) == 2
    attach(copy, 9)
    delete(copy, 5, 0x500)
    assert [record["serial"] for record in written(copy)] == [4]


@pytest.mark.parametrize("change", [{"pgw": "10.14.0.50"}, {"sgw_change": "yes"}])
def test_what_only_an_sgw_writes_is_refused_elsewhere(change: dict[str, str]) -> None:
    target = gateway()
    attach(target, 1)
    delete(target, 1)
    state = put_records(target.state(), "record", [written(target)[0] | change])
    copy = other_engine(target)
    with pytest.raises(StateError, match=r"section 12, byte 0.*no encoder writes"):
        copy.take(state)


def test_no_command_while_an_import_goes_on() -> None:
    target = gateway()
    copy = target.fresh()
    number = SCHEMA.section("gateway").number
    copy.vnf.import_(copy.arena, number, target.section(number), copy.now_ns)
    with pytest.raises(StateError):
        take(copy, 0)


def test_late_usage_says_whose_it_is() -> None:
    """A bearer that ended after the move, before the other instance told its usage."""
    source = gateway()
    ue = attach(source, 4)
    Line(source).send(UP, [ue.packet(UP, 100)] * 5)
    copy = moved_without_usage(source)
    Line(copy).send(UP, [ue.packet(UP, 100)] * 2)
    delete(copy, 1)
    tell_usage(source, copy)
    last, late = written(copy)
    assert (last["cause"], late["cause"]) == (NORMAL, MANAGEMENT)
    assert (last["uplink_bytes"], late["uplink_bytes"], late["uplink_packets"]) == (200, 500, 5)
    assert (last["sequence"], late["sequence"], late["serial"]) == (1, 2, 1)
    for name in ("charging_id", "imsi", "apn", "ipv4", "ebi", "peer", "qos"):
        assert last[name] == late[name]


def test_late_usage_of_a_bearer_that_is_forgotten() -> None:
    """Another bearer has its slot: the Charging ID tells whose it was."""
    source = gateway(bearers=1)
    ue = attach(source, 4)
    Line(source).send(DOWN, [ue.packet(DOWN, 100)] * 5)
    copy = moved_without_usage(source)
    delete(copy, 1)
    attach(copy, 5)
    tell_usage(source, copy)
    late = written(copy)[-1]
    assert (late["charging_id"], late["downlink_bytes"], late["imsi"]) == (1, 500, "ff" * 8)
    assert [usage["downlink_bytes"] for usage in records(copy.state(), "usage")] == [0]


@dataclass
class Books:
    """What was sent and what records say, by UE and direction, over all moves."""

    target: Gateway
    predecessor: Gateway | None = None
    attached: dict[int, tuple[int, Subscriber]] = field(default_factory=dict)
    sent: Counter[tuple[int, str]] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    serials: list[int] = field(default_factory=list)
    sequence: int = 0

    def do(self, kind: str, number: int, size: int) -> None:
        self.target.run(ms=200)
        if kind == "move":
            self.settle()
            self.predecessor, self.target = self.target, moved_without_usage(self.target)
        elif kind == "settle":
            self.settle()
        elif kind == "take":
            self.take()
        elif kind == "attach":
            self.sequence += 1
            subscriber = attach(self.target, number, sequence=0x8000 + self.sequence)
            self.attached[number] = (subscriber.teid, subscriber)
        elif number not in self.attached:
            return
        elif kind == "delete":
            self.sequence += 1
            bearers = records(self.target.state(), "bearer")
            sessions = {
                s["s5c_teid"]: s["s11_teid"] for s in records(self.target.state(), "session")
            }
            teid, _ = self.attached.pop(number)
            (ue,) = {sessions[b["s5c_teid"]] for b in bearers if b["s1u_teid"] == teid}
            delete(self.target, ue, 0x8000 + self.sequence)
        else:
            packet = self.attached[number][1].packet(kind, size)
            passed = Line(self.target).send(kind, [packet] * 3)
            self.sent[kind] += size * sum(passed)

    def settle(self) -> None:
        """The usage that the instance before still has arrives."""
        if self.predecessor:
            tell_usage(self.predecessor, self.target)
            self.predecessor = None

    def take(self) -> None:
        for record in written(self.target):
            self.serials.append(record["serial"])
            self.said[UP] += record["uplink_bytes"]
            self.said[DOWN] += record["downlink_bytes"]
        take(self.target, self.serials[-1] + 1 if self.serials else 0)

    def check(self) -> None:
        self.settle()
        self.take()
        usage = records(self.target.state(), "usage")
        for way in (UP, DOWN):
            still = sum(record[f"{way}_bytes"] for record in usage)
            assert self.said[way] + still == self.sent[way]
        assert self.serials == list(range(len(self.serials)))


KINDS = ["attach", "attach", UP, UP, DOWN, DOWN, "delete", "move", "settle", "take"]
days = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(1, 4), st.integers(40, 1500)), max_size=60
)


@settings(max_examples=60, deadline=None)
@given(days, st.sampled_from([0, 1]))
def test_no_byte_is_lost_or_doubled(day: list[tuple[str, int, int]], record_s: int) -> None:
    """Records and open usage say what was sent, with moves, ends and late usage in any order."""
    books = Books(gateway(record_s=record_s, records=256))
    for kind, number, size in [("attach", 1, 0), (UP, 1, 100), *day]:
        books.do(kind, number, size)
    books.check()
