"""Judging what a gateway did against what a vector expects."""

from __future__ import annotations

from typing import Any

from portvnf.state.vepc import SCHEMA, SESSION

from .answers import Words, describe
from .playing import Action
from .program import Result, StepResult
from .vectors import Vector

# Words of an expectation that are not the packet's own.
_OWN = {"expect", "times", "at_ms", "untouched", "same_as_step"}


def judge(vector: Vector, result: Result, *, counters: bool = True) -> None:
    """AssertionError, saying which step, when a result is not what the vector expects;
    without `counters`, whatever these say."""
    for number, action in enumerate(vector.actions):
        _judge_action(vector, result, number, action)
    for name, value in vector.counters.items() if counters else ():
        got = result["counters"][name]
        assert got == value, f"{vector.name}: counter {name} is {got}, not {value}"
    if vector.sessions is not None:
        data, count = bytes.fromhex(result["state"][str(SCHEMA.section("session").number)]), 0
        while data:
            data, count = data[len(SESSION.build(SESSION.parse(data))) :], count + 1
        assert count == vector.sessions, f"{vector.name}: {count} sessions"


def _judge_action(vector: Vector, result: Result, number: int, action: Action) -> None:
    where = f"{vector.name}: step {number + 1}"
    span = vector.recording.spans[number]
    steps = [result["steps"][burst] for burst in span]
    _judge_drops(steps, action, where)
    bursts = vector.program()["steps"]
    moments, now = [], 0
    for burst in span:
        now += bursts[burst]["ms"]
        moments.append(now)
    packets = [
        (moment, packet, describe(port, bytes.fromhex(packet)) | {"port": SCHEMA.ports[port]})
        for moment, step in zip(moments, steps, strict=True)
        for port, packet in step["out"]
    ]
    wanted = [
        want
        for want in action.expected
        if want["expect"] != "nothing"
        for _ in range(want.get("times", 1))
    ]
    kinds = [words["kind"] for _, _, words in packets]
    expected = [want["expect"] for want in wanted]
    assert kinds == expected, f"{where}: sent {_listed(packets)}, not {expected}"
    for want, (moment, packet, words) in zip(wanted, packets, strict=True):
        if "at_ms" in want:
            assert moment == want["at_ms"], f"{where}: {words['kind']} after {moment} ms"
        for key, value in want.items():
            if key not in _OWN:
                _match(value, words.get(key), f"{where}: {words['kind']}.{key}")
        if want.get("untouched"):
            assert words["user"] == action.user_packet(), f"{where}: the user packet was changed"
        if "same_as_step" in want:
            earlier = result["steps"][vector.recording.spans[want["same_as_step"] - 1][0]]
            assert _without_id(packet) == _without_id(earlier["out"][0][1]), where


def _judge_drops(steps: list[StepResult], action: Action, where: str) -> None:
    reasons = [reason for step in steps for reason in step["reasons"]]
    if "wait_ms" not in action.word:
        assert len(reasons) == action.times
    dropped = [reason for reason in reasons if reason]
    wanted = [action.drop] * action.drops
    assert dropped == wanted, f"{where}: dropped for {dropped}, not {wanted}"


def _listed(packets: list[tuple[int, str, Words]]) -> str:
    return ", ".join(f"{words['kind']} after {moment} ms" for moment, _, words in packets) or "none"


def _match(want: Any, got: Any, where: str) -> None:
    """Equality; of tables, only the words that are wanted, and "absent" for none."""
    if want == "absent":
        assert got is None, f"{where}: {got!r} is there"
    elif isinstance(want, dict):
        assert isinstance(got, dict), f"{where}: {got!r}"
        for key, value in want.items():
            _match(value, got.get(key), f"{where}.{key}")
    elif isinstance(want, list) and isinstance(got, list) and want and isinstance(want[0], dict):
        assert len(want) == len(got), f"{where}: {got!r}"
        for i, (one, other) in enumerate(zip(want, got, strict=True)):
            _match(one, other, f"{where}[{i}]")
    else:
        if isinstance(got, bytes):
            got = got.hex()
        assert got == want, f"{where}: {got!r}, not {want!r}"


def _without_id(packet: str) -> str:
    # Octets 4-5 and 10-11 of the IPv4 header.
    return packet[:8] + packet[12:20] + packet[24:]
