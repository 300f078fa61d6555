"""Playing a vector's steps to a gateway: peers that answer what it sent, time that passes.

What comes of it is a program of plain bytes, which every engine and ISA can run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .answers import Words, describe
from .gateway import MS, Gateway, load, names_of
from .gtpc import is_request
from .packets import build
from .program import Program, Result, Step, StepResult

# Words of a step that are not the packet's own.
_OWN = {"after_ms", "times", "answer_to"}
_LONGEST_WAIT_NS = 1_000_000_000  # a host calls again after that at the latest (vnf.h)


@dataclass
class Action:
    """One step of a script, `send` or `wait_ms`, and what follows from it."""

    word: dict[str, Any]
    expected: list[dict[str, Any]] = field(default_factory=list)
    drop: str = ""
    drops: int = 0

    @property
    def times(self) -> int:
        return int(self.word.get("times", 1))

    def user_packet(self) -> bytes:
        """The user packet that is inside of what is sent."""
        return build({name: value for name, value in self.word.items() if name not in _OWN})[2]


@dataclass
class Recording:
    """A program, the bursts of it that belong to each action, and the native result."""

    program: Program
    spans: list[range]
    result: Result


class Player:
    """Plays actions to one gateway."""

    def __init__(self, gateway: Gateway, name: str) -> None:
        self._gateway, self._name = gateway, name
        self._next_timer_ns = _LONGEST_WAIT_NS
        self._sent: list[Words] = []
        self.steps: list[Step] = []
        self.results: list[StepResult] = []

    def act(self, number: int, action: Action) -> range:
        """Carries out one action; returns the numbers of its bursts."""
        first = len(self.steps)
        if "wait_ms" in action.word:
            assert set(action.word) == {"wait_ms"}, f"{self._name}: {action.word}"
            self._wait(action.word["wait_ms"])
        else:
            port, packet, _ = build(self._complete(number, action.word))
            for _ in range(action.times):
                self._burst(action.word.get("after_ms", 1), (port, packet))
        return range(first, len(self.steps))

    def _wait(self, ms: int) -> None:
        """Calls the gateway whenever it wants to be called, as a host does."""
        while ms > 0:
            step = min(ms, max(1, -(-self._next_timer_ns // MS)))
            self._burst(step)
            ms -= step

    def _burst(self, ms: int, *packets: tuple[int, bytes]) -> None:
        result = self._gateway.run(*packets, ms=ms)
        self._next_timer_ns = min(result.next_timer_ns, _LONGEST_WAIT_NS)
        out = [(packet.port, packet.data.hex()) for packet in result.out]
        self.steps.append({"ms": ms, "packets": [(port, data.hex()) for port, data in packets]})
        self.results.append({"out": out, "reasons": names_of(result.reasons)})
        self._sent += [describe(p.port, p.data) | {"port": p.port} for p in result.out]

    def _complete(self, number: int, word: dict[str, Any]) -> dict[str, Any]:
        """The words of a packet; those of an answer follow from the request that it answers,
        where the step does not say otherwise."""
        words = {name: value for name, value in word.items() if name not in _OWN}
        if "answer_to" not in word:
            return words
        request = self._request(word["answer_to"], f"{self._name}: step {number + 1}")
        follows = {
            "sequence": request["sequence"],
            "source": request["to"],
            "to": request["from"],
            "sport": request["to_port"],
            "dport": request["from_port"],
        }
        return follows | words

    def _request(self, kind: str, where: str) -> Words:
        for words in reversed(self._sent):
            for one in (words, words.get("piggybacked", {}) | _ends(words)):
                if one.get("kind") == kind or (kind == "last" and is_request(one.get("kind", ""))):
                    return one
        raise AssertionError(f"{where}: the gateway sent no {kind} request before")


def _ends(words: Words) -> Words:
    return {name: words[name] for name in ("to", "from", "to_port", "from_port") if name in words}


def play(actions: list[Action], config: bytes, name: str) -> Recording:
    """Plays to a fresh gateway of the native engine."""
    gateway = Gateway(load("native"), config)
    player = Player(gateway, name)
    spans = [player.act(number, action) for number, action in enumerate(actions)]
    return Recording(
        {"config": config.hex(), "steps": player.steps},
        spans,
        {
            "steps": player.results,
            "counters": gateway.counters(),
            "state": {str(number): data.hex() for number, data in gateway.state().items()},
        },
    )
