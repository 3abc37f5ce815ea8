"""What `progress` of a channel returns, which another package may have written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campaigns.ward import health_of
from legwatch_server.notify.channels import Progress, Retryable
from legwatch_server.testing import FakeChannel, InProcessServer
from repository import REPO
from server.notify.test_escalation import BERT, cold
from server.ward import MINUTE_MS, open_ward

PAGE = REPO / "server/legwatch_server/notify/channels/README.md"
MUST = "the channel's progress must return a Progress, "
ROWS = {  # of the page for authors
    "`progress` returns no `Progress`",
    "`progress` is `async`",
    "`progress` raises anything else",
}
OWN = {"stillness.joint_s": 0, "alerts.wait_s": 0}


class Odd(FakeChannel):
    """A channel whose `progress` returns what the test wants."""

    follow_every_s = 6.0
    found: Any = Progress.WAITING

    def progress(self, receipt: str) -> Any:
        del receipt
        if isinstance(self.found, BaseException):
            raise self.found
        return self.found


class Waits(FakeChannel):
    """A channel whose author has written async."""

    follow_every_s = 6.0

    async def progress(self, receipt: str) -> Progress:
        del receipt
        return Progress.WAITING


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path, people={"bert": BERT}, rules=OWN)
    yield made
    made.close()


def follow(ward: InProcessServer, made: FakeChannel) -> None:
    """Send a loud push by this channel, and ask it for minutes what became of it."""
    ward.channels["phone"] = made
    ward.use_channel("phone", made)
    ward.play_until_loud("b", cold)
    later(ward)


def later(ward: InProcessServer) -> None:
    ward.run_to(ward.clock.now_ms + 3 * MINUTE_MS)


def of_the_channel(ward: InProcessServer) -> list[str]:
    """Return what /health finds wrong with the channel."""
    wrong = health_of(ward).report()["wrong"]
    return [why for why in wrong if why.startswith("channel phone")]


@pytest.mark.parametrize("found", [True, "delivered", "arrived", None, 1], ids=repr)
def test_a_progress_that_is_none_is_said_once_until_there_is_one(
    found: Any, ward: InProcessServer, caplog: pytest.LogCaptureFixture
) -> None:
    odd = Odd("phone", ward.pushes)
    odd.found = found
    follow(ward, odd)
    why = f"channel phone: {MUST}not {type(found).__name__}"
    assert of_the_channel(ward) == [why]
    odd.found = Progress.WAITING
    later(ward)
    assert of_the_channel(ward) == []
    odd.found = found
    later(ward)
    assert of_the_channel(ward) == [why]
    assert caplog.text.count(why) == 1


@pytest.mark.filterwarnings("error")
def test_a_progress_that_is_async_is_said(ward: InProcessServer) -> None:
    follow(ward, Waits("phone", ward.pushes))
    assert of_the_channel(ward) == [f"channel phone: {MUST}so write def, not async def"]


@pytest.mark.parametrize("error", [ValueError("a\nb"), SystemExit("a b")], ids=repr)
def test_a_progress_that_raises_is_said_once_until_there_is_one(
    error: BaseException, ward: InProcessServer, caplog: pytest.LogCaptureFixture
) -> None:
    odd = Odd("phone", ward.pushes)
    odd.found = error
    follow(ward, odd)
    why = f"{type(error).__name__}: a b"
    assert of_the_channel(ward) == [f"channel phone: the channel's progress failed: {why}"]
    assert "the channel's progress failed" not in caplog.text  # the log has the traceback
    odd.found = Progress.WAITING
    later(ward)
    assert of_the_channel(ward) == []


def test_a_service_that_is_away_when_it_is_asked_is_no_fault_of_the_channel(
    ward: InProcessServer,
) -> None:
    odd = Odd("phone", ward.pushes)
    odd.found = Retryable("not reachable")
    follow(ward, odd)
    assert of_the_channel(ward) == []


def test_every_progress_is_taken(ward: InProcessServer) -> None:
    odd = Odd("phone", ward.pushes)
    for found in Progress:
        odd.found = found
        follow(ward, odd)
        assert of_the_channel(ward) == []


def test_the_page_for_authors_lists_the_words() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"`Progress.{word.name}`" in page for word in Progress)
