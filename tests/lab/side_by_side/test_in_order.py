"""Work in several processes: in order, never far ahead, and gone when nobody wants more."""

import os
import time
from functools import partial
from pathlib import Path

import pytest

from handed_out import dying, pid, touched
from legwatch.errors import CannotRun
from legwatch_lab.side_by_side import AHEAD, in_order

pytestmark = pytest.mark.slow  # each starts several processes
JOBS = 2


def test_results_come_in_order_and_no_work_is_far_ahead_of_them(tmp_path: Path) -> None:
    paths = [Path(str(number)) for number in range(60)]
    results = in_order(partial(touched, folder=tmp_path), paths, JOBS)
    assert next(results) == "0"
    time.sleep(0.3)  # all that may be done is done
    assert len(list(tmp_path.iterdir())) <= AHEAD * JOBS
    assert list(results) == [path.name for path in paths[1:]]


def test_one_process_is_none_but_this(tmp_path: Path) -> None:
    assert list(in_order(pid, [tmp_path] * 3, 1)) == [os.getpid()] * 3
    assert list(in_order(pid, [tmp_path], 4)) == [os.getpid()]
    assert os.getpid() not in list(in_order(pid, [tmp_path] * 3, 2))


def test_a_worker_that_dies_is_told_with_its_file() -> None:
    with pytest.raises(CannotRun, match="b: the process that read it was ended"):
        list(in_order(dying, [Path("a"), Path("b"), Path("c")], JOBS))
