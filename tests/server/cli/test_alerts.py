"""`legwatch alerts` and `legwatch duty`: what was told, why, and an answer given there."""

import re
import subprocess
import sys
import threading
import time
from argparse import _SubParsersAction
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps as dump

from legwatch.__main__ import main
from legwatch.contract.action import Action
from legwatch.night import local
from legwatch.testing import wobbling
from legwatch_runtime.clock import utc_ms
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.cli.alerts import _parser
from legwatch_server.settings_file import head_of_up
from legwatch_server.signed_links import signing_key
from legwatch_server.testing import InProcessServer
from legwatch_server.web.actions import ActionHandler
from legwatch_server.web.listening import Listening
from legwatch_server.web.server import bind
from server.notify.test_escalation import PEOPLE, cold
from server.ward import MINUTE_MS, open_ward

NIGHT = "2026-01-02"
TABLE: dict[str, Any] = {
    "people": PEOPLE,
    "rules": {"stillness.joint_s": 0},
}


def told(folder: Path) -> Iterator[InProcessServer]:
    made = open_ward(folder, **TABLE)
    while len(made.notified("loud")) < 2:  # anna, and ten minutes later bert
        assert made.minute < 200
        made.play("b", 1, cold)
    yield made
    made.close()


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    yield from told(tmp_path)


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    """Yield the same, for the tests that only look."""
    yield from told(tmp_path_factory.mktemp("told"))


def at(ward: InProcessServer, later_min: int = 0) -> str:
    """Return the local time so long after the alert fired."""
    (fired_ms,) = ward.rows("SELECT min(at_ms) FROM notices")[0]
    return f"{local(fired_ms + later_min * MINUTE_MS, UTC):%H:%M}"


def config(folder: Path, ward: InProcessServer, **more: Any) -> str:
    """Write the settings of the ward's server as a file; its channels become real ones."""
    people = {name: {**person, "channels": ["console"]} for name, person in PEOPLE.items()}
    for person in people.values():
        person.pop("quiet", None)
        person.pop("address", None)
    path = folder / "server.toml"
    table = {"state_dir": str(ward.path.parent), "zone": "UTC", **TABLE, "people": people, **more}
    path.write_text(dump(table))
    return str(path)


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """Run the command line; return what it printed."""
    assert main(list(words)) == code
    printed = capsys.readouterr()
    return printed.out + printed.err


def test_the_list_tells_each_alert_with_every_step_of_every_push(
    read_only: InProcessServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, "alerts", "--config", config(tmp_path, read_only), "--night", NIGHT)
    assert text.startswith("Night of Friday 02 January 2026 (UTC)")
    lines = text.splitlines()
    assert lines[2] == "#1  b"
    assert f"{at(read_only)}  Legs may be cold (warning)  [no sound yet]" in text
    assert f"{at(read_only, 10)}  it sounds (warning)" in text
    anna = next(line for line in lines if "anna/phone (loud)" in line)
    then = f"{at(read_only, 10)}:00"
    assert f"{then} decided; {then} claimed; {then} sent" in anna
    cleo = next(line for line in lines if "cleo/phone (loud)" in line)
    assert f"{at(read_only, 10)}:00 decided (due in 20 min)" in cleo
    assert "sent" not in cleo


def test_a_first_sound_after_quiet_is_not_called_said_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_ward(tmp_path, **TABLE)) as ward:
        ward.play("b", 90, cold)
        (bed,) = ward.rows("SELECT id FROM beds")[0]
        ward.answer(LinkClaims(TargetKind.BED, bed, Action.SNOOZE, 60, 0), b"token")
        ward.play_until_loud("b", cold)
        words = ("--config", config(tmp_path, ward))
        (begun,) = ward.rows("SELECT id FROM notices WHERE what='fired'")[0]
        for text in (
            said(capsys, "alerts", "--night", NIGHT, *words),
            said(capsys, "alerts", "explain", str(begun), *words),
        ):
            assert "  it sounds (warning)" in text
            assert "said again" not in text


def test_an_alert_of_several_days_says_each_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warm = {"leg_c": 31.0, "room_c": 18.0, "moves": 1, "in_bed": True, "age_ms": 0}
    with closing(open_ward(tmp_path, **TABLE)) as ward:
        ward.play("b", 30, lambda _minute: warm)
        ward.idle(47 * 60 * MINUTE_MS)
        ward.play("b", 17, lambda _minute: warm)
        words = ("--config", config(tmp_path, ward))
        (begun,) = ward.rows("SELECT id FROM notices WHERE what='fired' AND kind='agent'")[0]
        listed = said(capsys, "alerts", "--night", NIGHT, *words)
        text = said(capsys, "alerts", "explain", str(begun), *words)
    times = r"(?m)^  ((?:\d\d \w+ )?\d\d:\d\d)  \w"
    days = [time[:-5] for time in re.findall(times, listed)]
    assert days == ["", "03 Jan ", "04 Jan ", ""]
    assert re.search(r"(?m)^03 Jan \d\d:\d\d  said again", text)
    assert re.search(r"(?m)^It was over at 04 Jan \d\d:\d\d\.$", text)


def explained_after_quiet(
    folder: Path, ward: InProcessServer, capsys: pytest.CaptureFixture[str]
) -> str:
    """Ask for 15 min of quiet now, and explain the alert that sounds in the end."""
    (bed,) = ward.rows("SELECT id FROM beds")[0]
    ward.answer(LinkClaims(TargetKind.BED, bed, Action.SNOOZE, 15, 0), b"token")
    ward.play_until_loud("b", cold)
    (fired,) = ward.rows(FIRED)[0]
    return said(capsys, "alerts", "explain", str(fired), "--config", config(folder, ward))


FIRED = "SELECT id FROM notices WHERE what='fired'"


def test_quiet_of_long_ago_is_no_reason_for_an_alert(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_ward(tmp_path, **TABLE)) as ward:
        ward.play("b", 30, cold)
        text = explained_after_quiet(tmp_path, ward, capsys)
    assert "the time of quiet was over" not in text
    assert "It had waited 10 min; the longest wait was over." in text


def test_the_end_of_quiet_is_not_called_the_end_of_the_wait(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_ward(tmp_path, **TABLE)) as ward:
        while not ward.rows(FIRED):
            ward.play("b", 1, cold)
        text = explained_after_quiet(tmp_path, ward, capsys)
    assert "It waited for the sleeper to move before making a sound." in text
    assert "Why: the time of quiet was over and it still held." in text
    assert "It had waited" not in text


def test_no_alerts_is_not_said_to_be_good_when_the_bed_was_not_seen(
    read_only: InProcessServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, "alerts", "--config", config(tmp_path, read_only), "--night", "2025-12-01")
    assert "No alerts; the last night with one: --night 2026-01-02." in text
    assert (
        f"b: NOT SEEN since 02 Jan {at(read_only, 20)}: nothing is known of the time after ("
        in text
    )
    assert re.search(r"time after \(\d+ days\)", text)


def test_explain_gives_reason_figures_rule_its_source_and_the_wait(
    ward: InProcessServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claims = LinkClaims(TargetKind.DELIVERY, ward.pushes.arrived[-1].push.id, Action.SEEN, 0, 0)
    ward.answer(claims, b"token")
    text = said(capsys, "alerts", "explain", "1", "--config", config(tmp_path, ward))
    assert "Alert 1, bed b, Friday 02 January 2026" in text
    assert "Said: The air by your legs has fallen from " in text
    assert "Why: the air by the legs fell as fast as it does when a cover is lifted." in text
    assert re.search(r"How sure it was: \d\d % that somebody lay there with bare legs\.", text)
    assert "Rule: warmth." in text
    assert "Where this limit comes from: " in text
    assert "room_c 18" in text
    assert "It waited for the sleeper to move before making a sound." in text
    assert "It had waited 10 min; the longest wait was over." in text
    assert "bert has seen it (by link)" in text
    assert "at this level nobody is woken" not in text
    assert "It has not ended." in text.splitlines()


def test_a_bed_that_has_not_warmed_under_a_sleeper_is_explained_as_written_down_for_the_sleep(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    air = wobbling(25.2)

    def still(minute: float) -> dict[str, Any]:
        moves = int(minute < 1)
        return {"leg_c": air(minute), "room_c": 18.0, "moves": moves, "in_bed": True, "age_ms": 0}

    with closing(open_ward(tmp_path, **TABLE)) as made:
        made.play("b", 90, still)
        ((ident,),) = made.rows("SELECT id FROM notices WHERE reason='cold_start'")
        text = said(capsys, "alerts", "explain", str(ident), "--config", config(tmp_path, made))
    assert "Why: the bed did not become warm after it was entered." in text
    assert "It was only written down: the sleeper seemed asleep, and nobody who sleeps" in text
    assert "warmth.wakeful_s" in text
    assert "at this level" not in text


def test_a_bedside_that_comes_and_goes_is_told_twice_and_then_it_is_said_why_no_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_ward(tmp_path, **TABLE)) as made:
        for _ in range(3):
            made.play("b", 30, lambda minute: cold(minute % 90))
            made.run_to(made.clock.now_ms + 20 * MINUTE_MS)
        made.play("b", 20, lambda minute: cold(minute % 90))
        path = config(tmp_path, made)
        text = said(capsys, "alerts", "--config", path, "--night", NIGHT)
        fired = [i for (i,) in made.rows("SELECT id FROM notices WHERE reason='agent_silent'")]
        second, third = (
            said(capsys, "alerts", "explain", str(ident), "--config", path) for ident in fired[-2:]
        )
    lines = [line for line in text.splitlines() if "bed: no word" in line or "is back" in line]
    why = "[told nobody: it comes and goes this night]"
    assert [why in line for line in lines] == [False, False, False, True, True, False]
    assert "Nobody was woken: twice this night people had been told of it" in third
    assert "This end was told to nobody: it comes and goes this night" in second
    assert "wake-ups" not in third


def test_an_early_sign_is_not_explained_as_an_alert_that_still_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signs = {**TABLE, "rules": {**TABLE["rules"], "warmth.early_s": 600}}
    with closing(open_ward(tmp_path, **signs)) as made:
        while not made.rows("SELECT id FROM notices WHERE what='expected'"):
            assert made.minute < 200
            made.play("b", 1, cold)
        ((ident,),) = made.rows("SELECT id FROM notices WHERE what='expected'")
        text = said(capsys, "alerts", "explain", str(ident), "--config", config(tmp_path, made))
    assert "early sign" in text
    assert re.search(r"How sure it was: \d\d % that the cover was off, or that nobody lay", text)
    assert "sure_pct" not in text
    assert "It has not ended." not in text
    assert text.splitlines()[-1] == (
        "It is a sign only; an alert that comes after it has a number of its own."
    )


@pytest.mark.parametrize("action", ["seen", "useless", "quiet"])
def test_an_early_sign_takes_no_answer_and_the_alert_after_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    """Who answers the sign believes that the alert is answered, and the next person is woken."""
    signs = {**TABLE, "rules": {**TABLE["rules"], "warmth.early_s": 600}}
    with closing(open_ward(tmp_path, **signs)) as made:
        while not made.rows("SELECT id FROM notices WHERE what='expected'"):
            made.play("b", 1, cold)
        ((sign,),) = made.rows("SELECT id FROM notices WHERE what='expected'")
        path = config(tmp_path, made)
        assert main(["alerts", action, str(sign), "--config", path]) == 2
        needs_none = f"{sign} is an early sign, which makes no sound and needs no answer"
        assert capsys.readouterr().err == f"legwatch alerts: ID: {needs_none}\n"
        while not made.rows("SELECT id FROM notices WHERE kind='cold' AND what='fired'"):
            assert made.minute < 300
            made.play("b", 1, cold)
        ((alert,),) = made.rows("SELECT id FROM notices WHERE kind='cold' AND what='fired'")
        assert main(["alerts", action, str(sign), "--config", path]) == 2
        after = f"the alert after it is {alert}: `legwatch alerts {action} {alert}`"
        assert capsys.readouterr().err == f"legwatch alerts: ID: {needs_none}; {after}\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("explain", "99"), "there is no alert 99; `legwatch alerts` lists them"),
        (("--night", "yesterday"), "'yesterday' is not a date such as 2026-11-23"),
        (("--bed", "nobody"), "the server has no data of bed 'nobody'"),
        (("quiet", "--all", "nobody"), "the server has no data of bed 'nobody'"),
    ],
)
def test_a_wrong_word_is_named(
    read_only: InProcessServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    sentence: str,
) -> None:
    text = said(capsys, "alerts", "--config", config(tmp_path, read_only), *words, code=2)
    assert sentence in text


def of_one_alert() -> list[str]:
    """Return the subcommands that take the number of an alert."""
    found = next(a.choices for a in _parser()._actions if isinstance(a, _SubParsersAction))
    return [name for name, one in found.items() if any(a.dest == "id" for a in one._actions)]


@pytest.mark.parametrize("action", of_one_alert())
def test_an_alert_that_does_not_exist_is_told_alike_by_all(
    read_only: InProcessServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    with answering(read_only) as port:
        path = config(tmp_path, read_only, http={"port": port})
        text = said(capsys, "alerts", action, "99", "--config", path, code=2)
    assert text == "legwatch alerts: ID: there is no alert 99; `legwatch alerts` lists them\n"


def test_the_help_tells_the_exit_code_of_an_alert_that_does_not_exist(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert {"explain", "seen", "useless", "quiet"} == set(of_one_alert())
    for words in ((), *((action,) for action in of_one_alert())):
        with pytest.raises(SystemExit):
            main(["alerts", *words, "--help"])
        assert "2 no such alert, wrong arguments or settings" in " ".join(
            capsys.readouterr().out.split()
        )


def test_without_settings_it_says_where_it_looked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    text = said(capsys, "alerts", code=1)
    assert f"{tmp_path}/legwatch/server.toml" in text
    assert "--config FILE" in text


def test_without_a_database_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "server.toml"
    path.write_text(dump({"state_dir": str(tmp_path / "none")}))
    assert "has the server run" in said(capsys, "alerts", "--config", str(path), code=1)


SEEN = "noted: bed b, cold alerts: seen; quiet until it is over or gets worse.\n"


@contextmanager
def answering(ward: InProcessServer, now_ms: Callable[[], int] = utc_ms) -> Iterator[int]:
    """Serve the door that phones use; the owner's turn is taken as an answer comes."""
    lock = threading.Lock()

    def put(answered: Any) -> None:
        with lock:
            ward.turn([answered])

    door = ActionHandler(signing_key(ward.path.parent, b""), put, now_ms)
    web = Listening(partial(bind, "127.0.0.1", 0, dict, door), "the test's port")
    web.start()
    yield web.port
    web.stop()


def test_an_answer_is_noted_while_the_clock_of_the_machine_stands_in_1970(
    ward: InProcessServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 45_000_000_000)
    with answering(ward, ward.timeline.now_ms) as port:
        path = config(tmp_path, ward, http={"port": port})
        assert said(capsys, "alerts", "seen", "1", "--config", path) == SEEN
    assert "Friday 02 January 2026" in said(capsys, "alerts", "--config", path)


@pytest.mark.parametrize("urgent", [0, 1])
def test_quiet_in_the_first_week_does_not_promise_that_urgent_alerts_sound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], urgent: int
) -> None:
    rules = {"alerts.learn_nights": 7, "alerts.learn_urgent": urgent}
    ward = open_ward(tmp_path, rules=rules)
    ward.play("b", 5, cold)
    with answering(ward) as port:
        path = config(tmp_path, ward, http={"port": port})
        heard = said(capsys, "alerts", "--config", path, "quiet", "--all", "b")
    learns = '"I cannot see you" still sounds. All else makes no sound in the first nights.\n'
    but = 'Urgent cold and "I cannot see you" still sound. All else makes no sound in the first'
    assert heard.endswith(f"{but} nights.\n" if urgent else learns)
    ward.close()


def test_an_answer_from_the_command_line_is_noted_once_and_for_one_kind(
    ward: InProcessServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(ward) as port:
        path = config(tmp_path, ward, http={"port": port})
        assert said(capsys, "alerts", "seen", "1", "--config", path) == SEEN
        quiet = ("alerts", "--config", path, "quiet", "1", "--minutes", "60")
        until = f"{local(ward.clock.now_ms + 60 * 60_000, UTC):%H:%M}"
        assert said(capsys, *quiet) == f"noted: cold alerts of bed b are quiet until {until}.\n"
        until = f"{local(ward.clock.now_ms + 30 * 60_000, UTC):%H:%M}"
        assert said(capsys, "alerts", "--config", path, "quiet", "--all", "b") == (
            f"noted: warnings on cold and lying still of bed b are quiet until {until}."
            ' Urgent alerts and "I cannot see you" still sound.\n'
        )
        listed = said(capsys, "alerts", "--config", path, "--night", "last")
        who = "somebody at the server"
        assert f"{who} asked for quiet for 60 min (alerts of kind cold)" in listed
        assert f"{who} asked for quiet for 30 min (alerts of kind still)" in listed
        assert f"{who} has seen it\n" in listed
        assert f"{who} has seen it (at the command line)" in listed
        assert "command line has" not in listed
        ((ident,),) = ward.rows("SELECT id FROM notices WHERE kind='still'")
        why = said(capsys, "alerts", "explain", str(ident), "--config", path)
        assert why.splitlines()[-1] == "No alert stood; the quiet ends by itself."
    answers = ward.rows("SELECT act, minutes, person, via FROM answers ORDER BY id")
    assert answers == [
        ("seen", None, "command line", "command line"),
        ("quiet", 60, "command line", "command line"),
        ("quiet", 30, "command line", "command line"),
    ]
    alarms = ward.unit.beds["b"].state.bed.alerts
    assert alarms.cold.acknowledged
    assert (alarms.cold.snoozed_until_ms or 0) - ward.clock.now_ms == 60 * 60_000
    assert alarms.still.all_snoozed_until_ms is not None
    assert alarms.still.snoozed_until_ms is None  # quiet for one kind is for that kind


def test_without_a_running_server_an_answer_is_not_lost_in_silence(
    ward: InProcessServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signing_key(ward.path.parent, b"")
    path = config(tmp_path, ward, http={"port": 9})
    text = said(capsys, "alerts", "seen", "1", "--config", path, code=1)
    assert "no server answers at http://127.0.0.1:9: the server is not running" in text
    assert "; `legwatch server` starts it" in text
    file = Path(path)
    file.write_text(f"{head_of_up(None)}{file.read_text()}")
    text = said(capsys, "alerts", "seen", "1", "--config", path, code=1)
    assert "; `legwatch up` (or scripts/run) starts it" in text
    assert ward.rows("SELECT * FROM answers") == []


def test_duty_shows_the_roster_and_that_a_way_is_not_tried(
    read_only: InProcessServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, "duty", "--config", config(tmp_path, read_only), "--nights", "2", code=1)
    assert "tonight  anna -> bert -> cleo" in text
    assert "anna         console    AMBER: it is the server's log, and wakes nobody" in text


@pytest.mark.parametrize("words", [("--night", NIGHT), ("explain", "1")])
def test_a_reader_who_has_seen_enough_is_no_error(
    read_only: InProcessServer, tmp_path: Path, words: tuple[str, ...]
) -> None:
    line = [
        sys.executable,
        "-m",
        "legwatch",
        "alerts",
        "--config",
        config(tmp_path, read_only),
        *words,
    ]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        for said_ in process.stderr:  # no server runs here
            assert said_.startswith((b"The server is not running", b"What the server has loaded"))
        assert process.wait(30) == 0
