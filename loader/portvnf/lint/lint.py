"""Lints sources: gathers the files, runs clang on each, and sorts what was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from portvnf import locate
from portvnf.errors import BuildError
from portvnf.lint import token_checks, tree
from portvnf.lint.clang import Clang, Diagnostic
from portvnf.lint.rules import Finding
from portvnf.lint.tree_checks import CHECKS
from portvnf.lint.types import Types

_SUFFIXES = (".c", ".h", ".def")
_WORKERS = 2


def lint(paths: Sequence[Path], includes: Sequence[Path], clang: str = "clang-14") -> list[Finding]:
    """Every finding in the given files and folders, by place.

    `includes` are searched for headers besides portable_rt's and the sources' own folders;
    what lies there is read but not judged, unless it is among `paths`.
    """
    files = list(_files(paths))
    folders = [*dict.fromkeys(path.parent for path in files), *includes, locate.headers()]
    found: set[Finding] = set()
    for path in files:
        found |= set(token_checks.check(path, _text(path), folders))
    foreign = {finding.file for finding in found if finding.rule == "host-header"}
    units = [path for path in files if path.suffix == ".c"]
    units = units or [path for path in files if path.suffix == ".h"]
    judge = _Judge(Clang.find(clang, folders), files, bool(foreign))
    with ThreadPoolExecutor(_WORKERS) as workers:
        for findings in workers.map(judge.unit, units):
            found |= findings
    return sorted(found)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            inside = [file for file in sorted(path.rglob("*")) if file.suffix in _SUFFIXES]
            if not inside:
                raise BuildError(f"{path} holds no C sources")
            yield from inside
        elif path.is_file():
            if path.suffix not in _SUFFIXES:
                raise BuildError(f"{path} is no C source: {' or '.join(_SUFFIXES)} is")
            yield path
        else:
            raise BuildError(f"{path} is not there")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BuildError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BuildError(f"{path} is not UTF-8 text") from None


class _Judge:
    def __init__(self, clang: Clang, files: Sequence[Path], lenient: bool) -> None:
        self._clang = clang
        self._names = {file.resolve(): str(file) for file in files}
        self._lenient = lenient  # a header is refused already, so clang will miss it

    def unit(self, source: Path) -> set[Finding]:
        """The findings of one translation unit, in all of the judged files it reads."""
        data, diagnostics = self._clang.tree(source)
        broken = next((d for d in diagnostics if d.severity != "warning"), None)
        if broken and not self._lenient:
            place = f"{broken.file}:{broken.line}:{broken.column}"
            raise BuildError(f"{place}: {broken.message}")
        found = set(self._of_tree(tree.read(data)))
        if not broken:
            diagnostics += self._clang.analysis(source)
        for diagnostic in diagnostics:
            name = self._judged(diagnostic.file)
            if name and diagnostic.severity == "warning":
                found.add(_of_diagnostic(name, diagnostic))
        return found

    def _judged(self, file: str) -> str | None:
        return self._names.get(Path(file).resolve()) if file else None

    def _of_tree(self, root: tree.Node) -> Iterator[Finding]:
        types = Types(root)
        known: dict[str, str | None] = {}
        for node in root.walk():
            if node.file not in known:
                known[node.file] = self._judged(node.file)
            name = known[node.file]
            if name is None or _implicit(node) or (node.parent and _implicit(node.parent)):
                continue  # not judged, or declared by the compiler itself
            for rule, check in CHECKS.items():
                for sentence in check(node, types):
                    yield Finding(name, node.line, node.column, rule, sentence)


def _implicit(node: tree.Node) -> bool:
    return bool(node.data.get("isImplicit"))


def _of_diagnostic(file: str, diagnostic: Diagnostic) -> Finding:
    flag = diagnostic.flag.partition(",")[0]
    rule = "warning"
    if "uninitialized" in flag:
        rule = "uninitialised"
    elif flag == "-Wvla":
        rule = "varying-size"
    message = diagnostic.message[:1].lower() + diagnostic.message[1:]
    return Finding(file, diagnostic.line, diagnostic.column, rule, message)
