"""What `rehearse` of a channel returns, which another package may have written."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from legwatch.__main__ import main as legwatch
from legwatch_server.in_force import InForce
from legwatch_server.notify.channels import Permanent, Push, Sent
from legwatch_server.testing import InProcessServer
from legwatch_server.testing.fakes import FakeChannel
from repository import REPO
from server.notify.test_rehearsal import colours, evening, ward_at_dusk

PAGE = REPO / "server/legwatch_server/notify/channels/README.md"
MUST = "the channel's rehearse must return a text, "
SAID = [(Sent("id"), "Sent"), (1, "int"), (True, "bool"), (None, "NoneType"), (b"ok", "bytes")]
ROWS = {"`rehearse` returns no text", "`rehearse` is `async`"}  # of the page for authors


class Odd(FakeChannel):
    """A channel whose `rehearse` returns what the test wants."""

    found: Any = ""

    def rehearse(self, push: Push) -> Any:
        del push
        return self.found


class Waits(FakeChannel):
    """A channel whose author has written async."""

    async def rehearse(self, push: Push) -> str:  # type: ignore[override]
        del push
        return "came back"


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = ward_at_dusk(tmp_path)
    yield made
    made.close()


def use(ward: InProcessServer, made: FakeChannel) -> None:
    ward.channels["sms"] = made
    ward.use_channel("sms", made)
    evening(ward)


def of_duty(ward: InProcessServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: ward.clock.now_ms * 1_000_000)
    settings = replace(ward.settings, state_dir=str(folder))
    found = InForce(settings, folder, folder / "unused.toml", loaded=None, running=True)
    monkeypatch.setattr("legwatch_server.cli.duty.judged", lambda _path: found)
    assert legwatch(["duty", "--config", str(folder / "unused.toml"), "--nights", "1"]) == 1


@pytest.mark.parametrize(("found", "kind"), SAID)
def test_a_rehearse_that_returns_no_text_has_failed(
    found: Any,
    kind: str,
    ward: InProcessServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    odd = Odd("sms", ward.pushes)
    odd.found = found
    use(ward, odd)
    of_duty(ward, tmp_path, monkeypatch)
    assert f"bert         sms        AMBER: {MUST}not {kind}, Fri" in capsys.readouterr().out
    assert ward.outboxes["sms"].failing == f"{MUST}not {kind}"  # in /health
    assert caplog.text.count(f"channel sms, bert: {MUST}not {kind}") == 1


@pytest.mark.filterwarnings("error")
def test_a_rehearse_that_is_async_has_failed(ward: InProcessServer) -> None:
    use(ward, Waits("sms", ward.pushes))
    way = colours(ward)["bert/sms"]
    assert (way.good, way.why) == (False, f"{MUST}so write def, not async def")
    assert ward.outboxes["sms"].failing == way.why


def test_an_empty_text_is_still_no_proof_and_no_fault(ward: InProcessServer) -> None:
    use(ward, Odd("sms", ward.pushes))
    way = colours(ward)["bert/sms"]
    assert (way.good, way.why) == (False, "cannot be tried in silence")
    assert ward.outboxes["sms"].failing == ""


def test_a_wrong_rehearse_does_not_say_that_its_person_is_out_of_reach(
    ward: InProcessServer,
) -> None:
    for name in ("phone", "lamp"):
        ward.channels[name].always = Permanent("the token is wrong")
    odd = Odd("sms", ward.pushes)
    odd.found = None
    use(ward, odd)
    ward.clock.advance(6 * 60_000)
    assert not ward.reach.is_lost()
    assert not ward.reach.works()


PROOFS = [
    ("came\nback\r\n at once\n", "came back at once"),
    ("\x1b[32mgreen\x1b[0m\x07", "?[32mgreen?[0m?"),
    ("half \ud800", "half ?"),  # no database can hold it
    ("x" * 5_000, "x" * 200),
]


@pytest.mark.parametrize(("found", "shown"), PROOFS)
def test_a_proof_is_one_printable_line_of_200_characters(
    found: str, shown: str, ward: InProcessServer
) -> None:
    odd = Odd("sms", ward.pushes)
    odd.found = found
    use(ward, odd)
    way = colours(ward)["bert/sms"]
    assert (way.good, way.why) == (True, shown)
    assert "its first 200 characters are shown" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("blank", ["   ", "\n", "\t \u2003"])
def test_a_blank_text_is_no_proof(blank: str, ward: InProcessServer) -> None:
    odd = Odd("sms", ward.pushes)
    odd.found = blank
    use(ward, odd)
    way = colours(ward)["bert/sms"]
    assert (way.good, way.why) == (False, "cannot be tried in silence")
