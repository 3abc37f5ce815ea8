"""What a bed can tell is what the engine does: tried with every set of sensors."""

from datetime import UTC
from itertools import combinations

import pytest

from legwatch import engine, scope
from legwatch.events import AlertKind
from legwatch.limits.stillness import switched_off
from legwatch.testing import Course, constant, drive, night, uncovering
from legwatch_runtime.profiles import rules_for

ROLES = ("leg", "room", "movement", "presence")
SETS = [set(some) for n in range(5) for some in combinations(ROLES, n)]


def named(roles: set[str]) -> str:
    """Return a name that is the same in every process."""
    return "+".join(sorted(roles))


RULES = rules_for("standard", {"alerts.learn_nights": 0, "alerts.wait_s": 0}, UTC)
NEVER = constant(None)


def _turns(minute: float) -> int:
    """Return what a sensor that counts sees: getting in, then a turn each 20 minutes."""
    if minute < 1:
        return 20
    return 3 if minute % 20 < 0.1 else 0


def _got_in(minute: float) -> int:
    return _turns(minute) if minute < 45 else 0


COLD: Course = {"leg": uncovering((150, 340), uncovered_c=21.0), "moves": _turns}
STILL: Course = {"leg": uncovering(), "moves": _got_in}


def _told(course: Course, roles: set[str]) -> set[AlertKind]:
    """Return the body alerts of a night of which a bed with these sensors sends the windows."""
    if "leg" not in roles:
        course = {**course, "leg": NEVER}
    if "room" not in roles:
        course = {**course, "room": NEVER}
    if "movement" not in roles:
        course = {**course, "moves": lambda _minute: None}
    if "presence" not in roles:
        course = {**course, "mat": lambda _minute: None}
    _state, notices = drive(engine.start(), night(minutes=340, **course), RULES)
    kinds = {n.kind for n in notices if n.suppressed_by is None}
    return {kind for kind in _WORDS if kind in kinds}


_WORDS = {AlertKind.COLD: "no cold alert", AlertKind.STILL: "no alert on lying still"}


@pytest.mark.parametrize("roles", SETS, ids=named)
def test_the_alerts_that_can_come_are_those_that_come(roles: set[str]) -> None:
    came = _told(COLD, roles) | _told(STILL, roles)
    assert came == set(scope.can_come(roles))


@pytest.mark.parametrize("roles", SETS, ids=named)
def test_each_alert_that_never_comes_is_named_with_what_is_missing(roles: set[str]) -> None:
    said = list(scope.never_come(roles))
    for kind, words in _WORDS.items():
        named = [sentence for sentence in said if words in sentence]
        assert len(named) == (kind not in scope.can_come(roles))
    added = {"leg", "movement"} | roles
    assert list(scope.never_come(added)) == []


def test_the_sentences() -> None:
    assert list(scope.never_come({"leg", "room"})) == [
        "no movement sensor: no cold alert and no alert on lying still can come"
    ]
    assert list(scope.never_come({"leg", "presence"})) == [
        "no movement sensor: no alert on lying still can come"
    ]
    assert scope.watched({"leg", "movement"}) == "cold legs and lying still for too long"
    assert scope.watched(set()) == "nothing"


def test_a_thermometer_by_the_ankle_adds_a_bare_foot_to_what_is_watched() -> None:
    three = "cold legs, a bare foot and lying still for too long"
    assert scope.watched({"leg", "movement", "ankle"}) == three
    assert scope.watched({"leg", "presence", "ankle"}) == "cold legs and a bare foot"
    assert scope.watched({"movement", "presence", "ankle"}) == "lying still for too long"
    both = scope.Sensors(frozenset({"leg", "movement", "ankle"}))
    assert both.said() == three
    assert (
        both._replace(mute=frozenset({"ankle"})).said() == "cold legs and lying still for too long"
    )


def test_a_mute_thermometer_by_the_ankle_leaves_a_bare_foot_unseen() -> None:
    bed = scope.Sensors(frozenset({"leg", "movement", "ankle"}))
    assert bed.sees_foot()
    assert list(bed.unseen()) == []
    why = "the thermometer by the ankle gives no readings"
    mute = bed._replace(mute=frozenset({"ankle"}))
    assert not mute.sees_foot()
    assert list(mute.unseen()) == [("a bare foot", why)]
    assert list(mute.not_now({AlertKind.COLD})) == [], "its limits are off"
    without = scope.Sensors(frozenset({"leg", "movement"}), frozenset({"ankle"}))
    assert list(without.unseen()) == []


def test_without_readings_by_the_legs_a_bare_foot_alone_is_not_seen() -> None:
    roles, mute = frozenset({"leg", "movement", "presence", "ankle"}), frozenset({"leg"})
    bed = scope.Sensors(roles, mute)
    assert not bed.sees_foot()
    why = "the thermometer by the legs gives no readings"
    assert list(bed.unseen()) == [("cold legs and a bare foot", why)]


@pytest.mark.parametrize(
    ("roles", "mute", "doubted", "sees"),
    [
        ({"presence"}, set(), "", True),
        ({"leg", "movement"}, set(), "", True),
        ({"leg", "movement", "presence"}, {"leg"}, "movement", True),
        ({"leg", "movement", "presence"}, {"presence"}, "", True),
        ({"leg", "movement", "presence"}, {"presence", "leg"}, "", False),
        ({"leg", "movement"}, set(), "leg", False),
        ({"leg", "room"}, set(), "", False),
    ],
)
def test_an_empty_bed_is_seen_by_a_mat_or_by_air_and_movement(
    roles: set[str], mute: set[str], doubted: str, sees: bool
) -> None:
    assert scope.Sensors(frozenset(roles), frozenset(mute), doubted).sees_empty() is sees


def test_what_an_agent_announces_counts_and_of_an_older_one_what_was_heard() -> None:
    assert scope.fitted((("leg", "dht22"),), {"leg", "movement"}) == frozenset({"leg"})
    assert scope.fitted((), {"leg"}) == frozenset()
    assert scope.fitted(None, {"leg", "movement"}) == frozenset({"leg", "movement"})
    assert scope.fitted(None, None) is None
    assert scope.fitted(None, ()) == frozenset()
    assert scope.fitted(((scope.RECORDING, "recorded"),), None) is None
    assert scope.fitted(((scope.RECORDING, "recorded"),), {"leg"}) == frozenset({"leg"})


@pytest.mark.parametrize("roles", SETS, ids=named)
def test_the_engine_says_which_sensors_it_has_heard(roles: set[str]) -> None:
    level = constant(20.0)
    course: Course = {
        "leg": level if "leg" in roles else NEVER,
        "room": level if "room" in roles else NEVER,
        "moves": _turns if "movement" in roles else lambda _minute: None,
        "mat": (lambda _minute: True) if "presence" in roles else lambda _minute: None,
    }
    state, _notices = drive(engine.start(), night(minutes=5, **course), RULES)
    assert engine.sensors(state) == roles


def test_limits_that_are_off_are_named_as_a_sensor_that_is_missing() -> None:
    off = {"stillness.warn_s": 0, "stillness.urgent_s": 0}
    rules = rules_for("standard", {"alerts.learn_nights": 0, "alerts.wait_s": 0, **off}, UTC)
    none = switched_off(rules)
    _state, notices = drive(engine.start(), night(minutes=340, **STILL), rules)
    assert not any(n.kind is AlertKind.STILL and n.suppressed_by is None for n in notices)
    both = {"leg", "movement"}
    assert scope.watched(both, none) == "cold legs"
    assert list(scope.never_come(both, none)) == [
        "its limits are off (0): no alert on lying still can come"
    ]
    assert switched_off(RULES) == frozenset()
    plan = rules_for("standard", {**off, "care.warn_s": 7200}, UTC)
    assert switched_off(plan) == frozenset()


def test_a_bare_foot_alone_needs_a_thermometer_at_the_ankle() -> None:
    assert list(scope.beyond({"leg", "movement"})) == [scope.BARE_FOOT]
    assert list(scope.beyond({"leg", "movement", "ankle"})) == []
    assert list(scope.beyond({"leg"})) == [], "it is not watched for cold legs at all"
    assert list(scope.beyond({"leg", "movement"}, {AlertKind.COLD})) == []
