"""Reading tests/vectors, turning vectors into programs, and judging results.

A vector is a script. `send` hands one packet to the gateway (its words: packets.py) and makes
one burst. `expect` names the next packet that this burst sends and any of its words
(answers.py): all packets must be named, in order. `drop` is the reason for which the packet
was dropped; without it, it must not have been. Then follow `counters` and `sessions`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portvnf.state.vepc import SCHEMA, SESSION

from .answers import describe
from .gateway import configuration
from .packets import build
from .program import Program, Result

FOLDER = Path(__file__).resolve().parent.parent / "vectors"

# Words of an expectation that are not the answer's own: `untouched` says that the packet
# carries the very bytes of the user packet sent; `same_as_step` that it equals, but for the
# outer IP identification and its checksum, the first packet sent at that step (from 1).
_OWN = {"expect", "untouched", "same_as_step"}


@dataclass(frozen=True)
class Vector:
    """One vector and where it stands."""

    name: str
    config: str
    script: list[dict[str, Any]]
    counters: dict[str, int]
    sessions: int | None

    def sends(self) -> list[dict[str, Any]]:
        return [word for word in self.script if "send" in word]

    def program(self) -> Program:
        steps = []
        for word in self.sends():
            words = {key: value for key, value in word.items() if key != "after_ms"}
            port, packet, _ = build(words)
            steps.append({"ms": word.get("after_ms", 1), "packets": [(port, packet.hex())]})
        return {"config": configuration(self.config).hex(), "steps": steps}  # type: ignore[typeddict-item]


def load_all() -> list[Vector]:
    """Every vector of every file, in order."""
    vectors = []
    for path in sorted(FOLDER.glob("*.toml")):
        file = tomllib.loads(path.read_text())
        for entry in file["vector"]:
            known = {"name", "config", "script", "counters", "sessions"}
            assert set(entry) <= known, f"{path.name}: {set(entry) - known}"
            vectors.append(
                Vector(
                    f"{path.stem}: {entry['name']}",
                    entry.get("config", "vepc"),
                    entry["script"],
                    entry.get("counters", {}),
                    entry.get("sessions"),
                )
            )
    return vectors


def judge(vector: Vector, result: Result, *, counters: bool = True) -> None:
    """AssertionError, saying which step, when a result is not what the vector expects;
    without `counters`, whatever these say."""
    number = -1
    pending: list[dict[str, Any]] = []
    reason = ""
    for word in [*vector.script, {"send": "end"}]:
        if "send" in word:
            if number >= 0:
                _judge_step(vector, result, number, pending, reason)
            number, pending, reason = number + 1, [], ""
        elif "drop" in word:
            reason = word["drop"]
        else:
            pending.append(word)
    for name, value in vector.counters.items() if counters else ():
        assert result["counters"][name] == value, f"{vector.name}: {name}"
    if vector.sessions is not None:
        data, count = bytes.fromhex(result["state"][str(SCHEMA.section("session").number)]), 0
        while data:
            data, count = data[len(SESSION.build(SESSION.parse(data))) :], count + 1
        assert count == vector.sessions, f"{vector.name}: {count} sessions"


def _judge_step(
    vector: Vector, result: Result, number: int, wanted: list[dict[str, Any]], reason: str
) -> None:
    step, where = result["steps"][number], f"{vector.name}: step {number + 1}"
    assert step["reasons"] == [reason], f"{where}: dropped for {step['reasons']}, not {reason!r}"
    sent = [describe(port, bytes.fromhex(data)) for port, data in step["out"]]
    kinds = [words["kind"] for words in sent]
    assert kinds == [words["expect"] for words in wanted], f"{where}: sent {kinds}"
    for index, (words, want) in enumerate(zip(sent, wanted, strict=True)):
        for key, value in want.items():
            if key not in _OWN:
                _match(value, words.get(key), f"{where}: {key}")
        if want.get("untouched"):
            original = build({k: v for k, v in vector.sends()[number].items() if k != "after_ms"})[
                2
            ]
            assert words["user"] == original, f"{where}: the user packet was changed"
        if "same_as_step" in want:
            earlier = result["steps"][want["same_as_step"] - 1]["out"][0][1]
            assert _without_id(step["out"][index][1]) == _without_id(earlier), where


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
