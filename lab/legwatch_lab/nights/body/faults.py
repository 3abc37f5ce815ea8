"""The kinds of nights in which a sensor fails; in none of them does anything lie bare."""

from dataclasses import replace
from random import Random

from legwatch_lab.nights.body.scenario import Scenario
from legwatch_lab.nights.spans import HOUR_S, MINUTE_S, Fault, Span

# A sensor that is silent from the begin is not in the recording: nobody could know that it exists.
HEARD_S = 30 * MINUTE_S


def dead_leg(story: Scenario, chance: Random) -> Scenario:
    """Let the leg sensor fall silent, or say nothing but zeros, for one to five hours."""
    return _faulty(story, Fault("leg", chance.choice(("silent", "zeros")), _later(story, chance)))


def stuck_leg(story: Scenario, chance: Random) -> Scenario:
    """Freeze the leg sensor's temperature and humidity."""
    return _faulty(story, Fault("leg", "stuck", _later(story, chance)))


def slow_leg(story: Scenario, _chance: Random) -> Scenario:
    """Pack the leg sensor so that it follows the air only slowly."""
    return _faulty(story, Fault("leg", "slow", Span(0, story.length_s)))


def displaced(story: Scenario, chance: Random) -> Scenario:
    """Push the leg sensor out of the bed, by a turn."""
    begin_s = _later(story, chance).from_s
    return _faulty(story, Fault("leg", "displaced", Span(begin_s, story.length_s)))


def lain_upon(story: Scenario, chance: Random) -> Scenario:
    """Roll onto the leg sensor, and off it."""
    return _faulty(story, Fault("leg", "lain_upon", _later(story, chance)))


def dead_movement(story: Scenario, chance: Random) -> Scenario:
    """Let the movement sensor see nothing all night, or fall silent in its first hours."""
    what = chance.choice(("silent", "blind"))
    latest_s = story.in_bed[0].from_s + 3 * HOUR_S
    begin_s = chance.randrange(HEARD_S, latest_s) if what == "silent" else 0
    return _faulty(story, Fault("movement", what, Span(begin_s, story.length_s)))


def gaps(story: Scenario, chance: Random) -> Scenario:
    """Lose a sensor or all of them for a few minutes, several times."""
    for sensor in ("leg", "leg", "room", "leg", "agent", "agent"):
        begin_s = chance.randrange(story.length_s - 10 * MINUTE_S)
        span = Span(begin_s, begin_s + chance.randrange(2 * MINUTE_S, 8 * MINUTE_S))
        story = _faulty(story, Fault(sensor, "silent", span))
    return story


def agent_off(story: Scenario, chance: Random) -> Scenario:
    """Switch the whole agent off for 40-120 min."""
    begin_s = _later(story, chance).from_s
    span = Span(begin_s, begin_s + chance.randrange(40, 121) * MINUTE_S)
    return _faulty(story, Fault("agent", "silent", span))


def dead_room(story: Scenario, chance: Random) -> Scenario:
    """Lose the room sensor half an hour after the begin, or from some hour on."""
    begin_s = chance.choice((HEARD_S, _later(story, chance).from_s))
    return _faulty(story, Fault("room", "silent", Span(begin_s, story.length_s)))


def _later(story: Scenario, chance: Random) -> Span:
    """Draw an hour to five, from an hour after going to bed on."""
    stay = story.in_bed[0]
    begin_s = chance.randrange(stay.from_s + HOUR_S, stay.to_s - 2 * HOUR_S)
    return Span(begin_s, min(story.length_s, begin_s + chance.randrange(60, 300) * MINUTE_S))


def _faulty(story: Scenario, fault: Fault) -> Scenario:
    return replace(story, faults=(*story.faults, fault))
