"""GTPv2-C messages by name and words, both ways, by pycrate.

A message's name is the one of TS 29.274 in lower case: `downlink_data_notification`,
`create_bearer_response`. Its words are `teid` (of the header), `sequence` and those of its IEs
(ies.py), the same whether it is sent or expected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from pycrate_mobile import TS29274_GTPC as codec  # noqa: N811

from . import ies
from .ies import Words

NAMES = {
    number: re.sub(r"\W+", "_", codec.GTPCMsgType_dict[number].strip().lower())
    for number in codec.GTPCDispatcher
} | {3: "version_not_supported"}
NUMBERS = {name: number for number, name in NAMES.items()}
_WITHOUT_TEID = {1, 2, 3}
_PIGGYBACKED = 0x10


def is_request(kind: str) -> bool:
    """Whether a message of that name is to be answered by another one."""
    return kind.endswith(("_request", "_notification"))


def encode(kind: str, words: Words) -> bytes:
    """A message; an AssertionError when pycrate finds that it lacks a mandatory IE."""
    number = NUMBERS[kind]
    message = codec.GTPCDispatcher[number]
    header: Words = {"SeqNum": words["sequence"]}
    header |= {"T": 0} if number in _WITHOUT_TEID else {"TEID": words.get("teid", 0)}
    contents = ies.encode({k: v for k, v in words.items() if k not in ("sequence", "teid")})
    name = message._GEN[1]._name
    with _as_told():
        filled = message()
        filled[1].clear()
        filled.set_val({"GTPCHdr": header, name: contents})
        data = bytes(filled.to_bytes())
    problem = codec.parse_GTPC(data)[1]
    refusal = words.get("cause", 0) >= 64  # need not have what an acceptance must
    assert not problem or refusal, f"{kind}: pycrate: error {problem} in {data.hex()}"
    return data


@contextmanager
def _as_told() -> Iterator[None]:
    """pycrate would add the mandatory IEs that the words do not have."""
    initialise = codec.GTPCIEs.init_ies
    codec.GTPCIEs._SET_MAND = False
    codec.GTPCIEs.init_ies = lambda *_, **__: None
    try:
        yield
    finally:
        codec.GTPCIEs._SET_MAND = True
        codec.GTPCIEs.init_ies = initialise


def piggyback(first: bytes, second: bytes) -> bytes:
    """Two messages in one datagram (5.5.1)."""
    return bytes([first[0] | _PIGGYBACKED]) + first[1:] + second


def decode(data: bytes) -> Words:
    """A message that the gateway sent; the one behind it, if any, as `piggybacked`."""
    if data[0] & _PIGGYBACKED:
        length = 4 + int.from_bytes(data[2:4], "big")
        return _decode(data[:length]) | {"piggybacked": decode(data[length:])}
    return _decode(data)


def _decode(data: bytes) -> Words:
    message, problem = codec.parse_GTPC(data)
    assert message is not None, f"pycrate: error {problem} in {data.hex()}"
    assert message.to_bytes() == data, "pycrate writes it otherwise"
    header = message[0]
    words: Words = {
        "kind": NAMES[header["Type"].get_val()],
        "sequence": header["SeqNum"].get_val(),
        "bearers": [],
    }
    if header["T"].get_val():
        words["teid"] = header["TEID"].get_val()
    for ie in message[1]:
        ies.add(words, int(ie[0]["Type"].get_val()), int(ie[0]["Inst"].get_val()), ie[1])
    # A refusal need not have the IEs that are mandatory in an acceptance.
    lenient = codec.ERR_GTPC_MAND_IE_MISS if words.get("cause", 0) >= 64 else 0
    assert problem in (0, lenient), f"pycrate: error {problem} in {data.hex()}"
    return words
