"""An image of the previous version loads. tests/data/vepc-v1.img was written by the VNF of
version 1, and vepc-v1.jsonl by `portvnf image show --json` of that time."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from portvnf import config
from portvnf.errors import ImageError, StateError
from portvnf.state import image, upgrade, versions
from portvnf.state.difference import flatten
from portvnf.state.schema import load_schema
from portvnf.state.versions import vepc_v1

from ..vepc import packets
from ..vepc.gateway import DATA, S1U, SGI, Gateway, configuration, load
from ..vepc.population import SERVER, datagram, user4
from .strategies import record

OLD = DATA / "vepc-v1.img"
SCHEMA = load_schema("vepc")


def told() -> dict[str, list[dict[str, Any]]]:
    """What version 1 said that the image holds, by section."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in (DATA / "vepc-v1.jsonl").read_text().splitlines():
        values = json.loads(line)
        found.setdefault(values.pop("section"), []).append(values)
    return found


def shown(given: image.Image, section: str) -> list[dict[str, Any]]:
    return [dict(flatten(record)) for record in image.records(given, section)]


@pytest.fixture(scope="module")
def upgraded() -> image.Image:
    loaded = upgrade.read(OLD, SCHEMA)
    assert loaded.upgraded and loaded.written_as is vepc_v1.SCHEMA
    return loaded.image


def test_the_frozen_version_is_the_one_that_was_released() -> None:
    assert vepc_v1.SCHEMA.sha256() == vepc_v1.SHA256
    assert image.stated_schema(OLD.read_bytes(), "it").sha256 == vepc_v1.SHA256
    assert versions.of_digest(vepc_v1.SHA256) is vepc_v1.SCHEMA
    assert versions.load_version("vepc", 1) is vepc_v1.SCHEMA


def test_the_frozen_version_reads_what_was_written() -> None:
    old = image.read(OLD, vepc_v1.SCHEMA)
    assert image.encode(old) == OLD.read_bytes()
    for section, values in told().items():
        assert shown(old, section) == values


def test_nothing_that_was_there_is_lost_or_altered(upgraded: image.Image) -> None:
    """Every value of version 1 stands in the record of version 2 under its present name."""
    renamed = {
        "gateway": {"s11": "s11.ipv4", "s1u": "s1u.ipv4"},
        "path": {"ipv4": "peer"},
        "ue": {"mme.ipv4": "mme.address"},
        "bearer": {
            "enb.ipv4": "enb.address",
            **{name: f"qos.{name}" for name in ("qci", "arp")},
            **{f"{b}_{way}": f"qos.{b}_{way}" for b in ("mbr", "gbr") for way in
               ("uplink", "downlink")},
        },
    }  # fmt: skip
    for section, before in told().items():
        after = shown(upgraded, section)
        assert len(after) == len(before)
        for old, new in zip(before, after, strict=True):
            for name, value in old.items():
                if (section, name) == ("session", "charging_id"):
                    continue
                present = renamed.get(section, {}).get(name, name)
                assert new[present] == ("::" if value == "0.0.0.0" != new[present] else value)


def test_each_bearer_gets_a_charging_id(upgraded: image.Image) -> None:
    of_session = {s["s5c_teid"]: s["charging_id"] for s in told()["session"]}
    bearers = shown(upgraded, "bearer")
    assert [b["charging_id"] for b in bearers] == [of_session[b["s5c_teid"]] for b in bearers]
    by_bearer = {b["s1u_teid"]: b["charging_id"] for b in bearers}
    for usage in shown(upgraded, "usage"):
        assert usage["charging_id"] == by_bearer[usage["s1u_teid"]]


def test_further_bearers_get_charging_ids_of_their_own() -> None:
    """No instance of version 1 made dedicated bearers, but its schema can hold them."""
    old = image.read(OLD, vepc_v1.SCHEMA)
    section = vepc_v1.SCHEMA.section("bearer")
    *first, last = list(image.records(old, "bearer"))
    dedicated = {**last, "s1u_teid": 0x01000777, "ebi": 9}
    data = b"".join(section.record.build(r) for r in (*first, last, dedicated))
    parts = [p for p in old.sections if p.number != section.number]
    parts.append(image.SectionData(section.number, len(first) + 2, data))
    new = upgrade.upgrade(image.build(old.schema, "", parts), SCHEMA)
    (gateway,) = shown(new, "gateway")
    (before,) = told()["gateway"]
    assert shown(new, "bearer")[-1]["charging_id"] == before["next_charging_id"]
    assert gateway["next_charging_id"] == before["next_charging_id"] + 1


def test_the_upgraded_image_is_canonical(upgraded: image.Image, tmp_path: Path) -> None:
    assert [part.number for part in upgraded.sections] == [s.number for s in SCHEMA.image_sections]
    path = tmp_path / "new.img"
    image.write(path, upgraded)
    again = upgrade.read(path, SCHEMA)
    assert again.image == upgraded and not again.upgraded
    for name in ("filter", "packet", "transaction", "bucket", "record"):
        assert upgraded.section(name).data == b""


SECTIONS = [section.name for section in vepc_v1.SCHEMA.image_sections if section.name != "gateway"]


@pytest.mark.parametrize("name", SECTIONS)
@settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate])
@given(data=st.data())
def test_any_record_of_version_1_can_be_told_in_version_2(name: str, data: st.DataObject) -> None:
    section = vepc_v1.SCHEMA.section(name)
    drawn = data.draw(st.lists(record(section.record), max_size=3))
    old = image.read(OLD, vepc_v1.SCHEMA)
    parts = [p for p in old.sections if p.number != section.number]
    body = b"".join(section.record.build(values) for values in drawn)
    parts.append(image.SectionData(section.number, len(drawn), body))
    new = upgrade.upgrade(image.build(old.schema, "", parts), SCHEMA)
    assert len(shown(new, name)) == len(drawn)


def test_what_cannot_be_upgraded_is_refused() -> None:
    data = OLD.read_bytes()
    newer = dataclasses.replace(SCHEMA, version=SCHEMA.version + 1)
    with pytest.raises(ImageError, match=r"is newer than this host's vepc version 2: a newer"):
        upgrade.decode(image.encode(image.Image(newer, "", ())), SCHEMA, "x.img")
    unknown = data[:24] + bytes(32) + data[56:]
    with pytest.raises(ImageError, match=r"is of another state schema \(version 1, 000000000000"):
        upgrade.decode(unknown, SCHEMA, "x.img")
    with pytest.raises(ImageError, match=r"x\.img is damaged: its SHA-256"):
        upgrade.decode(data[:300] + b"\xa5\x5a" + data[302:], SCHEMA, "x.img")
    current = upgrade.read(OLD, SCHEMA).image
    with pytest.raises(ImageError, match="nothing leads from vepc version 2 to vepc version 1"):
        upgrade.upgrade(current, vepc_v1.SCHEMA)


def test_a_record_that_is_not_canonical_is_refused() -> None:
    old = image.read(OLD, vepc_v1.SCHEMA)
    parts = list(old.sections)
    bearer = vepc_v1.SCHEMA.section("bearer").number
    at = next(n for n, part in enumerate(parts) if part.number == bearer)
    spoilt = bytearray(parts[at].data)
    spoilt[8] = 3  # EBI
    parts[at] = dataclasses.replace(parts[at], data=bytes(spoilt))
    data = image.encode(image.build(old.schema, "", parts))
    with pytest.raises(ImageError, match=r"x\.img: section bearer, record 0 \(byte 0\): ebi"):
        upgrade.decode(data, SCHEMA, "x.img")


@pytest.mark.parametrize("engine", ["native", "jit"])
def test_an_instance_serves_what_version_1_left(upgraded: image.Image, engine: str) -> None:
    gateway = Gateway(load(engine), configuration("thousands"))
    try:
        gateway.take({part.number: part.data for part in upgraded.sections})
    except StateError as error:
        pytest.fail(f"the upgraded image is refused: {error}")
    sessions = told()["session"]
    assert gateway.counters()["sessions"] == len(sessions)
    for section in SCHEMA.image_sections:
        assert gateway.section(section.number) == upgraded.section(section.name).data, section.name
    served = [s for s in sessions if s["pdn_type"] == "ipv4"]
    assert served
    bearers = {b["s5c_teid"]: b for b in told()["bearer"]}
    for session in served:
        bearer = bearers[session["s5c_teid"]]
        address = bytes(map(int, session["ipv4"].split(".")))
        inner = user4(address, SERVER, b"up")
        message = b"\x30\xff" + len(inner).to_bytes(2, "big")
        message += bearer["s1u_teid"].to_bytes(4, "big") + inner
        up = datagram(packets.ENB, packets.GATEWAY_S1U, 2152, message)
        assert gateway.one(S1U, up) == ("", [(SGI, inner)])
        if bearer["connected"] == "yes":
            ((port, packet),) = gateway.one(SGI, user4(SERVER, address, b"down"))[1]
            assert port == S1U and packet[32:36] == bearer["enb.teid"].to_bytes(4, "big")


def test_charging_intervals_begin_where_they_are_configured(
    upgraded: image.Image, tmp_path: Path
) -> None:
    """Version 1 had none; a gateway that has some applies them to what it takes over."""
    path = tmp_path / "intervals.toml"
    text = (DATA / "thousands.toml").read_text()
    path.write_text(text.replace("[gateway]", "[gateway]\nrecord_s = 60", 1))
    gateway = Gateway(load("native"), config.load(path).encoded)
    gateway.take({part.number: part.data for part in upgraded.sections})
    number = SCHEMA.section("session").number
    parts = (image.SectionData(number, len(told()["session"]), gateway.section(number)),)
    sessions = list(image.records(image.Image(SCHEMA, "", parts), "session"))
    assert len(sessions) == len(told()["session"])
    remaining = [session.record_remaining_ms for session in sessions]
    assert all(0 < ms <= 60_000 for ms in remaining) and len(set(remaining)) > 1
