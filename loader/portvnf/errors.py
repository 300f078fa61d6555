"""The exceptions that portvnf raises for anything a user can put right.

Each message is one sentence that names what is wrong and where. The command line prints
it and exits with status 2; anything else that escapes is a defect.
"""

from __future__ import annotations


class PortvnfError(Exception):
    """Base of all errors below."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class HostError(PortvnfError):
    """This machine lacks something: a program, a library, a permission."""


class MissingPieceError(HostError):
    """A file that the build makes is not where it is looked for."""


class ArtifactError(PortvnfError):
    """The artifact is not one: damaged, foreign, or it breaks a rule of the verifier."""


class TrustError(ArtifactError):
    """An artifact is unsigned, tampered with, or signed by a key that is not trusted."""


class BuildError(PortvnfError):
    """The sources cannot be made into an artifact."""


class CompileError(PortvnfError):
    """A sound artifact could not be compiled or loaded for this host."""


class ConfigError(PortvnfError):
    """The configuration cannot be used."""


class StateError(PortvnfError):
    """State cannot be exported from or imported into an instance."""


class ImageError(StateError):
    """An image file is damaged, foreign or not canonical."""


class TraceError(PortvnfError):
    """A trace or result file is damaged or does not follow its format."""


class MigrationError(PortvnfError):
    """A migration could not be carried out; the source serves on unless it says otherwise."""


class AgentError(PortvnfError):
    """An agent cannot be reached, or refuses a command."""


class DefectError(AgentError):
    """An agent ran into something that nobody foresaw, and serves on."""


class EngineError(PortvnfError):
    """The packet engine refused: no such driver, device or file."""


class LabError(PortvnfError):
    """The lab's network, a peer or the video does not do what it should."""
