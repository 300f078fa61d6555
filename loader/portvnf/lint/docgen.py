"""Writes docs/lint-rules.md from lint's table.

`python -m portvnf.lint.docgen --output docs/lint-rules.md`; a test compares the file in the
repository with what this gives.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from portvnf.lint.rules import RULES

_INTRODUCTION = """\
<!-- Generated from portvnf.lint.rules by portvnf.lint.docgen: do not edit. -->

# Lint's rules

`portvnf lint PATH...` reads a VNF's C sources with clang's own parser and finds what bitcode
no longer shows. What still shows there is the matter of [`portvnf verify`](verifier-rules.md),
which also has the last word: a source that lints clean may yet be refused.

    portvnf lint vnfsrc portable_rt/include -I build/vnfsrc

Each finding is one line, `file:line:column: rule: sentence`; the exit status is 1 when there
is one, and 2 when a source cannot be read or clang is missing. Headers are judged through the
sources that include them; what lies in a folder named by `-I` is read and not judged.

| Rule | Refuses | Because |
|---|---|---|
"""


def document() -> str:
    """The whole page."""
    return _INTRODUCTION + "".join(
        f"| `{rule.name}` | {rule.what} | {rule.why} |\n" for rule in RULES
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.parse_args().output.write_text(document())


if __name__ == "__main__":
    main()
