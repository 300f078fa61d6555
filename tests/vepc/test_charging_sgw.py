"""Charging records of an S-GW alone (TS 32.251): whose they are, and why they close.

Its P-GW says the Charging ID: with a UE that comes from another S-GW only once it has been told
of the move, which may be after a migration.
"""

from __future__ import annotations

from typing import Any

from . import packets, vectors
from .charged import ABNORMAL, MANAGEMENT, NORMAL, RAT_CHANGE, SGW_CHANGE, written
from .gateway import Gateway, configuration, load
from .moving import moved_without_usage, tell_usage
from .playing import Action, Player
from .policed import records

SECOND_ROUND = 0x1000001  # TEID of the first context when it is used again
Words = dict[str, Any]
UPLINK: Words = {"send": "g_pdu", "teid": 1, "user": "up_udp4", "ue": "10.45.0.1"}
MODIFY: Words = {"send": "modify", "teid": 1}
DELETE: Words = {"send": "delete_session_request", "teid": 1, "sequence": 0x50, "ebi": 5}
TOLD: Words = {
    "send": "modify_bearer_response", "answer_to": "last", "port": "s5", "teid": 1, "cause": 16,
    "bearers": [{"ebi": 5, "cause": 16, "charging_id": 60}],
}  # fmt: skip


def comes(ue: int = 1, **words: Any) -> Words:
    """The MME's request for a UE that another S-GW had."""
    bearer = {"ebi": 5, "s5u": 0x800, "s5u_instance": 3, "s1u_enb": 0x900}
    return {
        "send": "create_session_request", "sequence": ue, "imsi": f"00101000000000{ue}",
        "rat_type": 6, "s11_mme": 0x100, "s5c": 0x700, "s5c_instance": 1, "apn": "internet",
        "pdn_type": 1, "paa": "01 0a2d0001", "bearers": [bearer | {"bearer_qos": {"qci": 9}}],
    } | words  # fmt: skip


def sgw(**limits: int) -> Gateway:
    return Gateway(load("native"), configuration("sgw", **limits))


def play(target: Gateway, *words: Words) -> None:
    player = Player(target, "S-GW")
    for number, word in enumerate(words):
        player.act(number, Action(word))


def of_sgw(name: str) -> vectors.Vector:
    return vectors.find(f"s5_sgw: {name}")


def written_in(name: str) -> list[Words]:
    """The records at the end of a vector."""
    state = of_sgw(name).recording.result["state"]
    return records({int(key): bytes.fromhex(data) for key, data in state.items()}, "record")


def test_what_a_record_says() -> None:
    """The P-GW chose the address, the quality and the Charging ID."""
    name = "attach, traffic both ways, detach"
    (record,) = written_in(name)
    expected = {
        "cause": NORMAL, "charging_id": 42, "sequence": 1, "imsi": "00010100000000f1",
        "apn": "internet", "ipv4": "10.45.0.1", "peer": packets.MME, "pgw": "10.14.0.50",
        "sgw_change": "no", "ebi": 5, "rat_type": 6, "charging_characteristics": "0800",
        "uplink_packets": 1, "downlink_packets": 1,
    }  # fmt: skip
    assert {name: record[name] for name in expected} == expected
    assert record["qos"]["qci"] == 8
    sent = [len(a.user_packet()) for a in of_sgw(name).actions if a.word.get("user")]
    assert [record["uplink_bytes"], record["downlink_bytes"]] == sent[:2]


def test_a_dedicated_bearer() -> None:
    (record,) = written_in("the P-GW makes, changes and ends a dedicated bearer")
    assert (record["charging_id"], record["cause"], record["ebi"]) == (43, NORMAL, 6)


def test_a_ue_that_comes_and_goes_on_to_another_sgw() -> None:
    """The P-GW says the Charging IDs when it is told of the move (table 7.2.8-2)."""
    default, voice = written_in("a UE comes from another S-GW, and its P-GW is told at once")
    assert (default["charging_id"], voice["charging_id"]) == (60, 61)
    assert (default["uplink_packets"], voice["uplink_packets"]) == (0, 1)
    assert (default["ipv4"], default["pgw"]) == ("10.45.0.1", "10.14.0.50")
    assert default["cause"] == voice["cause"] == SGW_CHANGE
    assert default["sgw_change"] == voice["sgw_change"] == "yes"


def test_only_the_first_record_says_that_the_ue_came() -> None:
    target = sgw()
    play(target, comes(), MODIFY, TOLD, UPLINK)
    play(target, {**MODIFY, "sequence": 9, "put": {"rat_type": "01"}}, TOLD, UPLINK)
    play(target, DELETE)
    first, second = written(target)
    assert (first["cause"], first["sgw_change"], first["rat_type"]) == (RAT_CHANGE, "yes", 6)
    assert (second["cause"], second["sgw_change"], second["rat_type"]) == (SGW_CHANGE, "no", 1)
    assert first["uplink_packets"] == second["uplink_packets"] == 1


def test_a_move_here_that_is_given_up_leaves_a_record_only_of_what_was_carried() -> None:
    target = sgw()
    play(target, comes(), DELETE)
    assert written(target) == []
    play(target, comes(ue=2), {**UPLINK, "teid": 2}, {**DELETE, "teid": 2, "sequence": 0x51})
    (record,) = written(target)
    assert (record["uplink_packets"], record["charging_id"]) == (1, 0)


def test_a_ue_that_attaches_again() -> None:
    (record,) = written_in("a UE that attaches again at another P-GW: the old one is told")
    assert (record["cause"], record["pgw"]) == (ABNORMAL, "10.14.0.50")


def test_a_ue_that_comes_back() -> None:
    target = sgw()
    play(target, comes(), MODIFY, TOLD, UPLINK, comes(sequence=0x60))
    assert [record["cause"] for record in written(target)] == [SGW_CHANGE]


def test_a_ue_that_comes_back_by_an_mme_that_lost_it() -> None:
    target = sgw()
    play(target, comes(recovery=5), MODIFY, TOLD, UPLINK, comes(sequence=0x60, recovery=6))
    assert [record["cause"] for record in written(target)] == [ABNORMAL]


def moved_before_the_pgw_answers(**limits: int) -> tuple[Gateway, Gateway]:
    """(source, copy): the source has two packets to tell of a bearer without Charging ID."""
    source = sgw(**limits)
    play(source, comes(), UPLINK, UPLINK)
    return source, moved_without_usage(source)


def test_usage_told_after_the_charging_id() -> None:
    source, copy = moved_before_the_pgw_answers()
    play(copy, MODIFY, TOLD, UPLINK)
    tell_usage(source, copy)
    assert copy.counters()["usage_without_bearer"] == 0
    play(copy, DELETE)
    (record,) = written(copy)
    assert (record["charging_id"], record["uplink_packets"]) == (60, 3)


def test_the_msisdn_that_the_pgw_says() -> None:
    """Of a UE that came from another S-GW (table 7.2.8-1)."""
    target = sgw()
    play(target, comes(), MODIFY, {**TOLD, "msisdn": "447000000001"}, UPLINK, DELETE)
    assert [record["msisdn"] for record in written(target)] == ["440700000010"]


def test_usage_told_after_the_bearer_s_end() -> None:
    source, copy = moved_before_the_pgw_answers()
    play(copy, MODIFY, TOLD, UPLINK, DELETE)
    tell_usage(source, copy)
    last, late = written(copy)
    assert (last["cause"], late["cause"]) == (SGW_CHANGE, MANAGEMENT)
    assert (last["uplink_packets"], late["uplink_packets"]) == (1, 2)
    for name in ("imsi", "charging_id", "pgw", "ebi"):
        assert late[name] == last[name]


def test_usage_is_not_told_of_another_ue() -> None:
    """Another UE's bearer had the slot and ended, too; neither has a Charging ID yet."""
    source, copy = moved_before_the_pgw_answers(bearers=1)
    play(copy, DELETE, comes(ue=2), {**UPLINK, "teid": SECOND_ROUND})
    play(copy, {**DELETE, "teid": 2, "sequence": 0x51})
    tell_usage(source, copy)
    of_second, late = written(copy)
    assert (of_second["imsi"], of_second["uplink_packets"]) == ("00010100000000f2", 1)
    assert (late["imsi"], late["uplink_packets"]) == ("ff" * 8, 2)
