"""The vectors' own language: what is written is read again, and what is wrong is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portvnf.burst import BurstResult, Packet

from . import gtpc, vectors
from .answers import describe
from .gateway import MS, S11, configuration
from .judging import judge
from .packets import build, udp
from .playing import Action, Player, Recording

FILTERS = [
    {"id": 1, "precedence": 9, "direction": "both", "remote4": "10.13.0.0/24", "protocol": 17,
     "remote_ports": [5000, 5010]},
    {"id": 2, "precedence": 10, "direction": "uplink", "remote6": "fd00:13::30/64",
     "local_port": 7, "traffic_class": [0xB8, 0xFC], "local4": "10.45.0.1/32"},
    {"id": 3, "precedence": 11, "direction": "downlink", "spi": 5, "flow_label": 9,
     "remote6_mask": "fd00::/16", "local_ports": [1, 2], "remote_port": 3,
     "local6": "2001:db8::/64"},
]  # fmt: skip
QOS = {"qci": 1, "mbr": [100, 200], "gbr": [10, 20], "priority": 3, "pci": 0, "pvi": 1}
S1U = {"s1u": 2, "s1u_address": "10.12.0.1"}
MESSAGES: dict[str, dict[str, Any]] = {
    "create_bearer_request": {
        "ebi": 5, "pti": 3,
        "bearers": [{"ebi": 0, "tft": {"operation": "create", "filters": FILTERS}, **S1U,
                     "s5u": 2, "s5u_address": "10.12.0.1", "s5u_instance": 1, "bearer_qos": QOS}],
    },
    "create_bearer_response": {
        "cause": 16,
        "bearers": [{"ebi": 6, "cause": 16, "s1u_enb": 0x901, "s1u_enb_address6": "2001:db8::1",
                     "s1u_enb_address": "10.12.0.20", **S1U, "s1u_instance": 1}],
    },
    "delete_bearer_request": {"ebi-1": [6, 7], "cause": 36},
    "downlink_data_notification": {"ebi": 5, "arp": 8},
    "downlink_data_notification_acknowledge": {"cause": 16, "delay_value": 3},
    "echo_request": {"recovery": 3},
    "change_notification_request": {"imsi": "001010000000001", "rat_type": 6,
                                    "indication": ["DAF", "OI"]},
    "create_indirect_data_forwarding_tunnel_request": {
        "bearers": [{"ebi": 5, "forward_enb_downlink": 9,
                     "forward_enb_downlink_address": "2001:db8::1"}],
    },
    "modify_bearer_command": {"ambr": [1, 2], "bearers": [{"ebi": 5, "bearer_qos": QOS}]},
    "bearer_resource_command": {
        "ebi": 5, "pti": 7, "tad": {"operation": "remove", "filters": [1, 2]},
        "flow_qos": {"qci": 1, "mbr": [5, 6], "gbr": [7, 8]},
    },
    "create_session_response": {"cause": 73},
}  # fmt: skip


def within(words: Any, others: Any) -> bool:
    """Whether all that one says is in the other, which may say more."""
    if isinstance(words, dict):
        return all(name in others and within(words[name], others[name]) for name in words)
    if isinstance(words, list):
        pairs = zip(words, others, strict=True)
        return len(words) == len(others) and all(within(*pair) for pair in pairs)
    return bool(words == others)


@pytest.mark.parametrize("kind", MESSAGES)
def test_messages_are_read_as_written(kind: str) -> None:
    words = {"sequence": 0x800001, **MESSAGES[kind]}
    read = gtpc.decode(gtpc.encode(kind, words))
    assert read["kind"] == kind and within(words, read), read
    assert len(read["bearers"]) == len(words.get("bearers", []))


def test_what_pycrate_misses_is_not_sent() -> None:
    with pytest.raises(AssertionError, match="pycrate"):
        build({"send": "create_bearer_request", "ebi": 5})
    with pytest.raises(KeyError, match="no IE is called 'bearer'"):
        build({"send": "create_bearer_request", "bearer": []})


class Asking:
    """In a gateway's place: notifies the MME of downlink data, again every 3 s, until it has
    the answer. The request stands behind an answer, piggybacked."""

    def __init__(self) -> None:
        self.now_ms, self.due_ms = 0, 1000
        self.given: list[tuple[int, int, bytes]] = []
        ask = gtpc.encode("downlink_data_notification", {"sequence": 0x812345, "teid": 0x101})
        echo = gtpc.encode("echo_response", {"sequence": 1, "recovery": 1})
        self.ask = udp("10.11.0.1", "10.11.0.77", 2123, gtpc.piggyback(echo, ask), sport=40000)

    def run(self, *packets: tuple[int, bytes], ms: int) -> BurstResult:
        self.now_ms += ms
        self.given += [(self.now_ms, *packet) for packet in packets]
        out = []
        if self.now_ms >= self.due_ms and not self.given:
            out = [Packet(S11, self.ask)]
            self.due_ms += 3000
        return BurstResult(tuple(out), (0,) * len(packets), (self.due_ms - self.now_ms) * MS)


def test_a_request_of_the_gateway_is_answered() -> None:
    gateway = Asking()
    player = Player(gateway, "asking")  # type: ignore[arg-type]
    spans = [
        player.act(0, Action({"wait_ms": 7000})),
        player.act(1, Action({"send": "downlink_data_notification_acknowledge", "teid": 1,
                              "cause": 16, "answer_to": "last"})),
        player.act(2, Action({"wait_ms": 5000})),
    ]  # fmt: skip
    sent = [gateway_step["ms"] for gateway_step in player.steps if gateway_step["packets"] == []]
    assert sum(sent) == 12000
    ((_, port, packet),) = gateway.given
    words = describe(port, packet)
    ends = [words[name] for name in ("from", "from_port", "to", "to_port", "sequence")]
    assert ends == ["10.11.0.77", 2123, "10.11.0.1", 40000, 0x812345]
    moments = [sum(s["ms"] for s in player.steps[: i + 1]) for i in spans[0]
               if player.results[i]["out"]]  # fmt: skip
    assert moments[1] - moments[0] == 3000 and len(moments) == 3
    with pytest.raises(AssertionError, match="sent no create_bearer_request"):
        player.act(3, Action({"send": "echo", "answer_to": "create_bearer_request"}))


SCRIPT = """
[[vector]]
name = "two echoes, then silence"
script = [
  { send = "echo", times = 2, after_ms = 5 },
  { expect = "echo_response", times = 2, recovery = 7 },
  { wait_ms = 3000 },
  { expect = "nothing" },
  { send = "down", user = "down_udp6", ue = "2001:db8:45:1::1", size = 1280, times = 3 },
  { drop = "no_session" },
]
"""


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("", "", ""),
        ("times = 2, recovery", "recovery", "step 1: sent echo_response after 5 ms, echo"),
        ("recovery = 7", "recovery = 8", "echo_response.recovery: 7, not 8"),
        ("recovery = 7", "at_ms = 5", "echo_response after 10 ms"),
        ('"nothing"', '"echo_request"', "step 2: sent none"),
        ('"no_session"', '"no_session", times = 2', "step 3: dropped for"),
        ('"no_session"', '"idle"', "step 3: dropped for"),
    ],
)
def test_what_is_not_as_expected_is_found(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    path = tmp_path / "sample.toml"
    assert old in SCRIPT
    path.write_text(SCRIPT.replace(old, new) if old else SCRIPT)
    (vector,) = vectors.load(path)
    recording: Recording = vector.recording
    assert recording.program["config"] == configuration("vepc").hex()
    if complaint:
        with pytest.raises(AssertionError, match=complaint):
            judge(vector, recording.result)
    else:
        judge(vector, recording.result)
