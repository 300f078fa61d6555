"""Sessions, one subscriber, peers and counters, of a state that is known to the last field."""

from __future__ import annotations

from typing import Any

import pytest

from portvnf import bearer_order
from portvnf.errors import AgentError, ConfigError, ImageError
from portvnf.identities import digits, location, plmn, tbcd_of_imsi
from portvnf.insight import counters, peers, sessions, subscriber, table
from portvnf.insight.records import Records
from portvnf.insight.sessions import Choice
from portvnf.insight.subscriber_text import described
from portvnf.state import upgrade
from portvnf.state.skim import Skimmer
from tests.vepc.gateway import DATA

from .small_gateway import CONNECTED, IDLE, SCHEMA, SECTIONS, gateway, octets


def teids(choice: Choice) -> list[int]:
    return [int(row.teid, 16) for row in sessions.find(gateway(), choice).rows]


def test_the_list_of_sessions() -> None:
    found = sessions.find(gateway(), Choice())
    assert not found.more
    first, second, third = (row.values() for row in found.rows)
    assert first == {
        "teid": "0x0000000a", "imsi": CONNECTED, "apn": "internet", "ipv4": "10.45.0.1",
        "prefix": "2001:db8:45:1::/64", "lbi": 5, "connected": True, "bearers": 2,
        "uplink_bytes": 300, "downlink_bytes": 5077, "enb": "10.12.0.20",
    }  # fmt: skip
    assert (second["ipv4"], second["imsi"], second["bearers"]) == ("", CONNECTED, 1)
    assert (third["imsi"], third["connected"], third["uplink_bytes"]) == (IDLE, False, 9)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(imsi="00101000000000"), [0x0A, 0x0B]),
        (Choice(imsi=IDLE), [0x0200000C]),
        (Choice(imsi="99"), []),
        (Choice(apn="internet"), [0x0A, 0x0200000C]),
        (Choice(apn="inter"), []),
        (Choice(connected=True), [0x0A, 0x0B]),
        (Choice(connected=False), [0x0200000C]),
        (Choice(connected=False, apn="ims"), []),
        (Choice(after=0x0A), [0x0B, 0x0200000C]),
        (Choice(after=0x0200000C), []),
        (Choice(imsi="001", apn="internet", connected=True), [0x0A]),
    ],
)
def test_a_choice_of_sessions(choice: Choice, expected: list[int]) -> None:
    assert teids(choice) == expected


def test_the_limit_and_what_comes_behind_it() -> None:
    page = sessions.find(gateway(), Choice(limit=2))
    assert page.more and [row.apn for row in page.rows] == ["internet", "ims"]
    rest = sessions.find(gateway(), Choice(limit=2, after=int(page.rows[-1].teid, 16)))
    assert not rest.more and [row.imsi for row in rest.rows] == [IDLE]
    assert not sessions.find(gateway(), Choice(limit=3)).more


def test_a_look_ends_with_what_is_wanted() -> None:
    """The first pieces hold what is wanted: the agent is not asked for further ones."""
    taken: list[tuple[str, int]] = []

    def endless(section: str) -> Any:
        for number in range(1000):
            taken.append((section, number))
            yield SECTIONS[section] if number == 0 else b""

    sessions.find(Records(endless, SCHEMA), Choice(limit=1))
    assert {section: number for section, number in taken if section != "bearer"} == {
        "session": 0,
        "ue": 0,
        "usage": 0,
    }


def test_one_subscriber() -> None:
    ue = subscriber.find(gateway(), CONNECTED)
    assert ue["msisdn"] == "447000000001" and ue["serving_network"] == "001-01"
    assert ue["location"] == "TAI 001-01 1, ECGI 001-01 257"
    assert ue["mme"] == "0x00000007 at 10.11.0.10" and ue["requests"] == []
    first, second = ue["sessions"]
    assert first["addresses"] == ["10.45.0.1", "2001:db8:45:1::/64"]
    assert second["addresses"] == ["2001:db8:46:1::/64"] and len(second["bearers"]) == 1
    default, voice = first["bearers"]
    assert default["usage"]["uplink_bytes"] == 1300 and default["usage"]["uplink_packets"] == 13
    assert default["usage_since_record"]["uplink_bytes"] == 300
    assert default["age_s"] == 600.0 and default["priority_level"] == 8
    assert not default["may_preempt"] and not default["may_be_preempted"]
    assert voice["may_preempt"] and voice["may_be_preempted"] and voice["priority_level"] == 2
    assert voice["filters"] == [
        "both udp remote 10.1.0.0/16 port 5060-5061 id 1 precedence 10",
        "down local port 4000 id 2 precedence 20",
    ]


def test_an_idle_subscriber_whose_packets_wait() -> None:
    ue = subscriber.find(gateway(), IDLE)
    assert ue["paging"] == "notified" and ue["suspended"]
    assert ue["requests"] == [
        {"peer": "fd00:11::10", "message_type": 0xB0, "tries": 2, "remaining_ms": 800}
    ]
    (bearer,) = ue["sessions"][0]["bearers"]
    assert (bearer["buffered_packets"], bearer["buffered_bytes"]) == (2, 100)
    text = "\n".join(described(ue))
    for said in ("paging        notified", "buffered      2 packets, 100 bytes",
                 "sent 2 times", "suspended     yes", "state         idle"):  # fmt: skip
        assert said in text
    assert "age" in text and "GBR" not in text


PREFIX = "2001:db8:45:1::/64"


@pytest.mark.parametrize("told", [{}, {"ipv4": "10.45.0.1"}, {"prefix": PREFIX}])
def test_what_an_sgw_alone_was_not_told(told: dict[str, str]) -> None:
    """Of a dual-stack connection the P-GW said one address or none, and no Charging ID."""
    session = {"s5c_teid": 0x0A, "s11_teid": 0x01000001, "lbi": 5, "pdn_type": "ipv4v6"}
    sections = {
        "gateway": SECTIONS["gateway"],
        "ue": SECTIONS["ue"],
        "session": octets("session", session | told),
        "bearer": octets("bearer", {"s1u_teid": 0x11, "s5c_teid": 0x0A, "ebi": 5}),
    }
    records = Records(lambda name: iter([sections.get(name, b"")]), SCHEMA)
    (row,) = sessions.find(records, Choice()).rows
    assert (row.ipv4, row.prefix) == (told.get("ipv4", ""), told.get("prefix", ""))
    ue = subscriber.find(records, CONNECTED)
    assert ue["sessions"][0]["addresses"] == list(told.values())
    assert ue["sessions"][0]["bearers"][0]["charging_id"] is None
    assert "charging ID" not in "\n".join(described(ue))


def test_a_subscriber_in_words() -> None:
    text = "\n".join(described(subscriber.find(gateway(), CONNECTED)))
    for said in ("IMSI          001010000000001", "PDN connection internet (ipv4v6)",
                 "charging ID   70", "default bearer 5\n", "dedicated bearer 7 by rule voice\n",
                 "filter        both udp remote 10.1.0.0/16 port 5060-5061 id 1 precedence 10",
                 "GBR           64 kbit/s up, 64 kbit/s down",
                 "13 packets, 1300 bytes (300 bytes in no charging record yet)"):  # fmt: skip
        assert said in text


def test_who_is_not_there() -> None:
    with pytest.raises(AgentError, match="no UE has the IMSI 001019999999999"):
        subscriber.find(gateway(), "001019999999999")
    for wrong in ("", "12345", "0010100000000012", "00101000000000x", "١٢٣٤٥٦"):
        with pytest.raises(ConfigError, match="is no IMSI"):
            subscriber.find(gateway(), wrong)


def test_peers() -> None:
    mme, enb = peers.find(gateway())
    assert (mme["state"], mme["restart_counter"]) == ("up", 4)
    assert (enb["state"], enb["restart_counter"]) == ("down", None)
    heading, first, second = peers.text([mme, enb]).splitlines()
    assert heading.split() == ["PEER", "PLANE", "STATE", "RESTARTS", "ECHO", "NOTIFICATIONS"]
    assert "next in 12.3 s" in first and "40 % less for 5 s" in first
    assert "sent 3 times, no answer" in second and second.endswith("  -")


def test_counters_in_groups() -> None:
    port = dict.fromkeys(
        ("rx_packets", "rx_bytes", "tx_packets", "tx_bytes", "tx_dropped", "rx_errors",
         "tx_errors", "last_rx_ns"), 0)  # fmt: skip
    engine = dict.fromkeys(
        ("bursts", "held", "held_peak", "held_dropped", "injected", "refused", "mode"), 1
    )
    groups = counters.grouped(
        {"sessions": 3, "drop_idle": 4}, {"s11": {**port, "rx_packets": 8}}, engine
    )
    assert groups["counters"] == {"sessions": 3} and groups["drops"] == {"idle": 4}
    text = counters.text(groups)
    assert "sessions      3" in text and "idle             4" in text
    assert text.split("\n\n")[2].splitlines()[1].split() == [
        "s11",
        "8",
        "0",
        "0",
        "0",
        "0",
        "0",
        "0",
    ]


def test_identities() -> None:
    for imsi in ("001010000000001", "00101000000001", "310260"):
        assert digits(tbcd_of_imsi(imsi)) == imsi
    assert plmn("13f062") == "310-26" and plmn("130062") == "310-260" and plmn("000000") == ""
    assert location("") == "" and location("18") == "" and location("0113f062000a0b0c") == (
        "CGI 310-26 10/2828"
    )  # fmt: skip


def test_the_skimmer_finds_what_construct_reads() -> None:
    """Every record of every section of a real image, and its fields of fixed length."""
    real = upgrade.read(DATA / "vepc-v1.img", SCHEMA).image
    for section in SCHEMA.image_sections:
        data = real.section(section.name).data or SECTIONS.get(section.name, b"")
        first = section.record.subcons[0].name
        try:
            skimmer = Skimmer(section.record, first)
        except KeyError:  # it has no fixed length: a text, or a record
            skimmer = Skimmer(section.record)
        at = 0
        for begin, end, values in skimmer.skim(data):
            assert begin == at
            record = section.record.parse(data[begin:end])
            assert section.record.build(record) == data[begin:end]
            for value in values:
                kind = getattr(section.record, first)
                assert kind.build(record[first]) == value
            at = end
        assert at == len(data)
    with pytest.raises(ImageError, match="a record at byte 0 is cut short"):
        list(Skimmer(SCHEMA.section("ue").record).skim(SECTIONS["ue"][:40]))


def test_the_skimmer_passes_lists_of_records_of_any_length() -> None:
    """A filter with ports is longer than one without."""
    who = {"imsi": "001010000000001", "apn": "internet", "rule": "call", "qci": 9}
    orders = [
        bearer_order.encode(bearer_order.order("add", {**who, "filters": filters}))
        for filters in (["up udp", "both tcp remote port 5-9"], ["down udp local port 80"])
    ]
    found = [
        (begin, end) for begin, end, _ in Skimmer(bearer_order.BEARER_ORDER).skim(b"".join(orders))
    ]
    length = len(orders[0])
    assert found == [(0, length), (length, length + len(orders[1]))]
    with pytest.raises(ImageError, match=f"a record at byte {length} is cut short"):
        list(Skimmer(bearer_order.BEARER_ORDER).skim(b"".join(orders)[:-1]))


def test_a_table() -> None:
    assert list(table.lines(("A", "NUMBER"), [("x", 5), ("", 100)])) == [
        "A  NUMBER", "x       5", "-     100"
    ]  # fmt: skip
    assert list(table.lines(("A", "B"), [])) == ["A  B"]


def test_damaged_records_are_an_error() -> None:
    spoilt = octets("session", {"s5c_teid": 1, "lbi": 5}).replace(b"\x05", b"\x63", 1)
    records = Records(lambda _: iter([spoilt]), SCHEMA)
    with pytest.raises(AgentError, match="a record of section session is none"):
        list(records.all("session"))
