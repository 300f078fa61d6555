"""[[rule]] tables: what becomes of them, and the sentence for what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from portvnf import policy
from portvnf.errors import ConfigError
from portvnf.state.vepc_config import RULE
from portvnf.toml_table import Table

VOICE = {
    "name": "voice",
    "apn": "IMS",
    "imsi": "00101",
    "qci": 1,
    "priority": 2,
    "preemption_capability": True,
    "gbr_uplink": 41,
    "gbr_downlink": 41,
    "mbr_downlink": 64,
    "filters": ["both udp remote 10.13.0.0/24 port 5000-5010", "up tos 0xb8/0xfc precedence 9"],
}


def read(*tables: dict[str, Any]) -> list[dict[str, Any]]:
    named = [Table(values, f"vepc.toml, [[rule]] {n}") for n, values in enumerate(tables, 1)]
    return policy.rules(named, ["internet", "ims"])


def test_a_rule_becomes_a_record() -> None:
    (rule,) = read(VOICE)
    assert RULE.parse(RULE.build(rule)).qos.qci == 1
    assert (rule["apn"], rule["imsi"]) == ("ims", "00101")
    assert rule["qos"] == {
        "qci": 1,
        "arp": 2 << 2,  # may pre-empt, may be pre-empted
        "mbr_uplink": 41,
        "mbr_downlink": 64,
        "gbr_uplink": 41,
        "gbr_downlink": 41,
    }
    first, second = rule["filters"]
    assert (first["identifier"], first["precedence"], first["direction"]) == (0, 0, "bidirectional")
    assert (first["remote"], first["remote_mask"]) == ("10.13.0.0", "ff" * 15 + "00")
    assert (first["protocol"], first["remote_ports"]) == ([17], [5000, 5010])
    assert (second["identifier"], second["precedence"], second["direction"]) == (1, 9, "uplink")
    assert (second["traffic_class"], second["traffic_class_mask"]) == (0xB8, 0xFC)


def test_filters_are_tried_in_the_order_of_the_file() -> None:
    rules = read(VOICE, VOICE | {"name": "video", "qci": 2})
    assert [f["precedence"] for rule in rules for f in rule["filters"]] == [0, 9, 2, 9]


def test_pre_emption_by_default_is_not_allowed_but_suffered() -> None:
    (rule,) = read({"name": "x", "qci": 7, "filters": ["up udp"]})
    assert rule["qos"]["arp"] == 1 << 6 | 15 << 2
    assert rule["qos"]["mbr_uplink"] == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "two words"}, "a rule's name is 1 to 31 printable characters"),
        ({"apn": "web"}, "there is no APN 'web', only internet, ims"),
        ({"imsi": "001x"}, "imsi = '001x' is not the first digits of an IMSI"),
        ({"qci": 0}, "qci must be 1 to 254, not 0"),
        ({"qci": 5}, "QCI 5 has no bit rates of its own, but shares the APN-AMBR"),
        ({"gbr_uplink": 0, "gbr_downlink": 0}, "QCI 1 needs gbr_uplink or gbr_downlink"),
        ({"mbr_downlink": 9}, "mbr_downlink is under gbr_downlink"),
        ({"priority": 16}, "priority must be 1 to 15, not 16"),
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"filters": []}, "1 to 8 filters are needed, not 0"),
        ({"filters": ["up udp"] * 9}, "1 to 8 filters are needed, not 9"),
        ({"filters": ["up udp id 1", "up tcp"]}, "two filters have the same identifier"),
        ({"filters": ["up udp precedence 1", "up tcp"]}, "two filters have the same precedence"),
        (
            {"filters": ["up remote 2001:db8::1 local 2001:db8::/64"] * 5},
            "the filters take 271 bytes of a template; 255 are the most",
        ),
    ],
)
def test_what_a_rule_cannot_be(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(VOICE | change)
    assert raised.value.message.startswith("vepc.toml, [[rule]] 1: ")
    assert sentence in raised.value.message


def test_no_two_rules_have_one_name() -> None:
    with pytest.raises(ConfigError, match=r"\[\[rule\]\] 2: rule 'voice' is there already"):
        read(VOICE, VOICE)
    with pytest.raises(ConfigError, match="at most 16"):
        read(*(VOICE | {"name": f"r{n}"} for n in range(17)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("udp", "it must begin with one of down, up, both, old, not 'udp'"),
        ("up", "it fits every packet; say what it is for"),
        ("up precedence 4", "it fits every packet; say what it is for"),
        ("up udp tcp", "protocol is there twice"),
        ("up udp remote port 1 remote port 2", "remote is there twice"),
        ("", "it has no words"),
        ("up 256", "protocol must be 0 to 255, not 256"),
        ("up quic", "'quic' is not known"),
        ("up remote", "something is missing after 'remote'"),
        ("up remote example.org", "remote 'example.org' is no address, network or port"),
        ("up remote 10.0.0.0/33", "remote '10.0.0.0/33' is no address, network or port"),
        ("up remote fe80::1%eth0", "is no address, network or port"),
        ("up remote ::ffff:10.0.0.1", "is an IPv4 address; write it as one"),
        ("up remote ::/0", "cannot be told from any address; leave it out"),
        ("up local 2001:db8::1/ffff::1", "local '2001:db8::1/ffff::1' needs a prefix length"),
        ("up remote port", "something is missing after 'port'"),
        ("up remote port x", "port 'x' is no number"),
        ("up remote port 65536", "port must be 0 to 65535, not 65536"),
        ("up remote port 9-8", "the ports 9-8 are in the wrong order"),
        ("up tos 256", "tos must be 0 to 255, not 256"),
        ("up tos 1/0", "tos with the mask 0 says nothing"),
        ("up flow 0x100000", "flow must be 0 to 1048575, not 0x100000"),
        ("up udp id 16", "id must be 0 to 15, not 16"),
        ("up udp precedence 256", "precedence must be 0 to 255, not 256"),
        ("up remote 10.0.0.1 local ::1", "remote and local are not of one family"),
        ("up remote 10.0.0.1 flow 1", "a packet of IPv4 has no flow label"),
        ("up remote port 1 spi 1", "no packet has both ports and an SPI"),
        ("up icmp local port 1", "packets of protocol 1 have no ports"),
        ("up udp spi 1", "packets of protocol 17 have no SPI"),
    ],
)
def test_what_a_filter_cannot_be(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(VOICE | {"filters": [text]})
    assert raised.value.message.startswith(f"vepc.toml, [[rule]] 1: filter {text!r}: ")
    assert sentence in raised.value.message
