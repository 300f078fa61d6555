"""Who has the sessions, kept in the blade's state folder: an agent that starts anew after it
gave them away must not become their second owner.

The file is there from just before COMMIT until this blade has sessions again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from portvnf import durable
from portvnf.errors import AgentError
from portvnf.pki import is_name

_FILE = "ownership"
_GIVEN = "given to"
_DOUBT = "in doubt with"


@dataclass(frozen=True)
class Gone:
    """The sessions went to a peer, or may have."""

    peer: str
    certain: bool

    def sentence(self, blade: str) -> str:
        """What an operator must know when the agent starts."""
        if self.certain:
            return (
                f"{blade} starts on standby: it gave its sessions to {self.peer}; "
                "--take-ownership starts it with none"
            )
        return (
            f"{blade} starts on standby: it ended in doubt whether {self.peer} took its sessions; "
            f"if {self.peer} has none, --take-ownership starts {blade} with none"
        )


class Ownership:
    """The record of one blade. Every error is an AgentError that names the file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def read(self) -> Gone | None:
        """To whom the sessions went; None while nothing says that they left."""
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise AgentError(f"cannot read {self._path}: {error.strerror or error}") from None
        for words, certain in ((_GIVEN, True), (_DOUBT, False)):
            peer = text.removeprefix(f"{words} ").removesuffix("\n")
            if text == f"{words} {peer}\n" and is_name(peer):
                return Gone(peer, certain)
        raise AgentError(
            f"{self._path} does not say who has the sessions: "
            "portvnf agent --take-ownership begins anew"
        )

    def write(self, gone: Gone) -> None:
        """Records that the sessions went away, or may have, before anybody is told."""
        words = _GIVEN if gone.certain else _DOUBT
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            durable.replace(self._path, f"{words} {gone.peer}\n".encode())
        except OSError as error:
            raise AgentError(f"cannot write {self._path}: {error.strerror or error}") from None

    def clear(self) -> None:
        """Records that the sessions are this blade's to have."""
        try:
            durable.remove(self._path)
        except OSError as error:
            raise AgentError(f"cannot remove {self._path}: {error.strerror or error}") from None
