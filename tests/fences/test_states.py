"""Stored states of beds: they are read, and the night goes on from them as it went on then.

`states` are of version 1, `states_v2` of the present version.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from fences.kept import HERE, Line, lines
from fences.reworded import as_said_then
from fences.story import digest, follow, happened, sleeper, whole
from fences.wiring import Happening, as_kept_in_v1

V1 = sorted((HERE / "states").glob("*.jsonl.gz"))
V2 = sorted((HERE / "states_v2").glob("*.jsonl.gz"))
HOURS = re.compile(r"\b(\d+) h(?: \d+ min)?")  # of a text: from two days on it now says days
NOT_KEPT_IN_V1 = re.compile(r'"(still_min|cold_in_min)":\d+')


def in_days(line: str) -> str:
    """Return a notice as it is worded today: what has lasted two days or more is said in days."""
    return HOURS.sub(lambda m: f"{int(m[1]) // 24} days" if int(m[1]) >= 48 else m[0], line)


def name(path: Path) -> str:
    return f"{path.parent.name}-{path.name.removesuffix('.jsonl.gz')}"


@cache
def kept(path: Path) -> tuple[Line, list[Line], Line]:
    """Return a story, its states, and what followed."""
    story, *states, after = lines(path)
    return story, states, after


@cache
def events(path: Path) -> list[Happening]:
    return happened(kept(path)[0])


@pytest.mark.parametrize("paths", [V1, V2], ids=["v1", "v2"])
def test_there_are_states_of_every_sort(paths: list[Path]) -> None:
    states = [state for path in paths for state in kept(path)[1]]
    assert len(paths) >= 15
    assert len(states) >= 120
    shown = "\n".join(state["shown"] for state in states)
    for word in ("firing", "acknowledged", "snoozed", "unknown"):
        assert f'"state":"{word}"' in shown
    for words in ('"in_bed":false', '"in_bed":null', '"legs":"cold"'):
        assert words in shown
    assert re.search(r'"cold_in_min":\d', shown)
    assert {True, False} == {kept(path)[0]["learned"] for path in paths}


@pytest.mark.parametrize("path", V2, ids=name)
def test_a_stored_state_is_written_again_byte_for_byte(path: Path) -> None:
    story, states, _ = kept(path)
    for state in states:
        bed = sleeper(story, state["text"])
        assert bed.state() == state["text"], state["at"]
        assert " ".join(bed.shown()) == state["shown"], state["at"]


@pytest.mark.parametrize("path", V1, ids=name)
def test_an_old_state_shows_the_same_but_for_what_it_did_not_keep(path: Path) -> None:
    story, states, _ = kept(path)
    for state in states:
        bed = sleeper(story, state["text"])
        shown = NOT_KEPT_IN_V1.sub(r'"\1":null', state["shown"])
        assert " ".join(bed.shown()) == shown, state["at"]
        assert sleeper(story, bed.state()).state() == bed.state(), state["at"]


# A state of version 2 is read as the same bed (above); every fifth shows that it goes on, too.
FIFTHS = V1[::5] + V2[::5]
REST = [pytest.param(path, marks=pytest.mark.slow) for path in V1 if path not in FIFTHS]


@pytest.mark.parametrize("path", [*FIFTHS, *REST], ids=name)
def test_the_night_goes_on_from_a_stored_state(path: Path) -> None:
    story, states, after = kept(path)
    form: Callable[[str], str] = as_kept_in_v1 if path in V1 else str
    every = {state["at"]: form(state["text"]) for state in states}
    every[len(events(path))] = form(after["state"])
    for state in states:
        at = state["at"]
        found = follow(sleeper(story, state["text"]), events(path), at, stops=every)
        kept_notices = [(n[0], in_days(n[1])) for n in after["notices"] if n[0] > at]
        assert as_said_then(found.notices) == kept_notices, at
        assert whole(found.views) == [tuple(v) for v in after["views"] if v[0] > at], at
        assert digest(found.views) == state["views"], at
        reached = {n: form(text) for n, text in found.states.items()}
        assert reached == {n: text for n, text in every.items() if n > at}, at


def test_a_story_is_told_again_from_its_beginning() -> None:
    path = HERE / "states_v2" / "learned.jsonl.gz"
    story, states, _ = kept(path)
    at = states[-1]["at"]
    found = follow(sleeper(story), events(path)[:at])
    assert found.states == {at: states[-1]["text"]}
