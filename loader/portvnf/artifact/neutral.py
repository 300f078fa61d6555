"""Takes out of LLVM 14's text whatever ties a module to the ISA that it was compiled on."""

from __future__ import annotations

import re

from portvnf.artifact.manifest import METADATA_NAME, Manifest

_TARGET = re.compile(r"^target (?:triple|datalayout) = .*\n", re.MULTILINE)
_SOURCE = re.compile(r"^source_filename = .*$", re.MULTILINE)
_COMMENT_LINE = re.compile(r"^;.*\n", re.MULTILINE)
_NAMED_METADATA = re.compile(r"^![A-Za-z_$][\w.$-]* = !\{.*\n", re.MULTILINE)
_GROUP = re.compile(r"^(attributes #\d+ = \{)(.*)\}$", re.MULTILINE)
_STRING_ATTRIBUTE = re.compile(r'"[^"]*"(?:="[^"]*")?')
_NODE = re.compile(r"^!(\d+) = ", re.MULTILINE)
# x86-64 leaves the count of zeros in 0 open; with false it is the width, on every ISA.
_ZERO_COUNT = re.compile(r"(call i\d+ @llvm\.(?:ctlz|cttz)\.i\d+\(.*, i1 )true\)")

# What a target asks for (unwind tables, stack protectors), and what would keep the host's
# optimiser from using the memory routines that every host provides.
_DROPPED_ATTRIBUTES = frozenset(
    ("uwtable", "ssp", "sspstrong", "sspreq", "nobuiltin", "nonlazybind")
)


def neutral(text: str, name: str, manifest: Manifest) -> str:
    """`text` without target, module flags, producer, paths and string attributes, and with
    the manifest in it."""
    text = _COMMENT_LINE.sub("", _TARGET.sub("", text))
    text = _ZERO_COUNT.sub(r"\1false)", text)
    text = _SOURCE.sub(f'source_filename = "{name}"', text)
    text = _GROUP.sub(_neutral_group, text)
    text = _NAMED_METADATA.sub("", text)
    free = 1 + max((int(number) for number in _NODE.findall(text)), default=-1)
    escaped = "".join(
        c if c.isprintable() and c not in '"\\' else f"\\{ord(c):02X}" for c in manifest.to_json()
    )
    return f'{text.rstrip()}\n!{METADATA_NAME} = !{{!{free}}}\n!{free} = !{{!"{escaped}"}}\n'


def _neutral_group(match: re.Match[str]) -> str:
    words = _STRING_ATTRIBUTE.sub("", match.group(2)).split()
    kept = [word for word in words if re.split(r"[(=]", word)[0] not in _DROPPED_ATTRIBUTES]
    # A group may not be empty; nothing that was C can unwind.
    return f"{match.group(1)} {' '.join(kept or ['nounwind'])} }}"
