"""Prints, as JSON, what the verifier of this host's LLVM says of each given bitcode file.

Run under the Python of each ISA, so that all generations of LLVM are compared.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from portvnf import llvm
from portvnf.artifact.verifier import verify_text

found = {}
for name in sys.argv[1:]:
    text = str(llvm.parse(Path(name).read_bytes(), name))
    found[Path(name).name] = sorted({(v.rule, v.where) for v in verify_text(text)})
json.dump({"llvm": llvm.version(), "found": found}, sys.stdout)
