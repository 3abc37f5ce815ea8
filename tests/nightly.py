"""Nights for tests: a sleeper described hour by hour becomes windows."""

import math
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

import pytest

from legwatch.events import Window
from legwatch.limits.profile import build, merge, parse_profile
from legwatch.limits.rules import Rules

REPO = Path(__file__).resolve().parents[1]
PROFILES = REPO / "config" / "profiles"
BERLIN = ZoneInfo("Europe/Berlin")
TEN_S = 10_000


@cache
def rules(profile: str = "standard", zone: str = "Europe/Berlin", **own: float) -> Rules:
    """Return a profile's rules without early signs; own limits are given as `warmth__warn_c=26`."""
    names = ["standard"] if profile == "standard" else ["standard", profile]
    tables = [parse_profile((PROFILES / f"{name}.toml").read_text(), name) for name in names]
    # Early signs have tests of their own, and would stand in every list of the others.
    given = {"warmth.early_s": 0, **{key.replace("__", "."): v for key, v in own.items()}}
    return build(merge(tables), given, zone=ZoneInfo(zone))


def need(command: str, package: str = "") -> str:
    """Return where a real component is; without it skip in one line, or fail if all is required."""
    path = shutil.which(command, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        miss(f"{command} is not installed: sudo apt install {package or command}")
    return path


def miss(why: str) -> NoReturn:
    """Skip in one line for something that is missing, or fail if all is required."""
    if os.environ.get("LEGWATCH_REQUIRE") == "all":
        pytest.fail(f"{why} (LEGWATCH_REQUIRE=all)")
    pytest.skip(why)


def ms(text: str) -> int:
    """Return UTC milliseconds of `2026-01-02T22:00Z`."""
    moment = datetime.fromisoformat(text)
    assert moment.tzinfo is not None
    return int(moment.astimezone(UTC).timestamp() * 1000)


Minute = float
Level = Callable[[Minute], float | None]


def night(
    *,
    begin: str = "2026-01-02T21:00Z",
    minutes: int = 480,
    leg: Level = lambda m: round(31 + 0.3 * math.sin(m / 7), 1),
    room: Level = lambda _m: 18.0,
    moves: Callable[[Minute], int | None] = lambda m: 1 if m % 20 < 0.1 else 0,
    mat: Callable[[Minute], bool | None] = lambda _m: True,
    silent: Callable[[Minute], bool] = lambda _m: False,
    rh: Level = lambda _m: None,
    active: Level = lambda _m: None,
) -> Iterator[Window]:
    """Yield ten-second windows; every argument is a function of the minutes since `begin`."""
    start = ms(begin)
    for i in range(minutes * 6):
        m = i / 6
        if silent(m):
            continue
        from_ms = start + i * TEN_S
        yield Window(
            "00000000",
            i + 1,
            from_ms,
            from_ms + TEN_S,
            (i + 1) * TEN_S,
            "played",
            leg_c=leg(m),
            leg_rh=rh(m),
            room_c=room(m),
            room_rh=rh(m),
            moves=moves(m),
            in_bed=mat(m),
            moved_s=active(m),
            active_s=active(m),
        )


def wobbling(celsius: float) -> Level:
    """Return air that is never exactly the same, as real air is."""
    return lambda m: round(celsius + 0.3 * math.sin(m / 7), 1)


def bare(
    *spans: tuple[float, float], warm_c: float = 31.0, bare_c: float = 22.0, lag_min: float = 6.0
) -> Level:
    """Return air by legs that lie bare during the spans (minutes), with a first-order lag."""

    def celsius(m: float) -> float:
        now, at = 20.0, 0.0
        edges = sorted({edge for span in spans for edge in span if edge < m} | {m})
        for edge in edges:
            middle = (at + edge) / 2
            goal = bare_c if any(a <= middle < b for a, b in spans) else warm_c
            now = goal + (now - goal) * math.exp(-(edge - at) / lag_min)
            at = edge
        return round(now + 0.2 * math.sin(m / 7), 1)

    return celsius
