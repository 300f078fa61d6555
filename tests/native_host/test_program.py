"""portvnf-host on this machine: ports, signals, sentences."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from portvnf import isas, locate
from portvnf.trace import encode_trace

from ..engine.test_capture import capture, packets_of
from ..trace.test_formats import SMALL
from ..vepc.answers import describe
from ..vepc.gateway import DATA, S11
from ..vepc.packets import build
from .host import pieces, run_host

HERE = isas.own()


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The canonical configuration, as the command writes it."""
    path = tmp_path_factory.mktemp("configuration") / "vepc.cfg"
    command = [sys.executable, "-m", "portvnf.cli", "config", "encode", str(DATA / "vepc.toml")]
    done = subprocess.run([*command, "-o", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return path


def test_ports(configuration: Path, tmp_path: Path) -> None:
    """Echo Requests come from a capture file and their answers go to another."""
    requests = [build({"send": "echo", "sequence": number})[1] for number in range(1, 101)]
    received, sent = tmp_path / "rx.pcap", tmp_path / "tx.pcap"
    received.write_bytes(capture(requests))
    port = f"{S11}:pcap:rx={received},tx={sent}"
    vnf = locate.native_vnf()
    done = run_host(HERE, "--vnf", vnf, "--config", configuration, "--port", port, "--seconds", "1")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.endswith(f"port {S11}: received 100, sent 100, not sent 0\n")
    answers = [describe(S11, packet) for packet in packets_of(sent)]
    assert [(a["kind"], a["sequence"]) for a in answers] == [
        ("echo_response", number) for number in range(1, 101)
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it(configuration: Path, number: signal.Signals) -> None:
    program, vnf = pieces(HERE)[locate.HOST_PROGRAM], locate.native_vnf()
    argv = [program, "--vnf", vnf, "--config", configuration, "--port", "0:mem:slots=16"]
    with subprocess.Popen([*map(str, argv)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "portvnf-host: running\n"
        process.send_signal(number)
        rest, _ = process.communicate(timeout=10)
    assert process.returncode == 0 and rest == "port 0: received 0, sent 0, not sent 0\n"


def refused(*arguments: object) -> str:
    done = run_host(HERE, *arguments)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1, done
    return done.stderr


def test_help() -> None:
    done = run_host(HERE, "--help")
    assert done.returncode == 0 and "--replay" in done.stdout


def test_wrong_arguments(configuration: Path) -> None:
    vnf = locate.native_vnf()
    assert "--vnf FILE is missing" in refused()
    assert "unrecognized option" in refused("--nosuch")
    assert "unknown argument: extra" in refused("extra")
    assert "either --replay, or --config and --port" in refused("--vnf", vnf)
    assert "--replay needs --output" in refused("--vnf", vnf, "--replay", "t")
    assert "too large a one: 256" in refused("--fill", "256")
    run = ("--vnf", vnf, "--config", configuration, "--port")
    assert "NUMBER:DRIVER" in refused(*run, "0")
    assert 'no packet driver named "nosuch"' in refused(*run, "0:nosuch")
    assert "is open already" in refused(*run, "0:mem:slots=16", "--port", "0:mem:slots=16")
    assert "or too large a one: 16" in refused(*run, "16:mem")


def test_wrong_files(configuration: Path, tmp_path: Path) -> None:
    vnf, trace, missing = locate.native_vnf(), tmp_path / "t", tmp_path / "nosuch"
    output = tmp_path / "result"
    replay = ("--replay", trace, "--output", output)
    trace.write_bytes(encode_trace(SMALL))
    assert f"{missing} cannot be loaded" in refused("--vnf", missing, *replay)
    library = locate.host_library()
    assert f"{library} does not export vnf_abi_version" in refused("--vnf", library, *replay)
    assert "the VNF refuses the configuration (error 1)" in refused("--vnf", vnf, *replay)
    trace.write_bytes(b"hello")
    assert "the trace, byte 0: this is no trace" in refused("--vnf", vnf, *replay)
    assert f"cannot read {missing}: No such file" in refused(
        "--vnf", vnf, "--replay", missing, "--output", output
    )
    assert "refuses the configuration" in refused(
        "--vnf", vnf, "--config", trace, "--port", "0:mem:slots=16"
    )
    assert not output.exists()


def test_foreign_vnf(tmp_path: Path) -> None:
    if shutil.which(isas.named("mips64").compiler) is None:
        pytest.skip("gcc-mips64-linux-gnuabi64 is not installed (script/setup does it)")
    vnf = pieces("mips64")[locate.NATIVE_VNF]
    said = refused("--vnf", vnf, "--replay", "t", "--output", tmp_path / "r")
    assert "cannot be loaded" in said
