"""Of one sensor people hear at most twice a night with a sound, and once that it is back."""

from legwatch.alerting.notice import TransitionKind
from legwatch.alerting.told_sensors import ToldSensors, allows, count, subject
from legwatch.conditions.verdict import Reason
from legwatch.engine import replay
from legwatch.events import AlertKind
from legwatch.testing import ms, night
from repository import rules

RULES = rules()
NIGHT = ms("2026-01-02T23:00Z")
DAY_MS = 24 * 3_600_000
FIRED, BACK = TransitionKind.FIRED, TransitionKind.RESOLVED


def after(*kinds: TransitionKind, sensor: str = "leg") -> ToldSensors:
    told = ToldSensors()
    for kind in kinds:
        assert allows(told, sensor, kind, NIGHT, RULES), kind
        told = count(told, sensor, kind, NIGHT, RULES)
    return told


def test_a_second_time_is_said_and_a_third_is_not() -> None:
    told = after(FIRED, BACK, FIRED)
    assert not allows(told, "leg", BACK, NIGHT, RULES), "it will come and go"
    assert not allows(told, "leg", FIRED, NIGHT, RULES)


def test_each_sensor_and_each_night_is_counted_by_itself() -> None:
    told = after(FIRED, FIRED)
    assert allows(told, "movement", FIRED, NIGHT, RULES)
    assert not allows(told, "leg", FIRED, NIGHT, RULES)
    assert allows(told, "leg", FIRED, NIGHT + DAY_MS, RULES)


def test_what_a_notice_is_about() -> None:
    assert subject(AlertKind.AGENT, Reason.AGENT_SILENT, ()) == "agent"
    assert subject(AlertKind.SENSOR, Reason.NO_READINGS, (("sensor", "room"),)) == "room"
    assert subject(AlertKind.SENSOR, Reason.MOVEMENT_NOISY, ()) == "movement"
    assert subject(AlertKind.SENSOR, Reason.MAT_MISSING, ()) == "presence"
    assert subject(AlertKind.SENSOR, Reason.STUCK, ()) == "leg"


def test_a_bad_network_all_night_is_three_pushes_at_most() -> None:
    events = night(minutes=700, silent=lambda m: m > 60 and m % 60 < 20)
    said = [
        n for n in replay(events, RULES) if n.kind is AlertKind.AGENT and n.suppressed_by is None
    ]
    assert [n.transition for n in said] == [FIRED, BACK, FIRED]
