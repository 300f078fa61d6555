"""A destination that cannot take the state says why; the source serves on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portvnf.errors import HostError, MigrationError
from portvnf.instance import Instance, PortSpec
from portvnf.migration import messages
from portvnf.migration.channel import Channel
from portvnf.migration.messages import Kind
from tests.vepc.gateway import DATA

from .network import Network
from .pair import Pair
from .subscribers import Subscriber

ENGINES = {"a": "jit", "b": "native"}


@pytest.fixture
def make_pair(
    tmp_path: Path,
    network: Network,
    population: tuple[Path, list[Subscriber]],
    pki_folder: Path,
) -> Iterator[Callable[..., Pair]]:
    """make_pair(config of b as text): a serves the subscribers as ever."""
    pairs = []

    def make(text: str) -> Pair:
        config = tmp_path / "other.toml"
        config.write_text(text)
        configs = {"a": DATA / "thousands.toml", "b": config}
        pair = Pair(tmp_path, pki_folder, configs, ENGINES, network.port)
        network.pair = pair
        pairs.append(pair)
        pair["a"].restore(population[0])
        return pair

    yield make
    for pair in pairs:
        pair.close()


def refused(pair: Pair, network: Network, subscribers: list[Subscriber]) -> str:
    """Tries to move with packets in flight; the sentence, once a is found to serve on."""

    def report(event: dict[str, Any]) -> None:
        network.pump(subscribers[:3], rounds=3)

    with pytest.raises(MigrationError) as caught:
        pair["a"].migrate("b", report)
    pair.listeners["b"].settle()
    assert pair.owners() == ["a"] and pair["b"].status()["state"] == "standby"
    assert len(network.open_instances) == 1
    network.pump(subscribers[:3], rounds=3)
    network.expect_everything()
    assert caught.value.message.endswith("; a serves on") and "\n" not in caught.value.message
    return caught.value.message


def alike_in_name_only(pair: Pair) -> None:
    """Makes b claim a's configuration, so that only the import can find the difference."""
    pair["b"].config = dataclasses.replace(pair["b"].config, encoded=pair["a"].config.encoded)


ORIGINAL = (DATA / "thousands.toml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sessions = 8192", "sessions = 20", "configured too small for the record"),
        ('"10.45.0.0/16"', '"10.99.0.0/16"', "an address or APN that is not in this config"),
        ('"internet"', '"intranet"', "an address or APN that is not in this configuration"),
        ('s11 = "10.11.0.1"', 's11 = "10.11.0.2"', "an address or APN that is not in this config"),
    ],
    ids=["too-small", "other-pool", "other-apn", "other-address"],
)
def test_state_that_does_not_fit(
    make_pair: Callable[..., Pair],
    network: Network,
    subscribers: list[Subscriber],
    old: str,
    new: str,
    said: str,
) -> None:
    pair = make_pair(ORIGINAL.replace(old, new))
    assert "b refuses: the VNF configuration of a (" in refused(pair, network, subscribers)
    alike_in_name_only(pair)
    sentence = refused(pair, network, subscribers)
    assert sentence.startswith("b refuses: ") and said in sentence
    # The destination is none the worse for it.
    assert said in refused(pair, network, subscribers)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("schema_sha256", "0" * 64, "the state schema of a (000000000000) is not that of b ("),
        ("artifact_sha256", "f" * 64, "the artifact of a (ffffffffffff) is not that of b ("),
        ("vnf", "other", "the VNF of a (other) is not that of b (vepc)"),
        ("protocol", 99, "the migration protocol of a (99) is not that of b (1)"),
        ("schema_sha256", None, "the state schema of a (None) is not that of b ("),
    ],
)
def test_unlike_blades(
    pair: Pair,
    network: Network,
    subscribers: list[Subscriber],
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    value: Any,
    said: str,
) -> None:
    def send_control(channel: Channel, kind: Kind, **content: Any) -> None:
        if kind == Kind.HELLO:
            content[key] = value
        channel.send(kind, messages.encode_control(content))

    monkeypatch.setattr(Channel, "send_control", send_control)
    assert f"b refuses: {said}" in refused(pair, network, subscribers)


def spoil(monkeypatch: pytest.MonkeyPatch, edit: Callable[[bytes], bytes]) -> None:
    """Changes the payload of the first RECORDS message."""
    original, done = Channel.send, []

    def send(channel: Channel, kind: Kind, payload: bytes = b"") -> None:
        if kind == Kind.RECORDS and not done:
            done.append(True)
            payload = edit(payload)
        original(channel, kind, payload)

    monkeypatch.setattr(Channel, "send", send)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda data: b"\x00\x63" + data[2:], "vepc has no section 99"),
        (lambda data: data[:-1], "a record ends before its last field"),
        (lambda data: data + data[3:], "a record's key is taken|ascending order"),
        (lambda data: data[:2], "a records message without its header"),
        (lambda data: data[:3], "a record names another that is not there"),
        (lambda data: data[:3] + bytes(4) + data[7:], "records do not stand in ascending order"),
    ],
    ids=["section", "cut", "twice", "no-header", "empty", "key-zero"],
)
def test_spoilt_records(
    pair: Pair,
    network: Network,
    subscribers: list[Subscriber],
    monkeypatch: pytest.MonkeyPatch,
    edit: Callable[[bytes], bytes],
    said: str,
) -> None:
    spoil(monkeypatch, edit)
    sentence = refused(pair, network, subscribers)
    assert any(part in sentence for part in said.split("|")), sentence


def test_records_of_state_are_not_taken_after_activation(
    pair: Pair, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After COMMIT a peer may add usage and nothing else."""
    original = Channel.send

    def send(channel: Channel, kind: Kind, payload: bytes = b"") -> None:
        if kind == Kind.DRAINED:
            original(channel, Kind.RECORDS, messages.encode_records(5, True, b""))
        original(channel, kind, payload)

    monkeypatch.setattr(Channel, "send", send)
    with pytest.raises(MigrationError, match="b has the sessions"):
        pair["a"].migrate("b", print)
    pair.listeners["b"].settle()
    assert pair.listeners["b"].errors == ["a sent records of state while draining"]
    assert pair.owners() == ["b"]


def test_a_destination_whose_ports_do_not_open(
    pair: Pair, network: Network, subscribers: list[Subscriber]
) -> None:
    port = PortSpec("s11", "tin", "")
    pair["b"].spec = dataclasses.replace(pair["b"].spec, ports=(port,))
    assert 'b.toml: port s11: there is no packet driver named "tin"; a serves on' in refused(
        pair, network, subscribers
    )


def test_a_destination_that_cannot_announce_owns_and_serves(
    pair: Pair, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """COMMIT counts: what fails after it is the destination's to mend."""
    announce = Instance.announce

    def fail(instance: Instance) -> None:
        announce(instance)
        raise HostError("cannot answer for 10.11.0.1 on s11: Network is down")

    monkeypatch.setattr(Instance, "announce", fail)
    done = pair.move("a", "b")
    assert done["event"] == "done" and pair.owners() == ["b"]
    assert pair.listeners["b"].errors == ["cannot answer for 10.11.0.1 on s11: Network is down"]


def test_a_source_that_cannot_withdraw_serves_on(
    pair: Pair,
    network: Network,
    subscribers: list[Subscriber],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(instance: Instance) -> None:
        raise HostError("cannot answer for 10.11.0.1 on s11: No such device")

    monkeypatch.setattr(Instance, "withdraw", fail)
    monkeypatch.setattr(Instance, "announce", fail)
    with pytest.raises(HostError, match="No such device"):
        pair["a"].migrate("b", lambda _: network.pump(subscribers[:3]))
    pair.listeners["b"].settle()
    monkeypatch.setattr(Instance, "withdraw", lambda instance: None)
    assert pair.owners() == ["a"]
    network.expect_everything()


def test_a_destination_that_has_sessions_refuses(
    pair: Pair, network: Network, subscribers: list[Subscriber]
) -> None:
    pair.move("a", "b")
    pair["a"].start()
    with pytest.raises(MigrationError, match="a refuses: a is active: it has sessions"):
        pair["b"].migrate("a", print)
    assert pair["a"].status()["sessions"] == 0
    assert pair["b"].status()["sessions"] == len(subscribers)
