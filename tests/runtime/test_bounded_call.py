"""A call that hangs is waited for once, and is taken again when it has come back."""

import threading
import time
from contextlib import suppress

import pytest

from legwatch_runtime.bounded_call import Hangs, call_within


def test_a_call_that_hangs_is_not_waited_for_twice() -> None:
    go_on = threading.Event()
    with pytest.raises(Hangs):
        call_within("hangs twice", lambda: go_on.wait(20), 0.2)
    begun_s = time.monotonic()
    with pytest.raises(Hangs, match=r"has not come back for 5 s"):
        call_within("hangs twice", lambda: go_on.wait(20), 5.0)
    assert time.monotonic() - begun_s < 1
    go_on.set()
    for _ in range(200):
        with suppress(Hangs):
            call_within("hangs twice", lambda: 3, 5.0)
            break
        time.sleep(0.01)
    assert call_within("hangs twice", lambda: 3, 5.0) == 3
