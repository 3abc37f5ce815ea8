"""Stored states of beds: they are read, and the night goes on from them as it went on then.

`states` are of version 1, `states_v2` of version 2, the others of the present version, which has
got two fields more in `states_v3b`, and two more in `states_v3c`.
"""

import re
from functools import cache
from pathlib import Path

import pytest

from fences.kept import HERE, Line, lines
from fences.story import digest, follow, happened, sleeper, whole
from fences.wiring import Happening, as_kept_in_v1

V1 = sorted((HERE / "states").glob("*.jsonl.gz"))
V2 = sorted((HERE / "states_v2").glob("*.jsonl.gz"))
V3 = sorted(path for old in ("v3", "v3b") for path in (HERE / f"states_{old}").glob("*.jsonl.gz"))
NOW = sorted((HERE / "states_v3c").glob("*.jsonl.gz"))
NOT_KEPT_IN_V1 = re.compile(r'"(still_min|cold_in_min)":\d+')


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


@pytest.mark.parametrize("paths", [V1, V2, V3, NOW], ids=["v1", "v2", "v3", "now"])
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


@pytest.mark.parametrize("path", NOW, ids=name)
def test_a_stored_state_is_written_again_byte_for_byte(path: Path) -> None:
    story, states, _ = kept(path)
    for state in states:
        bed = sleeper(story, state["text"])
        assert bed.state() == state["text"], state["at"]
        assert " ".join(bed.shown()) == state["shown"], state["at"]


@pytest.mark.parametrize("path", V1 + V2 + V3, ids=name)
def test_an_old_state_shows_the_same_but_for_what_it_did_not_keep(path: Path) -> None:
    story, states, _ = kept(path)
    for state in states:
        bed = sleeper(story, state["text"])
        shown = state["shown"]
        if path in V1:
            shown = NOT_KEPT_IN_V1.sub(r'"\1":null', shown)
        assert " ".join(bed.shown()) == shown, state["at"]
        assert sleeper(story, bed.state()).state() == bed.state(), state["at"]


# Every fifth shows that the night goes on; the rest is read as the same bed (above).
FIFTHS = NOW[::5]
REST = [pytest.param(path, marks=pytest.mark.slow) for path in NOW if path not in FIFTHS]


@pytest.mark.parametrize("path", [*FIFTHS, *REST], ids=name)
def test_the_night_goes_on_from_a_stored_state(path: Path) -> None:
    story, states, after = kept(path)
    every = {state["at"]: state["text"] for state in states}
    every[len(events(path))] = after["state"]
    for state in states:
        at = state["at"]
        found = follow(sleeper(story, state["text"]), events(path), at, stops=every)
        assert found.notices == [tuple(n) for n in after["notices"] if n[0] > at], at
        assert whole(found.views) == [tuple(v) for v in after["views"] if v[0] > at], at
        assert digest(found.views) == state["views"], at
        assert found.states == {n: text for n, text in every.items() if n > at}, at


@pytest.mark.parametrize("number", range(0, len(V2), 4))
def test_a_night_goes_on_from_the_states_of_older_versions_alike(number: int) -> None:
    """What is told is what is told today: the rules have changed since those were written."""
    first, second = V1[number], V2[number]
    assert first.name == second.name
    story, states, _ = kept(second)
    oldest = {state["at"]: state["text"] for state in kept(first)[1]}
    for state in states:
        at, end = state["at"], len(events(second))
        one, other = (
            follow(sleeper(story, text), events(second), at, stops=[end])
            for text in (oldest[at], state["text"])
        )
        assert one.notices == other.notices, at
        assert as_kept_in_v1(one.states[end]) == as_kept_in_v1(other.states[end]), at


def test_a_story_is_told_again_from_its_beginning() -> None:
    path = HERE / "states_v3c" / "learned.jsonl.gz"
    story, states, _ = kept(path)
    at = states[-1]["at"]
    found = follow(sleeper(story), events(path)[:at])
    assert found.states == {at: states[-1]["text"]}
