"""Reading tests/vectors, whose README explains the language: scripts of steps and what follows
from each of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .gateway import configuration
from .playing import Action, Recording, play
from .program import Program

FOLDER = Path(__file__).resolve().parent.parent / "vectors"
_KNOWN = {"name", "config", "script", "counters", "sessions", "malformed"}


@dataclass(frozen=True)
class Vector:
    """One vector and where it stands."""

    name: str
    config: str
    actions: list[Action]
    counters: dict[str, int]
    sessions: int | None
    malformed: bool
    """Whether its peers send what no sound dissector takes."""

    @cached_property
    def recording(self) -> Recording:
        """What the peers send, and what the native engine makes of it."""
        return play(self.actions, configuration(self.config), self.name)

    def program(self) -> Program:
        return self.recording.program


def files() -> list[Path]:
    return sorted(FOLDER.glob("*.toml"))


def load(path: Path) -> list[Vector]:
    """Every vector of a file, in order."""
    vectors = []
    for entry in tomllib.loads(path.read_text())["vector"]:
        name = f"{path.stem}: {entry['name']}"
        assert set(entry) <= _KNOWN, f"{name}: {set(entry) - _KNOWN}"
        vectors.append(
            Vector(
                name,
                entry.get("config", "vepc"),
                list(_actions(name, entry["script"])),
                entry.get("counters", {}),
                entry.get("sessions"),
                entry.get("malformed", False),
            )
        )
    return vectors


def load_all() -> list[Vector]:
    """Every vector of every file, in order."""
    return [vector for path in files() for vector in load(path)]


def find(name: str) -> Vector:
    """The vector of this name, which begins with its file's."""
    stem, _, _ = name.partition(":")
    (vector,) = (one for one in load(FOLDER / f"{stem}.toml") if one.name == name)
    return vector


def _actions(name: str, script: list[dict[str, Any]]) -> Iterator[Action]:
    action: Action | None = None
    for word in script:
        if "send" in word or "wait_ms" in word:
            if action:
                yield action
            action = Action(word)
            continue
        assert action, f"{name}: begins with an expectation"
        if "drop" in word:
            assert not action.drop, f"{name}: two words `drop` for one step"
            action.drop = word["drop"]
            action.drops = word.get("times", action.times)
            assert set(word) <= {"drop", "times"}, f"{name}: {word}"
        else:
            action.expected.append(word)
    if action:
        yield action
