"""The first nights of a bed, and what they say of its limits: `legwatch learned`."""

import json
import sqlite3
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps as dump

from legwatch.__main__ import main
from legwatch.conditions.verdict import Reason
from legwatch.events import AlertKind
from legwatch.limits.rules import Rules
from legwatch.testing import ms
from legwatch_server.review.nights import ReviewedNight, TrialAlert
from legwatch_server.review.proposal import COLD_START, PLAIN, calmer, still_limit_min
from legwatch_server.settings_file import read
from legwatch_server.testing import InProcessServer
from repository import rules
from server.notify.test_escalation import PEOPLE
from server.sleeping import DAY_MS, Look, cooling, sleep, turning
from server.ward import BEGIN, open_ward

pytestmark = pytest.mark.slow

PLAYED = {"demo": {"played": True}}
WEEK = {"alerts.learn_nights": 7}
COOL = turning(20, cooling(26.5))  # its owner's normal: warned every night by warmth.plain_c
QUIET = turning(20)
Said = pytest.CaptureFixture[str]
Made = Callable[..., "InProcessServer"]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    """Return a maker of wards with a night for each look; the command line has their clock."""
    wards: list[InProcessServer] = []

    def make(*looks: Look, **table: Any) -> InProcessServer:
        ward = open_ward(tmp_path, **{"people": PEOPLE, "rules": WEEK, "beds": PLAYED, **table})
        wards.append(ward)
        monkeypatch.setattr("time.time_ns", lambda: ward.clock.now_ms * 1_000_000)
        for number, look in enumerate(looks):
            sleep(ward, number, look)
        return ward

    yield make
    for ward in wards:
        ward.close()


def settings(ward: InProcessServer, **more: Any) -> str:
    path = ward.path.parent / "server.toml"
    path.write_text(dump({"state_dir": str(ward.path.parent), "zone": "UTC", **more}))
    return str(path)


def learned(said: Said, ward: InProcessServer, *words: str, code: int = 0, **more: Any) -> str:
    assert main(["learned", "--config", settings(ward, **more), *words]) == code
    printed = said.readouterr()
    return printed.out if code == 0 else printed.out + printed.err


def table(said: Said, ward: InProcessServer, *words: str, **more: Any) -> dict[str, Any]:
    (bed,) = json.loads(learned(said, ward, "--json", *words, **more))["beds"]
    return dict(bed)


def told(ward: InProcessServer, tone: str = "loud") -> set[str]:
    """Return the kinds of which anybody was told."""
    sql = "SELECT DISTINCT kind FROM deliveries WHERE tone=?"
    return {kind for (kind,) in ward.rows(sql, tone)}


def held(ward: InProcessServer) -> list[str | None]:
    sql = "SELECT held FROM notices WHERE kind='cold' AND what='fired' ORDER BY id"
    return [word for (word,) in ward.rows(sql)]


# ---- the first nights


def test_for_seven_nights_only_what_cannot_be_seen_is_told_and_then_all(made: Made) -> None:
    ward = made(*[COOL] * 7)
    assert held(ward) == ["learning"] * 7
    assert told(ward) == {"agent"}  # no word comes after the nights
    assert told(ward, "quiet") == {"cold"}
    sleep(ward, 7, COOL)
    assert held(ward) == ["learning"] * 7 + ["waiting"]


def test_a_restart_goes_on_learning_and_a_state_that_cannot_be_read_does_not_fall_silent(
    made: Made,
) -> None:
    ward = made(COOL)
    ward.close()
    ward.start()
    sleep(ward, 1, COOL)
    assert held(ward) == ["learning"] * 2
    ward.close()
    with closing(sqlite3.connect(ward.path)) as db, db:
        db.execute("UPDATE beds SET state='[0, null]'")
    ward.start()
    sleep(ward, 2, COOL)
    assert held(ward) == ["learning"] * 2 + ["waiting"]


def test_alerts_and_duty_say_that_the_silence_is_not_peace(made: Made, capsys: Said) -> None:
    ward = made(COOL, COOL)
    path = settings(ward)
    line = "bed b: learning, night 2 of 7: body alerts are quiet"
    for words in (["alerts"], ["alerts", "--bed", "b"], ["duty"]):
        main([*words, "--config", path])
        assert line in capsys.readouterr().out.splitlines(), words
    ward.run_to(ms("2026-01-04T12:00Z"))
    main(["alerts", "--config", path])
    assert line.replace("night 2", "night 3") in capsys.readouterr().out
    main(["alerts", "--config", settings(ward, rules={"alerts.learn_urgent": 1})])
    assert "night 3 of 7: body alerts are quiet, except urgent cold" in capsys.readouterr().out
    main(["alerts", "--config", settings(ward, rules={"alerts.learn_nights": 0})])
    assert "learning" not in capsys.readouterr().out


def test_explain_says_why_nobody_was_woken(made: Made, capsys: Said) -> None:
    ward = made(COOL)
    main(["alerts", "--config", settings(ward), "explain", "1"])
    assert "in the first nights of a bed its alerts make no sound" in capsys.readouterr().out


def test_when_it_is_over_sleeper_and_carers_on_duty_hear_of_it_once_in_the_evening(
    made: Made,
) -> None:
    roster = [{"people": ["anna", "cleo"]}]
    ward = made(*[COOL] * 7, roster=roster, rehearsal={"at": "20:30", "confirm": ""})
    evening = BEGIN + 7 * DAY_MS - 30 * 60_000
    ward.run_to(evening - 60_000)
    heard = [got.push for got in ward.pushes.arrived if "learned" in got.push.text]
    assert heard == []
    ward.run_to(evening + 60_000)
    heard = [got.push for got in ward.pushes.arrived if "learned" in got.push.text]
    assert [(push.to, push.title, push.bed) for push in heard] == [
        ("anna", "I have learned your nights", "b"),
        ("cleo", "Ich habe die Nächte kennengelernt", "b"),
    ]
    assert "Alerts of the first nights, without a sound: 7." in heard[0].text
    assert "Warnungen der ersten Nächte, ohne Ton: 7." in heard[1].text
    ward.close()
    ward.start()
    ward.run_to(evening + DAY_MS + 60_000)
    assert len([got for got in ward.pushes.arrived if "learned" in got.push.text]) == 2


def test_nobody_hears_of_nights_that_were_not_to_be_learned(made: Made) -> None:
    own = {"alerts.learn_nights": 0}
    ward = made(QUIET, QUIET, rules=own, rehearsal={"at": "20:30", "confirm": ""})
    ward.run_to(ms("2026-01-04T20:31Z"))
    assert ward.rows("SELECT count(*) FROM deliveries WHERE tone='rehearsal'") != [(0,)]
    assert ward.rows("SELECT count(*) FROM deliveries WHERE tone='info' AND notice_id=0") == [(0,)]


# ---- legwatch learned


def test_before_a_week_it_shows_the_nights_and_proposes_nothing(made: Made, capsys: Said) -> None:
    ward = made(COOL, QUIET, turning(50))
    text = learned(capsys, ward, "b")
    assert text.splitlines()[:2] == [
        "Bed b",
        "bed b: learning, night 3 of 7: body alerts are quiet; quiet nights left, with this one: 5",
    ]
    rows = [line.split() for line in text.splitlines()[3:6]]
    assert [" ".join(row) for row in rows] == [
        "Fri 02 Jan 2026 4.0 h 26.4-29.2 °C 0 h 23 min 1 cold",
        "Sat 03 Jan 2026 4.0 h 29.7-30.3 °C 0 h 23 min none",
        "Sun 04 Jan 2026 4.0 h 29.7-30.3 °C 0 h 49 min none",
    ]
    assert "- not enough nights to say: 3 of 7" in text
    assert "write into" not in text


def test_after_a_week_it_proposes_what_fits_and_the_lines_are_good_to_paste(
    made: Made, capsys: Said
) -> None:
    gaps = (40, 60, 80, 100, 120, 130, 140, 170)
    ward = made(*(turning(every_min, cooling(26.5)) for every_min in gaps))
    text = learned(capsys, ward)
    assert text.count("1 cold           none") == 7
    assert "longest gap 169 min; a warning after 175 min fits (now off" in text
    assert "7 alerts of a bed that cooled slowly or did not warm; with warmth.plain_c 26 " in text
    pasted = text[text.index("[beds.b.rules]") :]
    assert tomllib.loads(pasted)["beds"]["b"]["rules"] == {
        "stillness.warn_s": 10_500,
        "warmth.plain_c": 26.0,
    }
    path = Path(settings(ward))
    path.write_text(path.read_text() + pasted)
    assert main(["check-config", str(path)]) == 0
    capsys.readouterr()
    assert main(["learned", "--config", str(path)]) == 0
    again = capsys.readouterr().out
    assert "stillness: the usual limit fits (175 min)" in again
    assert "cold: the usual limits fit (0 alerts" in again
    assert "To take this over" not in again


def test_too_few_nights_are_the_reason_why_there_is_nothing_to_take_over(
    made: Made, capsys: Said
) -> None:
    ward = made(*[COOL] * 3)
    assert main(["learned", "b", "--config", settings(ward), "--apply"]) == 1
    assert "bed b: not enough nights to say: " in capsys.readouterr().err


def test_the_proposed_limits_are_taken_over_at_once_and_back(made: Made, capsys: Said) -> None:
    ward = made(*[COOL] * 8)
    path = settings(ward)
    words = ["learned", "b", "--config", path]
    assert main([*words, "--apply"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "bed b: stillness.warn_s = 7200",
        "bed b: warmth.plain_c = 26",
    ]
    assert main([*words, "--apply"]) == 1
    assert "nothing to take over for bed b: stillness: the usual limit" in capsys.readouterr().err
    assert read(Path(path)).rules_of("b").warmth.plain_c == 26.0
    assert main(["settings", "--config", path, "undo"]) == 0
    assert read(Path(path)).rules_of("b").warmth.plain_c != 26.0
    assert main(["learned", "--config", path, "--apply"]) == 2


def test_for_a_program_it_says_the_same_and_nothing_is_changed(made: Made, capsys: Said) -> None:
    ward = made(*[COOL] * 8)
    before = [ward.rows(f"SELECT * FROM {name}") for name in ("beds", "notices", "deliveries")]
    found = table(capsys, ward)
    after = [ward.rows(f"SELECT * FROM {name}") for name in ("beds", "notices", "deliveries")]
    assert after == before
    assert tomllib.loads((ward.path.parent / "server.toml").read_text()).keys() == {
        "state_dir",
        "zone",
    }
    assert found["learning"] is None
    assert found["proposals"] == {"stillness.warn_s": 7200, "warmth.plain_c": 26.0}
    assert [night["night"] for night in found["nights"]][::6] == ["2026-01-03", "2026-01-09"]
    assert found["nights"][0] == {
        "night": "2026-01-03",
        "counts": True,
        "in_bed_h": 4.0,
        "leg_low_c": 26.4,
        "leg_high_c": 29.2,
        "longest_still_min": 23,
        "alerts": {"cold": 1, "still": 0},
        "proposed_alerts": {"cold": 0, "still": 0},
    }


def test_a_bed_that_does_not_warm_gets_another_start(made: Made, capsys: Said) -> None:
    ward = made(*[turning(8, lambda m: 25.2 + m % 2 / 10)] * 7)
    found = table(capsys, ward)
    assert found["proposals"] == {"stillness.warn_s": 7200, "warmth.cold_start_c": 25.0}
    assert [night["alerts"]["cold"] for night in found["nights"]] == [1] * 7
    assert [night["proposed_alerts"]["cold"] for night in found["nights"]] == [0] * 7


def test_nothing_is_said_of_stillness_without_a_movement_sensor_or_beside_a_care_plan(
    made: Made, capsys: Said
) -> None:
    ward = made(*[turning(20, moves=None)] * 7)
    found = table(capsys, ward, rules={"care.warn_s": 7200})
    assert found["proposals"] == {}
    assert "stillness: a care plan holds, and only its carer changes it" in found["remarks"]
    found = table(capsys, ward)
    assert found["proposals"] == {}
    assert found["nights"][0]["longest_still_min"] is None
    assert found["remarks"][0].startswith("stillness: not enough nights to say: 0 of 7 with")


def test_short_and_late_and_played_nights_do_not_count(made: Made, capsys: Said) -> None:
    late = turning(20, age_ms=400_000)
    ward = made(*[COOL] * 4, late, *[COOL] * 2)
    sleep(ward, 7, COOL, minutes=100)
    sleep(ward, 8, COOL)
    sleep(ward, 9, turning(20, clock="played"), bed="demo")
    text = learned(capsys, ward)
    rows = [line for line in text.splitlines() if " Jan 2026 " in line]
    assert [row[4:6] for row in rows] == ["02", "03", "04", "05", "07", "08", "09", "10"]
    assert [row[4:6] for row in rows if row.endswith("(too short to count)")] == ["09"]
    assert "Bed demo\nNo live night of it is stored." in text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nobody",), "BED: the server has no data of bed 'nobody'"),
        (("--nights", "0"), "--nights: 0 is not allowed; allowed 1 to 60"),
    ],
)
def test_a_wrong_word_is_named(
    made: Made, capsys: Said, words: Sequence[str], sentence: str
) -> None:
    assert sentence in learned(capsys, made(QUIET), *words, code=2)


def test_without_a_database_it_says_so(tmp_path: Path, capsys: Said) -> None:
    path = tmp_path / "server.toml"
    path.write_text(dump({"state_dir": str(tmp_path / "none")}))
    assert main(["learned", "--config", str(path)]) == 1
    assert "has the server run" in capsys.readouterr().err


# ---- the proposals at their edges


@pytest.mark.parametrize(
    ("gaps_min", "limit_min"),
    [
        ([0] * 7, 120),
        ([105] * 7, 120),
        ([106] * 7, 121),
        ([225] * 7, 240),
        ([400] * 7, 240),
        ([60] * 6 + [160], 145),  # the 95th percentile lies 0.7 of the way to the longest: 130
        ([60] * 19 + [61, 300], 120),  # one odd night in three weeks counts for nothing
    ],
)
def test_the_stillness_limit_lies_above_the_longest_gaps(
    gaps_min: list[int], limit_min: int
) -> None:
    assert still_limit_min(gaps_min) == limit_min


def test_one_night_says_nothing_of_the_next() -> None:
    with pytest.raises(ValueError, match="two nights"):
        still_limit_min([100])


LOWEST = {PLAIN: 22.0, COLD_START: 22.0}
COOLED = TrialAlert(AlertKind.COLD, Reason.COOLED, "warmth.plain_c")
UNWARMED = TrialAlert(AlertKind.COLD, Reason.COLD_START, "warmth.cold_start_s")
FELL = TrialAlert(AlertKind.COLD, Reason.COOLED, "warmth.warn_drop_c")
BARE = TrialAlert(AlertKind.COLD, Reason.UNCOVERED, "warmth.plain_c")


def week(*alerts: TrialAlert, nights: int = 7) -> list[ReviewedNight]:
    found = [ReviewedNight(date(2026, 1, 2 + n), in_bed_min=400) for n in range(nights)]
    for place, alert in enumerate(alerts):
        found[place % nights].alerts.append(alert)
    return found


def by(
    plain_c: float, start_c: float, cooled: int, unwarmed: int
) -> Callable[[Rules], list[ReviewedNight]]:
    """Return nights with alerts as long as a limit lies above these legs."""

    def nights(of: Rules) -> list[ReviewedNight]:
        first = [COOLED] * cooled if of.warmth.plain_c > plain_c else []
        second = [UNWARMED] * unwarmed if of.warmth.cold_start_c > start_c else []
        return week(*first, *second)

    return nights


@pytest.mark.parametrize(
    ("plain_c", "start_c", "cooled", "unwarmed", "limits", "after"),
    [
        (20, 20, 1, 0, {}, 1),  # one alert a week is no nuisance
        (26.4, 20, 2, 0, {PLAIN: 26.0}, 0),
        (25.0, 20, 7, 0, {PLAIN: 25.0}, 0),
        (25.0, 20, 7, 1, {PLAIN: 25.0}, 1),
        (26.0, 25.0, 3, 2, {PLAIN: 26.0, COLD_START: 25.0}, 0),
        (24.5, 20, 2, 0, {PLAIN: 24.5}, 0),
        (24.0, 20, 2, 0, {}, 2),  # 24 °C is urgent: no limit goes so low
    ],
)
def test_cold_limits_go_down_in_half_degrees_until_a_week_has_one_alert(
    plain_c: float,
    start_c: float,
    cooled: int,
    unwarmed: int,
    limits: dict[str, float],
    after: int,
) -> None:
    found = calmer(by(plain_c, start_c, cooled, unwarmed), rules(), LOWEST)
    assert (found.limits, found.after) == (limits, after)
    assert found.before == cooled + unwarmed
    assert found.fits == (cooled + unwarmed < 2)
    assert found.settled == (after < 2)


def test_a_limit_stays_within_its_range() -> None:
    found = calmer(by(25.0, 20, 2, 0), rules(), {PLAIN: 26.0, COLD_START: 22.0})
    assert (found.limits, found.settled) == ({}, False)


def test_uncovered_legs_and_other_rules_move_no_limit() -> None:
    bare = calmer(lambda _rules: week(*[BARE] * 9), rules(), LOWEST)
    assert (bare.fits, bare.limits) == (True, {})
    fell = calmer(lambda _rules: week(*[FELL] * 3), rules(), LOWEST)
    assert (fell.fits, fell.settled, fell.limits) == (False, False, {})


def test_two_weeks_may_have_two_alerts() -> None:
    assert calmer(lambda _rules: week(COOLED, COOLED, nights=14), rules(), LOWEST).fits
    assert not calmer(lambda _rules: week(*[COOLED] * 3, nights=14), rules(), LOWEST).fits
