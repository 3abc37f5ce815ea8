"""When a channel that has failed is said to deliver again: a silent test delivers nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.oncall.escalation import Purpose
from legwatch_server.notify.accepted import WrongAnswer
from legwatch_server.notify.channels import Permanent, Retryable, Sent
from legwatch_server.notify.outbox import NOT_TRIED, Outbox
from legwatch_server.notify.record import Recorded
from legwatch_server.notify.schedule import JobKind
from legwatch_server.notify.worker import Job, JobResult
from server.notify.plans import row
from server.notify.test_record import PUSH
from server.notify.test_rehearsal import ward_at_dusk

LOUD, TEST = Purpose.LOUD, Purpose.REHEARSAL
TOKEN, BUSY = Permanent("wrong token"), Retryable("busy")
NO_TEXT = WrongAnswer("rehearse must return a text")
GOOD, PROOF = Sent("id"), "it is there"
AGAIN, PASSES = "channel phone delivers again", "channel phone passes its test again"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Outbox]:
    ward = ward_at_dusk(tmp_path)
    yield ward.outboxes["phone"]
    ward.close()


@pytest.mark.parametrize(
    ("outcomes", "failing", "said"),
    [
        ([(LOUD, TOKEN), (TEST, PROOF)], "wrong token", []),
        ([(LOUD, TOKEN), (TEST, NOT_TRIED)], "wrong token", []),
        ([(LOUD, TOKEN), (TEST, BUSY), (TEST, PROOF)], "busy", []),
        ([(TEST, BUSY), (LOUD, TOKEN), (TEST, PROOF)], "wrong token", []),
        ([(LOUD, TOKEN), (TEST, PROOF), (LOUD, GOOD)], "", [AGAIN]),
        ([(TEST, BUSY)], "busy", []),
        ([(TEST, BUSY), (TEST, PROOF)], "", [PASSES]),
        ([(TEST, NO_TEXT), (TEST, NOT_TRIED)], "", [PASSES]),
        ([(TEST, BUSY), (LOUD, GOOD)], "", [AGAIN]),
        ([(LOUD, TOKEN), (LOUD, GOOD), (TEST, BUSY), (TEST, PROOF)], "", [AGAIN, PASSES]),
    ],
)
def test_only_a_push_that_was_taken_ends_what_a_push_has_found(
    outcomes: list[tuple[Purpose, Any]],
    failing: str,
    said: list[str],
    box: Outbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    for purpose, outcome in outcomes:
        job = Job(JobKind.SEND, row(1, purpose=purpose), PUSH)
        box._report(JobResult(job, outcome), Recorded(()))
    assert box.failing == failing  # in /health
    assert [one.getMessage() for one in caplog.records if "again" in one.getMessage()] == said
