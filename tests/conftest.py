"""For every test: it is alone on its machine, and Hypothesis judges answers, not speed."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import installed
from legwatch_runtime import plugins, secrets
from repository import need

# The first drawing of text in a fresh clone, on a machine that is busy, takes over a second.
settings.register_profile(
    "any_machine",
    parent=settings(),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any_machine")

# A shell without job control starts what runs in its background deaf to Ctrl-C, and every command
# that a test starts would inherit that, and wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same after nohup: no command would hear that its terminal is closed.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Settings without a zone take this machine's.
os.environ["TZ"] = "UTC"

# A real installation, and what its owner's `legwatch up` keeps, are out of sight for the tests and
# for every program that they start. The places are read at the first import of `locations`.
_ROOT = Path(tempfile.mkdtemp(prefix="legwatch-root-"))
_ROOT.chmod(0o755)  # as / is: some tests are another user
os.environ["LEGWATCH_ROOT"] = str(_ROOT)
os.environ["XDG_STATE_HOME"] = str(_ROOT / "home")

installed.remember()


def pytest_unconfigure() -> None:
    shutil.rmtree(_ROOT, ignore_errors=True)


@pytest.fixture
def mosquitto() -> None:
    """Skip in one line where the broker is not installed."""
    need("mosquitto")
    need("mosquitto_passwd", "mosquitto")


@pytest.fixture(autouse=True)
def _forgotten_secrets() -> Iterator[None]:
    """Forget the secrets of a test at its end: one that is a word would hide it in all others."""
    before = secrets._known.copy()
    yield
    secrets._known[:] = before


@pytest.fixture(autouse=True)
def _forgotten_packages() -> Iterator[None]:
    """Forget whose code a test has loaded: another's of the same name is of no package."""
    yield
    plugins._whose.clear()
