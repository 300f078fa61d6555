"""GTPv2-C messages as they arrive, decoded by pycrate: what our gateway writes must make sense
to an implementation that we did not write."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pycrate_mobile import TS29274_GTPC as codec  # noqa: N811

from portvnf.errors import LabError
from portvnf.lab.scenario import ie
from portvnf.lab.scenario.ie import Fteid

ECHO, CREATE_SESSION, MODIFY_BEARER, DELETE_SESSION = 1, 32, 34, 36
CREATE_BEARER, UPDATE_BEARER, DELETE_BEARER = 95, 97, 99
CREATE_FORWARDING, DELETE_FORWARDING, RELEASE_ACCESS_BEARERS = 166, 168, 170
DOWNLINK_DATA_NOTIFICATION, DOWNLINK_DATA_NOTIFICATION_FAILURE = 176, 70
_REQUESTS = (ECHO, CREATE_BEARER, UPDATE_BEARER, DELETE_BEARER, DOWNLINK_DATA_NOTIFICATION)

ACCEPTED, ACCEPTED_PARTIALLY, CONTEXT_NOT_FOUND = 16, 17, 64
_PIGGYBACKED = 0x10


class Group:
    """The IEs of a message or of a grouped IE."""

    def __init__(self, elements: Any, where: str) -> None:
        self._where = where
        self._ies: list[tuple[int, int, Any]] = [
            (int(e[0]["Type"].get_val()), int(e[0]["Inst"].get_val()), e[1]) for e in elements
        ]

    def all(self, kind: int, instance: int = 0) -> list[Any]:
        """Every IE of a type and instance."""
        return [value for k, i, value in self._ies if (k, i) == (kind, instance)]

    def has(self, kind: int, instance: int = 0) -> bool:
        """Whether there is one."""
        return bool(self.all(kind, instance))

    def get(self, kind: int, instance: int = 0) -> Any:
        """The first one; a LabError when it lacks."""
        found = self.all(kind, instance)
        if not found:
            raise LabError(f"the {self._where} has no IE {kind} of instance {instance}")
        return found[0]

    def octets(self, kind: int, instance: int = 0) -> bytes:
        """The first one's value as it stood in the message."""
        return bytes(self.get(kind, instance).to_bytes())

    def number(self, kind: int, instance: int = 0) -> int:
        """The first one's value as one big-endian number."""
        return int.from_bytes(self.octets(kind, instance), "big")

    @property
    def cause(self) -> int:
        """The Cause value, 0 without one."""
        return int(self.get(ie.CAUSE)["Val"].get_val()) if self.has(ie.CAUSE) else 0

    @property
    def ebi(self) -> int:
        """The EPS Bearer ID."""
        return int(self.get(ie.EBI)["Val"].get_val())

    def bearers(self, instance: int = 0) -> Iterator[Group]:
        """The Bearer Contexts."""
        for found in self.all(ie.BEARER_CONTEXT, instance):
            yield Group(found, f"Bearer Context of the {self._where}")

    def f_teid(self, instance: int, interface: int) -> Fteid:
        """An F-TEID, which must be of this interface type."""
        element = self.get(ie.F_TEID, instance)
        found = int(element["IF"].get_val())
        if found != interface:
            raise LabError(
                f"F-TEID {instance} in the {self._where} has interface type {found} "
                f"instead of {interface}"
            )
        addresses = [
            str(ipaddress.ip_address(bytes(element[name].get_val())))
            for flag, name in (("V4", "IPv4Addr"), ("V6", "IPv6Addr"))
            if element[flag].get_val()
        ]
        return Fteid(int(element["TEID_GREKey"].get_val()), *addresses)


@dataclass(frozen=True)
class Message:
    """A decoded message."""

    kind: int
    teid: int
    sequence: int
    ies: Group
    data: bytes

    @property
    def is_request(self) -> bool:
        """Whether the gateway wants an answer to it."""
        return self.kind in _REQUESTS

    def __str__(self) -> str:
        stated = f", Cause {self.ies.cause}" if self.ies.has(ie.CAUSE) else ""
        return f"{name_of(self.kind)} (TEID {self.teid:#x}, sequence {self.sequence}{stated})"


def name_of(kind: int) -> str:
    """A message type in words."""
    return str(codec.GTPCMsgType_dict.get(kind, f"message {kind}")).strip()


def decode(data: bytes) -> list[Message]:
    """The messages of a datagram; two when one is piggybacked (5.5.1). A LabError says that
    pycrate finds one malformed or incomplete."""
    if len(data) >= 4 and data[0] & _PIGGYBACKED:
        length = 4 + int.from_bytes(data[2:4], "big")
        return [_decode(data[:length]), *decode(data[length:])]
    return [_decode(data)]


def _decode(data: bytes) -> Message:
    found, problem = codec.parse_GTPC(data)
    if found is None:
        raise LabError(f"pycrate cannot decode {data.hex()} (error {problem})")
    header = found[0]
    kind = int(header["Type"].get_val())
    ies = Group(found[1], name_of(kind))
    # A refusal need not have what is mandatory in an acceptance.
    refused = ies.cause >= CONTEXT_NOT_FOUND and problem == codec.ERR_GTPC_MAND_IE_MISS
    if problem and not refused:
        raise LabError(f"pycrate finds error {problem} in the {name_of(kind)} {data[:64].hex()}")
    return Message(
        kind=kind,
        teid=int(header["TEID"].get_val()) if header["T"].get_val() else 0,
        sequence=int(header["SeqNum"].get_val()),
        ies=ies,
        data=data,
    )
