"""The Recovery value (TS 23.007, 18) that the next start of the gateway counts on from."""

from __future__ import annotations

from pathlib import Path

from portvnf import durable
from portvnf.errors import AgentError

_FILE = "restart-counter"
_VALUES = 256


class RestartCounter:
    """The counter in the blade's state folder; `configured` holds while there is none. Every
    error is an AgentError that names the file."""

    def __init__(self, folder: Path, configured: int) -> None:
        self._path = folder / _FILE
        self._configured = configured

    def read(self) -> int:
        """The value of the last start. A file that is there but says no value is an error: to
        begin anew would tell peers a value that they have seen already."""
        try:
            text = self._path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return self._configured
        except UnicodeDecodeError:
            text = ""
        except OSError as error:
            raise AgentError(f"cannot read {self._path}: {error.strerror or error}") from None
        if not text.isdecimal() or int(text[:9]) >= _VALUES:
            raise AgentError(f"{self._path} must hold a number from 0 to {_VALUES - 1}")
        return int(text)

    def count(self) -> None:
        """One more start."""
        self.write((self.read() + 1) % _VALUES)

    def write(self, value: int) -> None:
        """Sets the value, as the state that was taken over has it."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            durable.replace(self._path, f"{value}\n".encode())
        except OSError as error:
            raise AgentError(f"cannot write {self._path}: {error.strerror or error}") from None
