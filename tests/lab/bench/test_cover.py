"""cover.py: what is told of the cover is judged by the truth, and compared with what is asked."""

import gzip
import json
import math
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from legwatch_lab.bench import bounds, corpus, cover, cover_by, cover_curve, feet, kept
from legwatch_lab.bench.asked import ASKED
from legwatch_lab.bench.told import absences, judged
from legwatch_lab.bench.trees import Heard, Sound, fold
from legwatch_lab.nights.lumped.night import LumpedOrder, make
from legwatch_lab.score.alert import AlertSpan
from legwatch_lab.score.interval import Estimate
from legwatch_lab.truth import SUFFIX, NightTruth, TrueSpan, TrueUncovering, read
from repository import REPO, rules

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> NightTruth:
    """Return a night in bed with warm skin, in which both legs are bare from 3 to 4 h."""
    path = tmp_path_factory.mktemp("night") / "night.truth.json"
    path.write_bytes(make(LumpedOrder(4, 0, "uncovered", UTC)).truth)
    found = read(path)
    assert found is not None
    from_ms = found.in_bed[0].from_ms
    warm = (34.0,) * len(found.leg_skin.values)
    return replace(
        found,
        in_bed=(TrueSpan(from_ms, from_ms + 8 * HOUR_MS),),
        uncovered=(
            TrueUncovering(from_ms + 3 * HOUR_MS, from_ms + 4 * HOUR_MS, "both_legs", "", 0.0),
        ),
        room=found.room._replace(values=(18.0,) * len(found.room.values)),
        leg_skin=found.leg_skin._replace(values=warm),
        foot_skin=found.foot_skin._replace(values=warm),
        turns=tuple(from_ms + hour * HOUR_MS for hour in (1, 2, 3, 4)),
        faults=(),
    )


def at(truth: NightTruth, minute: float) -> int:
    return truth.in_bed[0].from_ms + round(minute * MINUTE_MS)


def alert(truth: NightTruth, minute: float, sound: float | None, end: float) -> AlertSpan:
    sound_ms = None if sound is None else at(truth, sound)
    return AlertSpan("cold", at(truth, minute), "warning", "", "", sound_ms, at(truth, end))


def test_a_night_in_which_nothing_is_told(truth: NightTruth) -> None:
    told = judged(truth, Heard((), ()))
    assert [o.caught for o in (*told.signs, *told.sounds)] == [False, False]
    assert told.stills == (False,)
    assert not any((told.false_signs, told.false_sounds, told.empty_sounds, told.false_stills))
    assert not told.late_sound
    assert not told.stops_min


def test_an_early_sign_is_a_first_sign_and_an_end_is_a_stop() -> None:
    words = {"kind": "cold", "level": "log", "text": "", "held": "early", "reason": "cooled"}
    said = fold(
        [
            {"at": "2026-01-06T02:00:00Z", "what": "expected", **words},
            {"at": "2026-01-06T02:10:00Z", "what": "resolved", **words},
            {"at": "2026-01-06T02:20:00Z", "what": "fired", **words, "reason": "warming"},
            {"at": "2026-01-06T02:30:00Z", "what": "resolved", **words, "kind": "still"},
        ]
    )
    (sign,) = said.signs
    assert said.calmed == (sign + 10 * MINUTE_MS, sign + 20 * MINUTE_MS)
    assert said.alerts == ()


def test_what_is_told_in_time(truth: NightTruth) -> None:
    said = Heard(
        alerts=(alert(truth, 190, 200, 245),),
        sounds=(Sound(at(truth, 200), "cold", "warning"),),
        signs=(at(truth, 185),),
        calmed=(at(truth, 245),),
    )
    told = judged(truth, said)
    assert [(o.caught, o.delay_min) for o in told.signs] == [(True, 5.0)]
    assert [(o.caught, o.delay_min) for o in told.sounds] == [(True, 20.0)]
    assert told.stops_min == (5.0,)
    assert not told.late_sound
    assert (told.false_signs, told.false_sounds, told.empty_sounds) == (0, 0, 0)


def test_a_sound_after_the_return_of_the_cover_is_late_and_no_stop(truth: NightTruth) -> None:
    said = Heard(
        alerts=(alert(truth, 235, 250, 245),),
        sounds=(Sound(at(truth, 250), "cold", "warning"),),
        calmed=(at(truth, 245),),
    )
    told = judged(truth, said)
    assert told.late_sound
    assert told.stops_min == (10.0,)
    assert [o.caught for o in told.sounds] == [False]
    soon = said._replace(sounds=(Sound(at(truth, 247), "cold", "warning"),))
    assert not judged(truth, soon).late_sound
    assert judged(truth, said._replace(sounds=(), calmed=())).stops_min == (240.0,)


def test_what_is_told_over_a_covered_sleeper_is_false(truth: NightTruth) -> None:
    said = Heard(
        alerts=(alert(truth, 100, 110, 120),),
        sounds=(Sound(at(truth, 110), "cold", "warning"), Sound(at(truth, -5), "agent", "log")),
        signs=(at(truth, 80), at(truth, 5), at(truth, 245), at(truth, -30)),
    )
    told = judged(truth, said)
    assert (told.false_signs, told.covered_signs) == (1, 1)  # the sign and its alert are one
    assert (told.false_sounds, told.covered_sounds, told.empty_sounds) == (1, 1, 1)
    cold = replace(
        truth, foot_skin=truth.foot_skin._replace(values=(29.0,) * len(truth.foot_skin.values))
    )
    told = judged(cold, said)
    assert (told.false_signs, told.covered_signs) == (0, 1)
    assert (told.false_sounds, told.covered_sounds) == (0, 1)


def test_lying_still_is_told_by_its_limit(truth: NightTruth) -> None:
    span = AlertSpan("still", at(truth, 481), "urgent", "", "")
    turned_ms = at(truth, 239)
    quiet = replace(truth, turns=(turned_ms,), uncovered=())
    told = judged(quiet, Heard((span,), ()))
    assert (told.stills, told.false_stills) == ((True,), 1)  # at 481 min, the bed is empty
    early = span._replace(at_ms=at(truth, 465))
    told = judged(quiet, Heard((early,), ()))
    assert (told.stills, told.false_stills) == ((False,), 0)


def test_absences_are_counted_by_their_length(truth: NightTruth) -> None:
    ends = [(0, 60), (70, 120), (140, 200), (300, 400)]
    stays = tuple(TrueSpan(at(truth, begin), at(truth, end)) for begin, end in ends)
    assert absences(replace(truth, in_bed=stays)) == 1


def test_intervals() -> None:
    assert bounds.share(0, 0).value is None
    hits = bounds.share(9, 10)
    assert (hits.value, hits.low, hits.high) == pytest.approx((90, 59.6, 98.2), abs=0.05)
    assert bounds.rate([0] * 300) == Estimate(0.0, 0.0, 0.01, 300)
    even = bounds.rate([1] * 4 + [0] * 96)  # exactly, it is 0.0109 to 0.1024
    assert (even.value, even.low, even.high) == pytest.approx((0.04, 0.0108, 0.1024), abs=1e-3)
    clumps = bounds.rate([4] + [0] * 99)
    assert (clumps.low or 0) < (even.low or 0) < (even.high or 0) < (clumps.high or 0)
    assert bounds.late(range(1, 101), 0.5) == Estimate(50.5, 40, 61, 100)
    assert bounds.late([1, 2, 3], 0.9).high == math.inf


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (Estimate(97.0, 80.0, 99.0, 30), "met"),
        (Estimate(96.0, 80.0, 97.5, 30), "not decided"),
        (Estimate(90.0, 80.0, 96.9, 30), "missed"),
        (Estimate(None, None, None, 0), "not measured"),
    ],
)
def test_a_verdict_is_of_the_figure_and_its_interval(found: Estimate, verdict: str) -> None:
    caught = next(asked for asked in ASKED if asked.goals == (97, 97, 99))
    assert caught.verdict(found, 0) == verdict


def test_the_worse_family_stands_first() -> None:
    asked = ASKED[0]
    good = cover.Pair("body", Estimate(99.0, 98.0, 100.0, 300), "met")
    bad = cover.Pair("lumped", Estimate(98.0, 90.0, 100.0, 30), "met")
    missed = cover.Pair("other", Estimate(99.5, 90.0, 100.0, 30), "missed")
    first = "met: **lumped 98.0 (90.0 to 100.0)**; body 99.0 (98.0 to 100.0)"
    assert cover.cell(asked, [good, bad]) == first
    assert cover.cell(asked, [good, bad, missed]).startswith("missed: **other")


def test_the_page_has_a_verdict_for_each_measure_and_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The nights of the body model would take a minute.
    monkeypatch.setattr(corpus, "FAMILIES", {"lumped": ()})
    words = ["--seed", "1", "--nights", "3", "--work", str(tmp_path), "--jobs", "1"]
    words += ["--tree", f"here={REPO}", "--ankle"]
    assert cover.main(words) == 0
    page, said = capsys.readouterr()
    assert "here: lumped, + mat: 3 of 3 nights" in said
    cells = [line.count("**lumped ") for line in page.splitlines()]
    of_feet = [len(corpus.ANKLES)] * len((*feet.CAUGHT, *feet.FALSE))
    assert [n for n in cells if n] == [*[len(corpus.BUILDS)] * len(ASKED), *of_feet]
    assert cover.main([*words, "--tree", f"none={tmp_path}"]) == 1
    assert "cover: " in capsys.readouterr().err
    monkeypatch.setattr(kept, "replayed", None)  # all that was said is kept
    assert cover.main(words) == 0
    assert capsys.readouterr().out == page
    assert cover.main([*words, "--simple"]) == 0
    other = capsys.readouterr().out.removeprefix(page.rstrip("\n"))
    assert "## simple automation" in other
    assert other.count("**lumped ") == len(ASKED)


def test_the_curve_of_what_a_sound_costs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """cover_curve.py --out cover.png"""
    monkeypatch.setattr(corpus, "FAMILIES", {"lumped": ()})
    monkeypatch.setattr(cover_curve, "VALUES", (0.6, cover_curve.STANDARD))
    words = ["--seed", "1", "--nights", "3", "--work", str(tmp_path)]
    picture = tmp_path / "cover.png"
    assert cover_curve.main([*words, "--tree", f"here={REPO}", "--out", str(picture)]) == 0
    assert picture.read_bytes()[1:4] == b"PNG"
    rows = capsys.readouterr().out.splitlines()[2:]
    assert len(rows) == 2 * len(corpus.BUILDS) + 1
    assert rows[-1].startswith("| simple automation | - |")
    standard = rules("standard").warmth.change_sure
    assert standard == cover_curve.STANDARD


def test_a_foot_that_is_bare_alone_is_judged_in_nights_of_its_own(
    truth: NightTruth, tmp_path: Path
) -> None:
    (bare,) = truth.uncovered
    foot = replace(truth, uncovered=(bare._replace(what="feet"),))
    said = Heard((), (), (at(truth, 186),))
    assert [o.delay_min for o in judged(foot, said, feet=True).signs] == [6.0]
    assert judged(foot, said).signs == ()
    asked = feet.CAUGHT[0]
    told = {
        (family, build): [judged(foot, said, feet=True)]
        for family in corpus.FAMILIES
        for build in corpus.ANKLES
    }
    label, goal, with_it, without = next(iter(cover.rows(told, (asked,), tuple(corpus.ANKLES))))
    assert (label, goal) == (asked.label, "≥ 90 %")
    assert with_it.startswith("met: ")
    assert without.startswith("**"), "nothing is asked without such a sensor"


def test_nights_with_the_leg_sensor_at_the_ankle_are_left_out(tmp_path: Path) -> None:
    nights = corpus.Corpus(7101, 3, tmp_path, 1, kind=feet.KINDS["lumped"], ankle=True)
    known = nights.known("lumped")
    places = {
        path.name: json.loads(path.with_name(f"{t.name}{SUFFIX}").read_text())["place"]
        for path, t in known.items()
    }
    apart = {path.name for path in known if feet.is_apart(path)}
    assert apart == {name for name, place in places.items() if place != "ankle"}
    folder = nights.built("lumped", "without it", known)[0].parent
    texts = [gzip.decompress(path.read_bytes()) for path in folder.iterdir()]
    assert not any(b"ankle_temperature_c" in text for text in texts)


def test_nights_are_sorted_by_what_they_have_in_common(truth: NightTruth, tmp_path: Path) -> None:
    """It is what `cover_by.py --seed N --work DIR --tree now=.` prints."""
    record = {"place": "calf", "sensor": {"pace_s": 30, "leg": {"kind": "dht22"}}}
    (tmp_path / f"{truth.name}{SUFFIX}").write_text(json.dumps(record))
    paths = [tmp_path / f"{number}.csv.gz" for number in range(cover_by.FEWEST)]
    known = dict.fromkeys(paths, replace(truth, age=70.0))
    caught = judged(truth, Heard((alert(truth, 190, 200, 230),), ()))
    missed = judged(truth, Heard((), ()))
    told = dict.fromkeys(paths, missed) | {paths[0]: caught}
    groups = cover_by.grouped(known, told)
    assert set(groups) >= {
        *("all nights", "age: from 65", "room: 18 to 22 °C", "movement sensor: normal"),
        *("leg sensor by the calf", "a reading each 30 s", "leg sensor: dht22"),
    }
    first, *others = cover_by.rows(groups, 0)
    assert first[:5] == ("all nights", "15", "15", "**6.7**", "10.0")
    assert {row[1:] for row in others} == {first[1:]}
    few = {"kind: absent": [missed] * (cover_by.FEWEST - 1)}
    assert list(cover_by.rows(few, 0)) == []
