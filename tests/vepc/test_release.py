"""More packets wait than one burst has room for: they are sent over several bursts, in order and
before anything newer, while the gateway moves between the bursts."""

from __future__ import annotations

from pathlib import Path

import pytest

from portvnf import config

from . import answers, packets
from .gateway import DATA, S11, SGI, Gateway, load
from .moving import every_step

UE = "10.45.0.1"
WAITING = 200


@pytest.fixture
def encoded(tmp_path: Path) -> bytes:
    text = (DATA / "vepc.toml").read_text()
    for line in ("packets = 32", "packets_per_ue = 8"):
        assert line in text
        text = text.replace(line, f"{line.split()[0]} = 1000", 1)
    path = tmp_path / "large.toml"
    path.write_text(text)
    return config.load(path).encoded


def down(number: int) -> bytes:
    return packets.user("down_udp4", ue=UE, sport=1000 + number)


@pytest.mark.parametrize("moves", [False, True])
def test_many_packets_are_released_in_order(encoded: bytes, moves: bool) -> None:
    gateway = Gateway(load("native"), encoded)
    gateway.one(S11, packets.s11(packets.create(1, "ipv4", enb=0x900)))
    gateway.one(S11, packets.s11(packets.release(1)))
    for number in range(WAITING):
        gateway.one(SGI, down(number))
    assert gateway.counters()["packets_waiting"] == WAITING

    result = gateway.run((S11, packets.s11(packets.modify(1, 0x901))), ms=1)
    sent = list(result.out)
    newer, bursts = WAITING, 1
    while gateway.counters()["packets_waiting"] or bursts < 4:
        assert result.next_timer_ns == 0, "the host must call again at once"
        if moves:
            gateway = every_step(0, gateway)
        arriving = [(SGI, down(newer + i)) for i in range(5 if bursts < 3 else 0)]
        newer += len(arriving)
        result = gateway.run(*arriving)
        assert not any(result.reasons)
        sent += result.out
        bursts += 1
        assert bursts < 20
    words = [answers.describe(packet.port, packet.data) for packet in sent]
    assert [one["kind"] for one in words] == ["modify_bearer_response"] + ["g_pdu"] * newer
    assert [one["user"] for one in words[1:]] == [down(number) for number in range(newer)]
    assert bursts >= 4
    (packet,) = gateway.run((SGI, down(newer))).out
    assert answers.describe(packet.port, packet.data)["user"] == down(newer)
