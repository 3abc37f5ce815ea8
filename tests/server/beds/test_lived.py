"""Each night can be replayed as it was lived: the notices are the same, to the byte."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from legwatch.alerting.notice import as_json
from legwatch.lived import LivedNight, relive
from legwatch.text.message import text
from legwatch_runtime import night_file
from legwatch_server.testing import InProcessServer
from server.beds.night_story import BED, NightStory

FIRST = date(2026, 1, 2)


def kept(ward: InProcessServer, night: int, folder: Path) -> LivedNight:
    """Return a night as its file gives it back."""
    with ward.store.reader() as reader:
        found = reader.lived(1, BED, FIRST + timedelta(days=night))
    assert found is not None
    path = folder / f"{night}.jsonl"
    night_file.write(path, found, over=True)
    back = night_file.read(path)
    assert back == found
    return back


def lived(night: LivedNight) -> Sequence[str]:
    return [as_json(one.notice, bed=BED, text=one.text) for one in night.given]


def replayed(night: LivedNight) -> Sequence[str]:
    return [as_json(one, bed=BED, text=text(one)) for one in relive(night)]


def same(ward: InProcessServer, night: int, folder: Path) -> Sequence[str]:
    found = kept(ward, night, folder)
    assert found.missing == ""
    assert replayed(found) == lived(found)
    return lived(found)


@pytest.mark.parametrize(
    ("seed", "nights"), [(0, 1), *(pytest.param(n, 3, marks=pytest.mark.slow) for n in range(1, 4))]
)
def test_nights_with_all_that_happens_are_replayed_as_they_were_lived(
    seed: int, nights: int, tmp_path: Path
) -> None:
    story = NightStory(tmp_path, seed)
    story.go_through(nights)
    lines = [line for night in range(nights + 1) for line in same(story.ward, night, tmp_path)]
    assert lines == [line for line in story.ward.lines() if f'"bed":"{BED}"' in line]
    story.ward.close()
