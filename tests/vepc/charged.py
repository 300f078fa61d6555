"""The charging records that a gateway keeps, and why they were closed."""

from __future__ import annotations

from typing import Any

from .gateway import Gateway
from .policed import records

NORMAL, ABNORMAL, TIME_LIMIT, MANAGEMENT, RAT_CHANGE, SGW_CHANGE = 0, 4, 17, 20, 22, 25


def written(target: Gateway) -> list[dict[str, Any]]:
    """Its records, oldest first."""
    return records(target.state(), "record")
