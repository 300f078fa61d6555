"""Files that a long command writes at its end: checked when it begins."""

from __future__ import annotations

from pathlib import Path

from portvnf.errors import ConfigError


def check_file(option: str, path: Path) -> None:
    """A ConfigError that names the option when no file can be there."""
    # Not resolve(), which raises what nobody catches where symbolic links go in circles.
    path = path.absolute()
    if not path.parent.is_dir():
        raise ConfigError(f"{option} names a file in {path.parent}, which is not a folder")
    if path.is_dir():
        raise ConfigError(f"{option} must name a file: {path} is a folder")


def check_folder(option: str, path: Path) -> None:
    """The same for a folder that has to be there."""
    if not path.is_dir():
        raise ConfigError(f"{option} must name a folder: {path} is none")
