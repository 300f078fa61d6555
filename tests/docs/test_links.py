"""Every relative link of the documentation leads somewhere, anchors included, and every page can
be found from the README."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")
WIDTH = 100


def _pages() -> list[Path]:
    """The pages that git has, or, in an unpacked copy, those at the places where they are."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if listed.returncode == 0:
        return [ROOT / line for line in listed.stdout.splitlines()]
    return [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("tests/*/*.md")]


PAGES = _pages()


def lines(page: Path) -> Iterator[tuple[int, str]]:
    """The lines that are no code, numbered."""
    code = False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            code = not code
        elif not code and not line.startswith("    "):
            yield number, line


def links(page: Path) -> Iterator[tuple[int, str]]:
    """The relative links, by line. One that is broken over two lines counts with the first."""
    text = "\n".join(line for _, line in lines(page))
    numbers = [number for number, _ in lines(page)]
    for found in LINK.finditer(text):
        if not re.match(r"[a-z]+:", found.group(1)):
            yield numbers[text.count("\n", 0, found.start())], found.group(1)


def anchors(page: Path) -> set[str]:
    """The anchors of the headings, as GitHub and GitLab make them."""
    made: set[str] = set()
    for _, line in lines(page):
        heading = re.match(r"#+ (.*)", line)
        if heading:
            words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1)).lower()
            made.add(re.sub(r"[^\w\- ]", "", words).replace(" ", "-"))
    return made


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for number, link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        where = f"{page.relative_to(ROOT)}:{number}: {link}"
        assert target.exists(), f"{where}: there is no such file"
        assert target.is_relative_to(ROOT), f"{where}: leads out of the repository"
        if anchor:
            assert anchor in anchors(target), f"{where}: there is no such heading"


def test_every_page_can_be_found_from_the_readme() -> None:
    found, new = set(), {ROOT / "README.md"}
    while new:
        page = new.pop()
        found.add(page)
        targets = {(page.parent / link.partition("#")[0]).resolve() for _, link in links(page)}
        new |= {target for target in targets if target.suffix == ".md"} - found
    assert {page for page in PAGES if page.parent == ROOT / "docs"} <= found


def test_sources_that_are_named_are_there() -> None:
    """`gtpc.c` and its like; a path names more than the last of it."""
    folders = ("vnfsrc", "portable_rt", "loader", "tests")
    sources = {
        f"/{path.relative_to(ROOT)}"
        for folder in folders
        for kind in ("c", "h", "py")
        for path in (ROOT / folder).rglob(f"*.{kind}")
    }
    for page in PAGES:
        for name in re.findall(r"`([\w./]+\.(?:c|h|py))`", page.read_text()):
            there = any(source.endswith(f"/{name}") for source in sources)
            assert there, f"{page.relative_to(ROOT)}: there is no {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_fit(page: Path) -> None:
    """Rows of tables and pages that are generated are as long as they are."""
    if page.read_text().startswith("<!-- Generated"):
        return
    long = [
        f"{page.relative_to(ROOT)}:{number}"
        for number, line in lines(page)
        if len(line) > WIDTH and not line.startswith("|")
    ]
    assert long == []
