"""The tools bite: every seeded mutant is caught, and by what the mutant's file says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from portvnf import locate
from portvnf.artifact.build import Recipe, build
from portvnf.artifact.toolchain import Toolchain
from portvnf.conform.engines import Subject
from portvnf.conform.explain import explain
from portvnf.conform.gcc_build import Sources
from portvnf.conform.matrix import run_matrix
from portvnf.conform.traces import NamedTrace
from portvnf.errors import ArtifactError
from portvnf.lint.lint import lint

from .mutant import Mutant, load_all


@pytest.mark.parametrize("mutant", load_all(), ids=lambda mutant: mutant.name)
class TestMutant:
    """Lint, verifier and conform on one mutant each."""

    @pytest.fixture
    def sources(self, mutant: Mutant, tmp_path: Path) -> Sources:
        return mutant.apply(tmp_path / "mutant")

    def test_something_is_expected(self, mutant: Mutant) -> None:
        assert mutant.lint or mutant.verifier or mutant.conform

    def test_lint(self, mutant: Mutant, sources: Sources, tmp_path: Path) -> None:
        sources.generate(tmp_path)
        changed = {sources.root / edit["file"] for edit in mutant.edits}
        files = sorted(path for path in changed if path.suffix == ".c")
        findings = lint(files, [tmp_path, sources.include], "clang-14")
        assert {finding.rule for finding in findings} == set(mutant.lint)

    def test_verifier(self, mutant: Mutant, sources: Sources, tmp_path: Path) -> None:
        if not mutant.verifier:
            return
        generated = sources.generate(tmp_path)
        recipe = Recipe(
            name="vepc",
            version="1",
            sources=(*sources.files, generated),
            includes=(sources.folder, sources.include, tmp_path),
            interface=tmp_path / "interface.json",
        )
        with pytest.raises(ArtifactError, match=f"breaks rule '[^']*{mutant.verifier}"):
            build(recipe, Toolchain.find())

    def test_conform(
        self,
        mutant: Mutant,
        sources: Sources,
        generated_traces: Callable[[int], list[NamedTrace]],
        tmp_path: Path,
    ) -> None:
        if not mutant.conform:
            assert not mutant.cells
            return
        subject = Subject(locate.artifact(), sources)
        matrix = run_matrix(subject, mutant.cells, generated_traces(2000))
        assert all(row.traces for row in matrix.rows), [row.reason for row in matrix.rows]
        assert not matrix.ok
        (found, *_) = explain(matrix, subject, tmp_path, seconds=4)
        assert re.search(mutant.conform, str(found.difference)), str(found.difference)
        assert found.packets <= 100
        assert found.reproducer.is_file()
