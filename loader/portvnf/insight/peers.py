"""The peers that a gateway speaks GTP with, and how the paths to them are."""

from __future__ import annotations

from typing import Any

from portvnf.insight import table
from portvnf.insight.records import Records

_PLANES = {"gtp_c": "GTP-C", "gtp_u": "GTP-U"}


def find(records: Records) -> list[dict[str, Any]]:
    """All paths in plain values, in the gateway's order."""
    return [
        {
            "peer": path.peer,
            "plane": _PLANES[path.plane],
            "state": _state(path),
            "restart_counter": path.restart_counter if path.restart_known == "yes" else None,
            "echo_remaining_ms": path.echo_remaining_ms,
            "echo_tries": path.echo_tries,
            "notification_delay_ms": path.notification_delay_ms,
            "throttling_percent": path.throttling_percent,
            "throttling_remaining_ms": path.throttling_remaining_ms,
        }
        for path in records.all("path")
    ]


def _state(path: Any) -> str:
    if path.down == "yes":
        return "down"
    if path.purging == "yes":
        return "restarted, purging"
    return "no answer yet" if path.echo_tries else "up"


def text(found: list[dict[str, Any]]) -> str:
    """The same as a table."""
    rows = [
        (
            path["peer"],
            path["plane"],
            path["state"],
            path["restart_counter"],
            _echo(path),
            _wish(path),
        )
        for path in found
    ]
    headings = ("PEER", "PLANE", "STATE", "RESTARTS", "ECHO", "NOTIFICATIONS")
    return "\n".join(table.lines(headings, rows))


def _echo(path: dict[str, Any]) -> str:
    if path["echo_tries"]:
        return f"sent {path['echo_tries']} times, no answer"
    return f"next in {path['echo_remaining_ms'] / 1000:.1f} s" if path["echo_remaining_ms"] else ""


def _wish(path: dict[str, Any]) -> str:
    """What the MME asked for concerning Downlink Data Notifications."""
    wishes = []
    if path["notification_delay_ms"]:
        wishes.append(f"delayed {path['notification_delay_ms']} ms")
    if path["throttling_remaining_ms"]:
        seconds = path["throttling_remaining_ms"] / 1000
        wishes.append(f"{path['throttling_percent']} % less for {seconds:.0f} s")
    return ", ".join(wishes)
