"""First sign, first sound and repetition are told apart by what was said before."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.alerting.notice import Notice, Sounding, SuppressedBy, TransitionKind
from legwatch.alerting.sound import with_sounding
from legwatch.conditions.verdict import Reason, Severity
from legwatch.engine import replay
from legwatch.events import Ack, AlertKind, Event, FactKind, NoticeKind, Snooze, Window, notice_kind
from legwatch.testing import ms, night, uncovering, wobbling
from repository import REPO, rules

BEGIN = ms("2026-01-02T21:00Z")
NO_WAIT: dict[str, Any] = {"alerts__wait_s": 0, "alerts__budget_gap_s": 600}


def said(
    events: Iterable[Event], kind: AlertKind = AlertKind.COLD, **own: Any
) -> list[tuple[str, str]]:
    """Return (what, sounds) of a kind's notices; lying still does not raise the cold ones."""
    notices = replay(events, rules(**{"stillness__joint_s": 0, **own}))
    return [(n.transition.value, s.value) for n, s in with_sounding(notices) if n.kind is kind]


def calm(*legs: tuple[float, float], bare_c: float = 26, minutes: int = 480) -> list[Window]:
    """Return a night with little movement; the legs are bare from minute to minute."""
    moves = lambda m: 1 if m < 170 and m % 7 == 0 else 0  # noqa: E731 - a table in one line
    return list(night(leg=uncovering(*legs, uncovered_c=bare_c), moves=moves, minutes=minutes))


def answered(events: Iterable[Event], *answers: Event) -> list[Event]:
    return sorted([*events, *answers], key=lambda event: event.at_ms)


def test_a_first_sign_the_first_sound_and_the_end() -> None:
    assert said(calm((180, 215))) == [
        ("fired", "not_yet"),
        ("repeated", "first"),
        ("warming", "no"),
        ("resolved", "no"),
    ]


def test_what_is_urgent_at_once_sounds_at_once_and_again() -> None:
    limits = {"change_sure": 1.0, "warn_hold_s": 1800, "plain_hold_s": 1800, "urgent_hold_s": 600}
    own: dict[str, Any] = {f"warmth__{name}": value for name, value in limits.items()}
    events = night(
        leg=uncovering((180, 300), uncovered_c=21.5), moves=lambda _m: 0, room=wobbling(15)
    )
    assert said(events, **own)[:2] == [("fired", "first"), ("repeated", "again")]


def test_a_raised_alert_has_sounded_before_or_sounds_first() -> None:
    heard = said(calm((180, 300), bare_c=21.5), **NO_WAIT)
    assert heard[:2] == [("fired", "first"), ("raised", "again")]
    own: dict[str, Any] = {"warmth__urgent_hold_s": 600, "alerts__wait_s": 900}
    # Only the limits in degrees decide.
    own |= {"warmth__change_sure": 1.0, "warmth__plain_hold_s": 300}
    events = night(
        leg=uncovering((180, 300), uncovered_c=20), moves=lambda _m: 0, room=wobbling(15)
    )
    waited = said(events, **own)
    assert waited[:3] == [("fired", "not_yet"), ("raised", "first"), ("repeated", "again")]


def test_a_warning_for_which_no_wake_up_was_left_sounds_first_when_one_is() -> None:
    own: dict[str, Any] = {"alerts__wait_s": 0, "alerts__budget": 2, "alerts__budget_gap_s": 5400}
    own |= {"warmth__not_answered_s": 7200, "warmth__change_sure": 1.0}
    assert said(calm((180, 200), (235, 420), bare_c=25.4), **own)[:6] == [
        ("fired", "first"),
        ("warming", "no"),
        ("resolved", "no"),
        ("fired", "no"),
        ("repeated", "first"),
        ("raised", "again"),  # nobody has answered
    ]


def test_after_quiet_it_sounds_first_or_again() -> None:
    early = Snooze(BEGIN + 175 * 60_000, None, BEGIN + 220 * 60_000)
    assert said(answered(calm((180, 300)), early))[:3] == [
        ("snoozed", "no"),
        ("fired", "no"),
        ("repeated", "first"),
    ]
    late = Snooze(BEGIN + 215 * 60_000, AlertKind.COLD, BEGIN + 235 * 60_000)
    assert said(answered(calm((180, 300)), late))[:4] == [
        ("fired", "not_yet"),
        ("repeated", "first"),
        ("snoozed", "no"),
        ("repeated", "again"),
    ]


def test_a_warning_that_is_seen_while_it_waits_never_sounds() -> None:
    seen = Ack(BEGIN + 195 * 60_000, AlertKind.COLD)
    assert said(answered(calm((180, 200)), seen)) == [
        ("fired", "not_yet"),
        ("acknowledged", "no"),
        ("resolved", "no"),
    ]


def test_lying_still_said_with_cold_legs_has_no_sound_of_its_own_until_later() -> None:
    leg = uncovering((180, 420), uncovered_c=23)
    events = list(night(leg=leg, moves=lambda m: 1 if m < 140 and m % 7 == 0 else 0))
    own: dict[str, Any] = {**NO_WAIT, "care__warn_s": 3600, "stillness__log_s": 0}
    own |= {"warmth__not_answered_s": 7200, "warmth__change_sure": 0.6}
    joined, later, *_ = said(events, AlertKind.STILL, **own)
    assert (joined, later) == (("fired", "no"), ("repeated", "first"))


def test_that_legwatch_cannot_see_sounds_at_once_and_again_in_the_next_night() -> None:
    leg = lambda m: 31.0 + m % 2 / 10 if m < 30 else None  # noqa: E731 - a table in one line
    two_days = list(night(minutes=2 * 24 * 60, leg=leg))
    whole = [("fired", "first"), ("repeated", "again"), ("repeated", "again")]
    assert said(two_days, AlertKind.SENSOR) == whole
    gap = night(minutes=200, silent=lambda m: 60 <= m < 120)
    assert said(gap, AlertKind.AGENT) == [("fired", "first"), ("resolved", "no")]


def test_an_early_sign_and_what_is_only_written_down_make_no_sound() -> None:
    events = calm((180, 215))
    assert ("expected", "no") in said(events, warmth__early_s=600)
    learns = said([window._replace(clock="synced") for window in events])
    assert learns == [("fired", "no"), ("resolved", "no")]


def test_each_alert_has_a_first_sound_of_its_own() -> None:
    def notice(
        kind: AlertKind, what: TransitionKind, episode_ms: int, held: SuppressedBy | None = None
    ) -> Notice:
        reason, level = Reason.UNCOVERED, Severity.WARNING
        return Notice(0, kind, what, level, reason, suppressed_by=held, episode_ms=episode_ms)

    notices = [
        notice(AlertKind.COLD, TransitionKind.FIRED, 1),
        notice(AlertKind.STILL, TransitionKind.FIRED, 1, SuppressedBy.HOLD),
        notice(AlertKind.STILL, TransitionKind.RENOTIFIED, 1),
        notice(AlertKind.COLD, TransitionKind.RENOTIFIED, 1),
        notice(AlertKind.COLD, TransitionKind.FIRED, 2),
        notice(AlertKind.STILL, TransitionKind.RENOTIFIED, 1),
    ]
    assert [how.value for _, how in with_sounding(notices)] == [
        *("first", "not_yet", "first"),
        *("again", "first", "again"),
    ]


GOLDEN = sorted((REPO / "tests/nights").rglob("*.notices.jsonl"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name.split(".")[0])
def test_of_every_alert_of_a_golden_night_one_sound_is_the_first(path: Path) -> None:
    found: dict[tuple[NoticeKind, int | None], list[tuple[Notice, Sounding]]] = {}
    for one in with_sounding(stored(path)):
        if not isinstance(one[0].kind, FactKind):
            found.setdefault((one[0].kind, one[0].episode_ms), []).append(one)
    for alert in found.values():
        heard = [how for notice, how in alert if may_sound(notice)]
        assert heard == [Sounding.FIRST, *[Sounding.AGAIN] * len(heard)][: len(heard)]
        silent = {how for notice, how in alert if not may_sound(notice)}
        assert silent <= {Sounding.NO, Sounding.NOT_YET}


def may_sound(notice: Notice) -> bool:
    return notice.suppressed_by is None and notice.transition.value in (
        "fired",
        "raised",
        "repeated",
    )


def stored(path: Path) -> Iterator[Notice]:
    """Yield the notices beside a golden night; `fired` or an early sign begins an episode."""
    begun: dict[NoticeKind, int] = dict.fromkeys((*AlertKind, *FactKind), 0)
    for line in map(json.loads, path.read_text().splitlines()):
        kind, what = notice_kind(line["kind"]), TransitionKind(line["what"])
        begun[kind] += what in (TransitionKind.FIRED, TransitionKind.EXPECTED)
        held = SuppressedBy(line["held"]) if line["held"] else None
        level, reason = Severity(line["level"]), Reason(line["reason"])
        yield Notice(0, kind, what, level, reason, suppressed_by=held, episode_ms=begun[kind])


def test_an_empty_bed_sounds_for_those_who_ask_for_it() -> None:
    kind, reason = FactKind.OUT, Reason.OUT_OF_BED
    told = Notice(BEGIN, kind, TransitionKind.REPORTED, Severity.WARNING, reason, episode_ms=BEGIN)
    back = Notice(BEGIN, kind, TransitionKind.RESOLVED, Severity.WARNING, reason, episode_ms=BEGIN)
    assert [sounds for _, sounds in with_sounding([told, back])] == [Sounding.FIRST, Sounding.NO]
