"""What `withdraw` of a channel returns or raises, which another package may have written."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch_server.notify.channels import Permanent, Push, Retryable
from legwatch_server.testing import FakeChannel, InProcessServer
from server.notify.channels.test_progress import OWN, of_the_channel
from server.notify.test_escalation import BERT, HOUR_MS, cold
from server.ward import open_ward, seen

MUST = "the channel's withdraw must return nothing, "
ROWS = {  # of the page for authors
    "`withdraw` returns anything but None",
    "`withdraw` is `async`",
    "`withdraw` raises `Retryable` or `Permanent`",
    "`withdraw` raises anything else",
    "`withdraw` takes other arguments",  # test_strangers
    "`withdraw` hangs",  # test_hung_recall
}


class Odd(FakeChannel):
    """A channel whose `withdraw` answers what the test wants."""

    found: Any = None
    asked = 0

    def withdraw(self, push: Push, receipt: str) -> Any:
        self.asked += 1
        if isinstance(self.found, BaseException):
            raise self.found
        super().withdraw(push, receipt)
        return self.found


class Waits(FakeChannel):
    """A channel whose author has written async."""

    async def withdraw(self, push: Push, receipt: str) -> None:  # type: ignore[override]
        raise AssertionError("nobody awaits it")


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path, people={"bert": BERT}, rules=OWN)
    yield made
    made.close()


def called_off(ward: InProcessServer, made: FakeChannel) -> None:
    """Send a loud push by this channel, and let somebody see it."""
    ward.channels["phone"] = made
    ward.use_channel("phone", made)
    ward.play_until_loud("b", cold)
    seen(ward)
    ward.settle()


def steps(ward: InProcessServer) -> list[tuple[str, str]]:
    """Return what became of taking it back."""
    return ward.rows("SELECT state, reason FROM steps WHERE reason LIKE '%taken back%'")


@pytest.mark.parametrize("found", [True, False, "ok", 0], ids=repr)
def test_a_withdraw_that_returns_something_has_taken_nothing_back(
    found: Any, ward: InProcessServer, caplog: pytest.LogCaptureFixture
) -> None:
    odd = Odd("phone", ward.pushes)
    odd.found = found
    called_off(ward, odd)
    why = f"{MUST}not {type(found).__name__}"
    assert steps(ward) == [("failed", f"not taken back: {why}")]
    assert of_the_channel(ward) == [f"channel phone: {why}"]
    line = rf"channel phone: {re.escape(why)} \(.*test_withdraw\.py:\d+\)"
    assert len(re.findall(line, caplog.text)) == 1
    ward.run_to(ward.clock.now_ms + HOUR_MS)
    assert odd.asked == 1
    assert ward.notified("info")[0][-1] == "acknowledged"


@pytest.mark.filterwarnings("error")
def test_a_withdraw_that_is_async_has_taken_nothing_back(
    ward: InProcessServer, caplog: pytest.LogCaptureFixture
) -> None:
    called_off(ward, Waits("phone", ward.pushes))
    why = f"{MUST}so write def, not async def"
    assert steps(ward) == [("failed", f"not taken back: {why}")]
    assert re.search(rf"channel phone: {why} \(.*test_withdraw\.py:\d+\)", caplog.text)


@pytest.mark.parametrize("error", [ValueError("a"), SystemExit("a"), Retryable("a")], ids=repr)
def test_a_withdraw_that_raises_has_taken_nothing_back(
    error: BaseException, ward: InProcessServer
) -> None:
    odd = Odd("phone", ward.pushes)
    odd.found = error
    called_off(ward, odd)
    assert (steps(ward), of_the_channel(ward)) == ([], [])
    assert odd.asked == 1
    assert ward.notified("info")[0][-1] == "acknowledged"


@pytest.mark.parametrize("error", [Permanent("no such message"), Retryable("away")], ids=repr)
def test_a_withdraw_that_fails_is_in_the_log(
    error: BaseException, ward: InProcessServer, caplog: pytest.LogCaptureFixture
) -> None:
    odd = Odd("phone", ward.pushes)
    odd.found = error
    called_off(ward, odd)
    assert caplog.text.count(f"channel phone: {error}") == 1
