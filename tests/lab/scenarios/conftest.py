"""Scenarios run inside the lab's sandbox, which a test process cannot enter: what pytest
collects here it has carried out by a second pytest, inside, and takes over the outcomes.

A test asks for `lab`. All tests share the labs of KINDS, one at a time; a module whose LAB is
"chained" has an S-GW and a P-GW instead of one gateway. In each lab the blades differ, so that
every migration is one between engines or ISAs.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portvnf.errors import PortvnfError
from portvnf.lab import require, sandbox

HERE = Path(__file__).parent
OUTCOMES = "PORTVNF_SCENARIO_OUTCOMES"  # names the file of outcomes to the pytest inside
LIMIT_S = 600.0
INSIDE = OUTCOMES in os.environ and sandbox.is_inside()

HOST, OTHER = platform.machine(), "mips64el"
BLADES: dict[str, dict[str, Any]] = {
    "combined": {"blades": ("a", "b")},
    "chained": {"sgw": ("a", "b"), "pgw": ("c", "d")},
}
SECOND = ("b", "d")
BURST_S = 1.0  # of the token buckets: longer than a busy machine makes a sender wait
RULES = """
[[rule]]
name = "voice"
apn = "ims"
qci = 1
priority = 2
gbr_uplink = 1000
gbr_downlink = 1000
filters = [
  "both udp remote 10.13.0.30 port 5004-5005",
  "both udp remote fd00:13::30 port 5004-5005",
]
"""


@contextlib.contextmanager
def makes_a_bearer(lab: Any) -> Iterator[None]:
    """Ends when the gateway knows of the dedicated bearer that is made within: the UE has it a
    little earlier, and packets down take the default bearer until the MME's answer is there."""
    before = lab.gateway.counters()["bearers_created"]
    yield
    lab.reactor.wait(
        lambda: lab.gateway.counters()["bearers_created"] > before,
        "the gateway did not hear of the bearer",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "lab" in metafunc.fixturenames:
        kind = getattr(metafunc.module, "LAB", "combined")
        kinds = [f"{kind}-native", pytest.param(f"{kind}-{OTHER}", marks=pytest.mark.slow)]
        metafunc.parametrize("lab", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[Any]:
    kind, second = request.param.rsplit("-", 1)
    isa = OTHER if second == OTHER else HOST
    try:
        require.scenario(isa, captures=True)
    except PortvnfError as error:
        pytest.skip(f"{error} (script/setup makes what is missing)")
    if not INSIDE:
        yield None
        return
    from portvnf.lab.scenario import Lab

    engines = dict.fromkeys(SECOND, "native") if second == "native" else {}
    isas = dict.fromkeys(SECOND, isa)
    settings = f"burst_ms = {BURST_S * 1000:.0f}"
    with Lab(
        **BLADES[kind], isas=isas, engines=engines, settings=settings, rules=RULES, capture=True
    ) as made:
        yield made
        made.check_capture()


# --- the pytest inside ------------------------------------------------------------------


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if INSIDE:
        told = {"node": report.nodeid, "when": report.when, "outcome": report.outcome}
        with Path(os.environ[OUTCOMES]).open("a") as out:
            out.write(json.dumps({**told, "text": report.longreprtext}) + "\n")


# --- the pytest outside -----------------------------------------------------------------


class Inside:
    """The second pytest, with all the scenarios that are to run."""

    def __init__(self, nodes: list[str], rootdir: Path, folder: Path) -> None:
        self._outcomes = folder / "outcomes"
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "inside.py"), *nodes],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=rootdir,
                env={**os.environ, OUTCOMES: str(self._outcomes)},
            )

    def outcome(self, node: str) -> list[dict[str, str]]:
        """What became of a scenario, once it has ended."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            told = [line for line in self._told() if line["node"] == node]
            if any(line["when"] == "teardown" for line in told):
                return told
            if ended:
                break
            time.sleep(0.05)
        text = self._log.read_text(errors="replace")[-4000:]
        return [{"outcome": "failed", "text": f"the scenarios ended or hang before this:\n{text}"}]

    def _told(self) -> list[dict[str, str]]:
        text = self._outcomes.read_text() if self._outcomes.exists() else ""
        return [json.loads(line) for line in text.split("\n")[:-1]]


KEY = pytest.StashKey[Inside]()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if INSIDE or "lab" not in pyfuncitem.fixturenames:
        return None
    config, session = pyfuncitem.config, pyfuncitem.session
    if KEY not in config.stash:
        nodes = [item.nodeid for item in session.items if HERE in item.path.parents]
        folder = Path(pyfuncitem.funcargs["tmp_path_factory"].mktemp("scenarios"))
        config.stash[KEY] = Inside(nodes, config.rootpath, folder)
    told = config.stash[KEY].outcome(pyfuncitem.nodeid)
    for line in told:
        if line["outcome"] == "skipped":
            pytest.skip(line["text"])
    failed = "\n".join(line["text"] for line in told if line["outcome"] == "failed")
    if failed:
        pytest.fail(failed, pytrace=False)
    return True


@pytest.fixture(autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Has the hook above find it."""


def pytest_sessionfinish(session: pytest.Session) -> None:
    inside = session.config.stash.get(KEY, None)
    if inside is not None:
        try:
            inside.process.wait(30)
        except subprocess.TimeoutExpired:
            inside.process.kill()
            inside.process.wait()
