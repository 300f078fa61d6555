"""docs/verifier-rules.md is what the table says."""

from __future__ import annotations

from pathlib import Path

from portvnf.artifact import docgen

PAGE = Path(__file__).resolve().parents[2] / "docs" / "verifier-rules.md"


def test_page_is_current() -> None:
    assert PAGE.read_text() == docgen.document(), (
        "run python -m portvnf.artifact.docgen --output docs/verifier-rules.md"
    )
