"""An alert stands, and its pushes reach nobody: `duty`, `now` and /health say so."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch_runtime.part import Parts
from legwatch_server.cli import duty
from legwatch_server.health import Health
from legwatch_server.ingest.broker import BrokerConnection
from legwatch_server.notify.bedside_commands import Bedsides
from legwatch_server.notify.channels import Permanent, Retryable
from legwatch_server.notify.outboxes import Around, Outboxes
from legwatch_server.settings import BrokerTable
from legwatch_server.web.actions import ActionHandler
from server.cli.test_now import TABLE, House, line
from server.notify.test_escalation import cold
from server.ward import MINUTE_MS

AWAY = "ntfy cannot be reached: connection refused or no network"
PEOPLE = {
    name: {"channels": ["ntfy"], "address": {"ntfy": f"a-topic-of-{name}"}}
    for name in ("anna", "bert")
}
COVER_OFF_MIN = 100


class Told:
    """A house with two people by ntfy, and what each command says of it."""

    def __init__(self, folder: Path, capsys: Any, monkeypatch: Any, **more: Any) -> None:
        rules = {**TABLE["rules"], "alerts.wait_s": 60, "stillness.joint_s": 0}
        table = {"people": PEOPLE, "rules": rules, "rehearsal": {"at": "21:05"}, **more}
        self.house = House(folder, capsys, monkeypatch, **table)
        self.ward, self.ntfy = self.house.ward, self.house.ward.channels["ntfy"]
        self._folder, self._capsys = folder, capsys
        monkeypatch.setattr(duty, "server_ms", lambda _folder: self.ward.clock.now_ms)

    def until_tried(self, tries: int) -> None:
        """Let the sleeper lie uncovered until so many more pushes were tried."""
        before = len(self.ward.pushes.tried)
        while len(self.ward.pushes.tried) < before + tries:
            assert self.ward.minute < COVER_OFF_MIN + 120
            self.ward.play("b", 1, cold)

    def duty(self) -> tuple[int, str]:
        """Return the exit code, and what is said of anna."""
        code = duty.main(["--config", str(self.house.path), "--nights", "1"])
        (said,) = re.findall(r"^ +anna +ntfy +(.*)$", self._capsys.readouterr().out, re.MULTILINE)
        return code, said

    def health(self) -> str:
        """Return what /health says of anna."""
        ward = self.ward
        broker = BrokerConnection(BrokerTable(), "", lambda _request: None, ward.timeline.stamp)
        bedsides, now_ms = Bedsides(broker), ward.timeline.now_ms
        around = Around(self._folder, bedsides, ward.key, lambda *_: None, now_ms, lambda: False)
        health = Health(
            unit=ward.unit,
            status=ward.status,
            outboxes=Outboxes(ward.store, around, Parts()),
            store=ward.store,
            actions=ActionHandler(ward.key, ward.inbox.put, ward.timeline.now_ms),
            connected=ward.broker.connected,
            waiting=ward.inbox.count,
            settings=ward.settings,
            timeline=ward.timeline,
        )
        return str(health.report()["rehearsal"]["anna/ntfy"])


@pytest.fixture
def open_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Told]]:
    opened: list[Told] = []

    def made(**more: Any) -> Told:
        opened.append(Told(tmp_path, capsys, monkeypatch, **more))
        return opened[-1]

    yield made
    for told in opened:
        told.house.close()


def test_while_pushes_reach_nobody_no_command_says_that_all_is_well(open_told: Any) -> None:
    told = open_told()
    told.ward.play("b", 60, cold)
    assert told.duty() == (0, "green: came back, Fri 21:05")
    told.ntfy.always = Retryable(AWAY)
    told.until_tried(5)
    code, said = told.duty()
    words = re.escape(f"the last push does not get through: {AWAY} (tried ")
    assert code == 1
    assert re.fullmatch(rf"AMBER: {words}\d+ times since 22:\d\d\), Fri 22:\d\d", said)
    assert f"AMBER: {told.health().removeprefix('amber: ')}" == said.rsplit(",", 1)[0]
    text = told.house.says()
    assert f"no push of it has reached anybody yet: {AWAY}" in line(text, "stands")
    ways = line(text, "would be told")
    assert ways.startswith("anna (ntfy: THE LAST PUSH DID NOT GET THROUGH)")


def test_after_a_night_in_which_no_push_got_through_its_way_is_amber_still(open_told: Any) -> None:
    told = open_told()
    told.ward.play("b", 60, cold)
    told.ntfy.always = Retryable(AWAY)
    told.until_tried(5)
    while told.ward.rows("SELECT 1 FROM deliveries WHERE state IN ('decided', 'claimed')"):
        assert told.ward.minute < COVER_OFF_MIN + 140
        told.ward.play("b", 1, cold)  # the cover comes back, and nothing of it waits any more
    assert "cold legs (" not in told.house.says()
    code, said = told.duty()
    assert code == 1
    words = re.escape(f"AMBER: the last push has not got through: {AWAY} (tried ")
    assert re.match(rf"{words}\d+ times since Fri 22:\d\d\), Sat 0", said)


def test_a_push_that_leaves_at_last_makes_its_way_green_again(open_told: Any) -> None:
    told = open_told()
    told.ward.play("b", 60, cold)
    told.ntfy.always = Retryable(AWAY)
    told.until_tried(5)
    assert told.duty()[0] == 1
    told.ntfy.always = None
    told.ward.run_to(told.ward.clock.now_ms + 5 * MINUTE_MS)
    assert told.duty() == (0, "green: came back, Fri 21:05")
    assert told.health() == "green: came back"
    text = told.house.says()
    assert "no push of it" not in text
    assert "DID NOT GET THROUGH" not in text


def test_one_try_that_stumbles_changes_nothing(open_told: Any) -> None:
    told = open_told()
    told.ward.play("b", 60, cold)
    told.ntfy.always = Retryable(AWAY, retry_after_s=3000)
    told.until_tried(1)
    assert told.duty() == (0, "green: came back, Fri 21:05")
    assert "no push of it" not in told.house.says()


def test_a_way_that_has_never_worked_is_amber_before_any_test(open_told: Any) -> None:
    told = open_told(rehearsal={"at": ""})
    assert told.duty() == (1, "not known: not tried yet")
    told.ntfy.always = Retryable(AWAY)
    told.until_tried(4)
    assert told.duty()[1].startswith("AMBER: the last push does not get through: ")


def test_a_push_that_is_refused_has_reached_nobody(open_told: Any) -> None:
    told = open_told()
    told.ward.play("b", 60, cold)
    told.ntfy.always = Permanent("ntfy refuses it (HTTP 403)")
    told.until_tried(2)
    text = line(told.house.says(), "stands")
    assert "no push of it has reached anybody yet: ntfy refuses it (HTTP 403)" in text


def test_a_lamp_that_is_lit_is_no_push_that_wakes(open_told: Any) -> None:
    anna = {**PEOPLE["anna"], "role": "sleeper", "quiet": ["lamp"]}
    told = open_told(people={**PEOPLE, "anna": anna})
    told.ward.play("b", 60, cold)
    told.ntfy.always = Retryable(AWAY)
    told.until_tried(6)
    assert told.ward.pushes.arrived[-1].channel == "lamp"
    text = line(told.house.says(), "stands")
    assert f"no push of it with a sound has reached anybody yet: {AWAY}" in text
