"""Stored states of beds: they are read, and the night goes on from them as it went on then."""

import re
from functools import cache

import pytest

from fences.kept import HERE, Line, lines
from fences.story import digest, follow, happened, sleeper, whole
from fences.wiring import Happening

STORIES = sorted(path.name for path in (HERE / "states").glob("*.jsonl.gz"))


@cache
def kept(name: str) -> tuple[Line, list[Line], Line]:
    """Return a story, its states, and what followed."""
    story, *states, after = lines(HERE / "states" / name)
    return story, states, after


@cache
def events(name: str) -> list[Happening]:
    return happened(kept(name)[0])


def test_there_are_states_of_every_sort() -> None:
    states = [state for name in STORIES for state in kept(name)[1]]
    assert len(STORIES) >= 15
    assert len(states) >= 120
    shown = "\n".join(state["shown"] for state in states)
    for word in ("firing", "acknowledged", "snoozed", "unknown"):
        assert f'"state":"{word}"' in shown
    for words in ('"in_bed":false', '"in_bed":null', '"legs":"cold"'):
        assert words in shown
    assert re.search(r'"cold_in_min":\d', shown)
    assert {True, False} == {kept(name)[0]["learned"] for name in STORIES}


@pytest.mark.parametrize("name", STORIES)
def test_a_stored_state_is_written_again_byte_for_byte(name: str) -> None:
    story, states, _ = kept(name)
    for state in states:
        bed = sleeper(story, state["text"])
        assert bed.state() == state["text"], state["at"]
        assert " ".join(bed.shown()) == state["shown"], state["at"]


@pytest.mark.parametrize("name", STORIES)
def test_the_night_goes_on_from_a_stored_state(name: str) -> None:
    story, states, after = kept(name)
    every = {state["at"]: state["text"] for state in states}
    every[len(events(name))] = after["state"]
    for state in states:
        at = state["at"]
        found = follow(sleeper(story, state["text"]), events(name), at, stops=every)
        assert found.notices == [tuple(n) for n in after["notices"] if n[0] > at], at
        assert whole(found.views) == [tuple(v) for v in after["views"] if v[0] > at], at
        assert digest(found.views) == state["views"], at
        assert found.states == {n: text for n, text in every.items() if n > at}, at


def test_a_story_is_told_again_from_its_beginning() -> None:
    story, states, _ = kept("learned.jsonl.gz")
    at = states[-1]["at"]
    found = follow(sleeper(story), events("learned.jsonl.gz")[:at])
    assert found.states == {at: states[-1]["text"]}
