"""The scenarios of docs/lab.md do what the page says."""

import re
import runpy
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "lab.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize("number", [0, 1])
def test_a_scenario_of_the_page(lab, number, tmp_path):
    if lab.sgw.active != "a":  # where the page's scenarios begin
        lab.migrate("a")
    file = tmp_path / "scenario.py"
    file.write_text(BLOCKS[number])
    found = runpy.run_path(str(file), init_globals={"lab": lab})
    for pdn in list(found["ue"].pdns):
        found["ue"].detach(pdn)
