"""The kinds of nights in which a sensor fails; legs and feet are never uncovered in them."""

from dataclasses import replace
from random import Random

from legwatch_lab.nights.body.scenario import Scenario
from legwatch_lab.nights.spans import HOUR_S, MINUTE_S, Fault, Span

# Let the sensor send first: the engine does not know a sensor that never sent a reading.
HEARD_S = 30 * MINUTE_S


def dead_leg(scenario: Scenario, rng: Random) -> Scenario:
    """Make the leg sensor silent, or let it send only zeros, for one to five hours."""
    return _faulty(scenario, Fault("leg", rng.choice(("silent", "zeros")), _later(scenario, rng)))


def stuck_leg(scenario: Scenario, rng: Random) -> Scenario:
    """Let the leg sensor repeat one temperature and one humidity."""
    return _faulty(scenario, Fault("leg", "stuck", _later(scenario, rng)))


def slow_leg(scenario: Scenario, _rng: Random) -> Scenario:
    """Wrap the leg sensor, so that it follows the air slowly."""
    return _faulty(scenario, Fault("leg", "slow", Span(0, scenario.length_s)))


def displaced(scenario: Scenario, rng: Random) -> Scenario:
    """Let a turn push the leg sensor out of the bed."""
    begin_s = _later(scenario, rng).from_s
    return _faulty(scenario, Fault("leg", "displaced", Span(begin_s, scenario.length_s)))


def lain_upon(scenario: Scenario, rng: Random) -> Scenario:
    """Let the sleeper roll onto the leg sensor, and off again later."""
    return _faulty(scenario, Fault("leg", "lain_upon", _later(scenario, rng)))


def dead_movement(scenario: Scenario, rng: Random) -> Scenario:
    """Make the movement sensor blind all night, or silent from some time in the first hours on."""
    what = rng.choice(("silent", "blind"))
    latest_s = scenario.in_bed[0].from_s + 3 * HOUR_S
    begin_s = rng.randrange(HEARD_S, latest_s) if what == "silent" else 0
    return _faulty(scenario, Fault("movement", what, Span(begin_s, scenario.length_s)))


def gaps(scenario: Scenario, rng: Random) -> Scenario:
    """Make one sensor or all sensors silent for a few minutes, several times."""
    for sensor in ("leg", "leg", "room", "leg", "agent", "agent"):
        begin_s = rng.randrange(scenario.length_s - 10 * MINUTE_S)
        span = Span(begin_s, begin_s + rng.randrange(2 * MINUTE_S, 8 * MINUTE_S))
        scenario = _faulty(scenario, Fault(sensor, "silent", span))
    return scenario


def agent_off(scenario: Scenario, rng: Random) -> Scenario:
    """Switch the bedside agent off for 40-120 min."""
    begin_s = _later(scenario, rng).from_s
    span = Span(begin_s, begin_s + rng.randrange(40, 121) * MINUTE_S)
    return _faulty(scenario, Fault("agent", "silent", span))


def dead_room(scenario: Scenario, rng: Random) -> Scenario:
    """Make the room sensor silent from half an hour after the begin on, or from a later time on."""
    begin_s = rng.choice((HEARD_S, _later(scenario, rng).from_s))
    return _faulty(scenario, Fault("room", "silent", Span(begin_s, scenario.length_s)))


def _later(scenario: Scenario, rng: Random) -> Span:
    """Draw a span of one to five hours; it begins one hour after going to bed or later."""
    stay = scenario.in_bed[0]
    begin_s = rng.randrange(stay.from_s + HOUR_S, stay.to_s - 2 * HOUR_S)
    return Span(begin_s, min(scenario.length_s, begin_s + rng.randrange(60, 300) * MINUTE_S))


def _faulty(scenario: Scenario, fault: Fault) -> Scenario:
    return replace(scenario, faults=(*scenario.faults, fault))
