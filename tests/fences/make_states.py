"""Write the states of beds: stories over golden nights, and the moments at which a bed is kept."""

import re
from typing import Any

from fences.kept import HERE, Line, as_lines, save
from fences.story import digest, follow, happened, sleeper, whole

MOST = 7  # states of one story
EARLY = {"warmth.early_s": 600}


def tale(name: str, *nights: str, **more: Any) -> Line:
    """Return a story; what is said is given by how many windows had come."""
    given: Line = {
        "name": name,
        "nights": [[night, 1440 * number] for number, night in enumerate(nights)],
        "profile": "standard",
        "own": EARLY,
        "zone": "UTC",
        "learned": True,
        "clock": "synced",
        "lost": [],
        "shifts": [],
        "said": [],
    }
    return {**given, **more}


def say(after: int, what: str, kind: str | None = None, **more: Any) -> Line:
    return {"after": after, "say": what, "kind": kind, **more}


def ticks(first: int, last: int, what: str = "tick") -> list[Line]:
    """Return the looks at the clock while no window comes."""
    return [say(after, what) for after in range(first, last, 3)]


B = "body/body-3-0001"
TALES = (
    tale("uncovered", "uncovered", profile="at_risk", clock="played"),
    tale(
        "seen", f"{B}-uncovered_both",
        said=[say(0, "seen"), say(-40, "seen", "cold"), say(-900, "not useful")],
    ),
    tale(
        "quiet", "fan", zone="Europe/Berlin",
        said=[
            say(-30, "quiet", "cold", minutes=15, standing=True),
            say(-250, "quiet", minutes=60),
            say(-400, "quiet", "cold", minutes=30, episode=True),
            say(-430, "seen", "cold", episode=True),
            say(-440, "seen", "cold", episode_ms=1),
        ],
    ),
    tale(
        "hushed", f"{B}-uncovered_near", said=[say(700, "quiet", minutes=240)], own={},
        profile="at_risk",
    ),
    tale("budget", f"{B}-uncovered_both", own={**EARLY, "alerts.budget": 1, "alerts.wait_s": 0}),
    tale("still", f"{B}-plain", profile="at_risk", said=[say(-200, "seen", "still")]),
    tale("urgent", f"{B}-thin_bedding", own={**EARLY, "alerts.repeat_urgent": 3}),
    tale("stuck", f"{B}-stuck_leg", profile="at_risk"),
    tale("silent", "uncovered", lost=[[1500, 1800]], said=ticks(1500, 1800)),
    tale("away", "fan", lost=[[1200, 1700]], said=ticks(1200, 1700, "away")),
    tale("dead_movement", f"{B}-dead_movement"),
    tale("dead_leg", "dead_leg", clock="played", said=[say(-30, "seen")]),
    tale("no_mat", "no_mat", said=[say(-100, "quiet", "cold", minutes=30)]),
    tale("empty", "empty_bed"),
    tale("slipped", "mended/slipped_while_the_cover_was_up", said=[say(-60, "seen", "sensor")]),
    tale("agent_off", "agent_off", zone="America/New_York"),
    tale("early_sign", f"{B}-lain_upon", profile="at_risk"),
    tale("bathroom", f"{B}-two_stays", learned=False),
    tale("first_night", "uncovered", learned=False),
    tale(
        "learned", f"{B}-uncovered_all", f"{B}-uncovered_fan", learned=False,
        own={**EARLY, "alerts.learn_nights": 1, "alerts.learn_urgent": 1},
    ),
    tale("clock_set_back", "uncovered", shifts=[[-60, -180]]),
    tale("away_for_days", "uncovered", shifts=[[-60, 3 * 1440]], said=[say(-55, "tick")]),
)  # fmt: skip


def make() -> None:
    for story in TALES:
        kept = _kept(story)
        save(HERE / "states_v3c" / f"{story['name']}.jsonl.gz", as_lines(kept))


def _kept(story: Line) -> list[Line]:
    """Return the lines of a story: itself, its states, what followed."""
    _settle(story)
    events = happened(story)
    every = follow(sleeper(story), events)
    bed, begun, states = sleeper(story), 0, []
    for at in _moments(story, [n for n, _ in every.notices], every.views, len(events)):
        follow(bed, events[:at], begun)
        begun = at
        rest = [view for view in every.views if view[0] > at]
        shown = " ".join(bed.shown())
        states.append({"at": at, "text": bed.state(), "shown": shown, "views": digest(rest)})
    after = {
        "notices": every.notices,
        "views": whole(every.views),
        "state": every.states[len(events)],
    }
    return [story, *states, after]


def _settle(story: Line) -> None:
    """Give what is said its place and its time: below 0 is counted from the first sound."""
    silent = {**story, "said": [], "lost": [], "shifts": []}
    events = happened(silent)
    notices = follow(sleeper(silent), events).notices
    first = next((n for n, line in notices if '"what":"fired"' in line), len(events) // 2)
    story["shifts"] = [[_place(at, first), by] for at, by in story["shifts"]]
    for line in story["said"]:
        line["after"] = _place(line["after"], first)
        shift = sum(by for at, by in story["shifts"] if line["after"] > at)
        line["at_ms"] = events[line["after"]].at_ms - 4_000 + shift * 60_000
        if line.pop("episode", False):
            line["episode_ms"] = events[first - 1].at_ms
    story["said"].sort(key=lambda line: line["after"])


def _place(at: int, first: int) -> int:
    return at if at >= 0 else first - at


def _moments(
    story: Line, notices: list[int], views: list[tuple[int, str]], length: int
) -> list[int]:
    """Return the moments to keep: around notices and answers, and some plain ones."""
    empty = [n for n, shown in views if '"in_bed":false' in shown][:1]
    early = [n for n, shown in views if re.search(r'"cold_in_min":\d', shown)][:1]
    blind = [n for n, shown in views if '"state":"unknown"' in shown][:1]
    quiet = [n for n, shown in views if '"state":"snoozed"' in shown][:1]
    jumped = [at + 3 for at, _ in story["shifts"]]
    answered = [line["after"] + 2 for line in story["said"][:: max(1, len(story["said"]) // 3)]]
    some = notices[:: 1 + len(notices) // 5]
    wanted = [2, *early, *blind, *quiet, *jumped, *answered, *empty]
    wanted += [n - 20 for n in notices[:1]] + [n + 8 for n in some]
    wanted += [notices[0]] if notices else [length // 3 + 2, length // 2 + 4, length * 3 // 4 + 3]
    inside = dict.fromkeys(n for n in wanted if 0 < n < length)
    return sorted(list(inside)[:MOST])
