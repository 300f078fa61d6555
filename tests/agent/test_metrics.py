"""The endpoint for Prometheus, scraped over HTTP and read by prometheus_client's own parser."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from portvnf import locate, roots
from portvnf.artifact.label import read_label
from portvnf.errors import PortvnfError
from tests.migration.subscribers import make_image

from .agent_process import AgentProcess, free_port, write_blade

SUBSCRIBERS = 20
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Metered:
    """A blade with metrics."""

    def __init__(self, process: AgentProcess, port: int) -> None:
        self.process, self.port = process, port

    def get(self, path: str = "/metrics", method: str = "GET") -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.headers["Content-Type"] or "", answer.read().decode()
        finally:
            connection.close()

    def scrape(self) -> Samples:
        status, kind, text = self.get()
        assert status == 200 and kind.startswith("text/plain")
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@pytest.fixture
def blade(tmp_path: Path) -> Iterator[Metered]:
    port = free_port()
    more = f'[metrics]\nlisten = "127.0.0.1:{port}"\n'
    configuration = write_blade(tmp_path, "solo", active=False, engine="native", more=more)
    with AgentProcess(configuration) as process:
        process.ready()
        yield Metered(process, port)


def test_a_blade_on_standby_says_what_it_is(blade: Metered) -> None:
    found = blade.scrape()
    assert found["portvnf_state", (("portvnf_state", "standby"),)] == 1
    assert found["portvnf_state", (("portvnf_state", "active"),)] == 0
    (labels,) = [dict(labels) for name, labels in found if name == "portvnf_blade_info"]
    assert labels["name"] == "solo" and labels["engine"] == "native"
    assert not any(name == "portvnf_sessions" for name, _ in found)


def test_the_metrics_are_the_counters(blade: Metered, tmp_path: Path) -> None:
    make_image(tmp_path / "some.img", "thousands", SUBSCRIBERS)
    blade.process.ask("restore", path=str(tmp_path / "some.img"))
    found = blade.scrape()
    gauges = read_label(locate.artifact()).manifest.gauges
    assert {"ues", "sessions", "bearers"} <= set(gauges)
    assert found["portvnf_sessions", ()] == SUBSCRIBERS == found["portvnf_ues", ()]
    for name, value in blade.process.ask("counters")["counters"].items():
        if name.startswith("drop_"):
            label = (("reason", name.removeprefix("drop_")),)
            assert found["portvnf_dropped_total", label] == value
        elif name in gauges:
            assert found[f"portvnf_{name}", ()] == value
        else:
            assert found[f"portvnf_{name}_total", ()] == value
    ports = {
        dict(labels)["port"] for name, labels in found if name == "portvnf_port_rx_bytes_total"
    }
    assert ports == {"s11", "s1u", "sgi"}
    assert found["portvnf_held_packets", ()] == 0
    engine = blade.process.ask("ports")["engine"]
    for name in ("bursts", "held_dropped", "injected", "refused"):
        assert found[f"portvnf_engine_{name}_total", ()] == engine[name]
    assert found["portvnf_charging_stalled", ()] == 0


def test_migrations_are_counted(blade: Metered) -> None:
    assert blade.process.ask("migrate", to="nobody")["event"] == "error"
    assert not any(name == "portvnf_migrations_total" for name, _ in blade.scrape())


def test_what_is_not_there(blade: Metered) -> None:
    assert blade.get("/")[0] == 200 and blade.get("/metrics?name=x")[0] == 200
    assert blade.get("/other")[0] == 404
    assert blade.get(method="POST")[0] == 501
    assert blade.process.errors == []


def test_nobody_can_tie_it_up(blade: Metered) -> None:
    """Those that connect and say nothing are few at a time; the agent does not mind them."""
    idle = [socket.create_connection(("127.0.0.1", blade.port)) for _ in range(12)]
    try:
        time.sleep(0.3)
        began = time.monotonic()
        assert json.loads(json.dumps(blade.process.ask("status")))["state"] == "standby"
        assert time.monotonic() - began < 2
    finally:
        for connection in idle:
            connection.close()
    deadline = time.monotonic() + 10
    while True:  # the places are free again
        try:
            assert blade.get()[0] == 200
            break
        except (OSError, http.client.HTTPException):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert blade.process.errors == []


def test_it_ends_with_the_agent(blade: Metered) -> None:
    slow = socket.create_connection(("127.0.0.1", blade.port))
    slow.sendall(b"GET /metr")
    assert blade.process.terminate() == 0 and blade.process.errors == []
    slow.close()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", blade.port), timeout=1)


def test_an_address_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        more = f'[metrics]\nlisten = "127.0.0.1:{port}"\n'
        configuration = write_blade(tmp_path, "solo", engine="native", more=more)
        with AgentProcess(configuration) as process:
            assert process.finish() == 2
            assert process.errors == [
                f"portvnf: cannot listen on 127.0.0.1:{port}: Address already in use\n"
            ]


@pytest.mark.slow
def test_debians_library_does_too(tmp_path: Path) -> None:
    """The same scrape from an agent on mips64el, with the prometheus_client of Debian 12."""
    try:
        roots.root("mips64el")
    except PortvnfError as error:
        pytest.skip(f"{error} (script/setup does)")
    port = free_port()
    more = f'[metrics]\nlisten = "127.0.0.1:{port}"\n'
    configuration = write_blade(tmp_path, "solo", engine="native", more=more)
    with AgentProcess(configuration, "mips64el") as process:
        assert process.ready()["isa"] == "mips64el"
        found = Metered(process, port).scrape()
        assert found["portvnf_sessions", ()] == 0
        assert found["portvnf_state", (("portvnf_state", "active"),)] == 1
