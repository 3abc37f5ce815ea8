"""A channel of another package that fails: one sentence says whose it is; people are reached."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.errors import CannotRun, LegwatchError, SettingsError
from legwatch.oncall.escalation import Purpose
from legwatch.settings import load
from legwatch_runtime import plugins
from legwatch_runtime.part import Parts
from legwatch_server.notify import channels, late
from legwatch_server.notify.accepted import accepted
from legwatch_server.notify.channels import Notifier, Permanent, Sent, open_channels
from legwatch_server.notify.late import LateChannels
from legwatch_server.notify.outboxes import Outboxes
from legwatch_server.notify.schedule import JobKind
from legwatch_server.notify.worker import Job, JobResult, Workers
from legwatch_server.settings import CHANNELS, ServerSettings
from repository import REPO
from server.notify.channels.test_answers import ROWS as ANSWERS
from server.notify.channels.test_channels import PUSH
from server.notify.channels.test_progress import ROWS as PROGRESS
from server.notify.channels.test_withdraw import ROWS as WITHDRAW
from server.notify.plans import row
from server.notify.test_parts import Rig, until
from strangers import OWN_THREAD, Fault, Stranger, faults_at_import, hurry, promised

pytestmark = pytest.mark.slow  # each waits for a time-out or starts threads

PAGE = REPO / "server/legwatch_server/notify/channels/README.md"
CLASS = """
from legwatch_server.notify.channels import Retryable, Sent
class Odd:
    def __init__(self, options, context):
        pass
    def send(self, push):
        return Sent()
"""
PHONE = CLASS.replace("Odd", "Phone").replace("return", "SENT.append(push); return") + "SENT = []\n"
HEAD = "from dataclasses import dataclass\nfrom legwatch.settings import setting\n"
CHECKED = HEAD + CLASS.replace(
    "    def __init__",
    """    @dataclass(frozen=True, slots=True)
    class Options:
        address: int = setting(72, "address")
        def check(self): {}
    def __init__""",
)


def starting(line: str) -> str:
    return CLASS.replace("pass", line)


def sending(line: str) -> str:
    return CLASS.replace("return Sent()", line)


AT_START = {
    **faults_at_import(CLASS),
    "its class has no `send`": Fault("class Odd: pass", "cannot be used: Odd has no method 'send'"),
    "its `check` raises": Fault(
        CHECKED.format("raise ValueError('a\\nb')"), "cannot check its options: ValueError: a b"
    ),
    "its `check` ends the process": Fault(
        CHECKED.format("raise SystemExit(3)"), "cannot check its options: SystemExit: 3"
    ),
    "its `check` hangs": Fault(
        CHECKED.format("import threading; threading.Event().wait(5)"),
        "cannot check its options: it has not come",
    ),
    "its constructor raises": Fault(
        starting("raise TypeError('a\\nb')"), "cannot start: TypeError: a b"
    ),
    "its secret's name does not begin with `LEGWATCH_`": Fault(
        starting("from legwatch_runtime.secrets import secret; secret('FIRMCHAT_TOKEN')"),
        "a secret's name begins with LEGWATCH_: call it LEGWATCH_FIRMCHAT_TOKEN,",
    ),
    "its constructor ends the process": Fault(
        starting("raise SystemExit(3)"), "cannot start: SystemExit: 3"
    ),
    "its constructor ends the process natively": Fault(
        starting("import os; os.abort()"),
        "cannot start: it ends the process that it runs in (SIGABRT)",
    ),
    "its constructor hangs": Fault(
        starting("import threading; threading.Event().wait(5)"), "cannot start: it has not"
    ),
    "`withdraw`, `progress`, `rehearse`, `begin` or `speak_over` is no method": Fault(
        f"{CLASS}    withdraw = 'x'\n",
        "cannot start: TypeError: withdraw must be a method, not 'x'",
    ),
    "`follow_every_s` is no number from 1 to 3600": Fault(
        f"{CLASS}    follow_every_s = 0\n    def progress(self, receipt): pass\n",
        "cannot start: TypeError: follow_every_s must be 1 to 3600, not 0",
    ),
}
LATER = {
    "`begin` raises": Fault(
        f"{CLASS}    def begin(self, folder): raise ValueError('x')\n", "ValueError: x"
    ),
}
SENDS = {
    "`send` raises anything else": Fault(sending("raise TypeError('a')"), "TypeError: a"),
    "`send` ends the process": Fault(sending("raise SystemExit(3)"), "SystemExit: 3"),
    "`send` returns no `Sent`": Fault(sending("return 1, 2"), "must return Sent, not tuple"),
    "`send` is `async`": Fault(
        CLASS.replace("def send", "async def send"), "must return Sent, so write def, not async def"
    ),
    "a receipt is longer than 200 bytes": Fault(
        sending("return Sent('\xe4' * 101)"), "a receipt has at most 200 bytes, not 202"
    ),
    "a receipt is no text": Fault(sending("return Sent(5)"), "a receipt must be a text, not int"),
    "`retry_after_s` is no number of seconds": Fault(
        sending("raise Retryable('busy', [float('nan'), 'x', -5, 1e308][push.id % 4])"), "busy"
    ),
}


ALL: dict[str, Fault] = AT_START | LATER | SENDS
HANGS = "`send` hangs"
TEST_HANGS = "`rehearse` hangs"  # test_rehearsal
THREAD = "a thread of its own raises"


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(request, monkeypatch)
    monkeypatch.setattr(channels, "STARTS_WITHIN_S", 1.5)
    monkeypatch.setattr(late, "STARTS_WITHIN_S", 1.5)


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stranger:
    """Return another package: the phone that works."""
    return Stranger(tmp_path, monkeypatch)


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stranger:
    return Stranger(tmp_path, monkeypatch)


def install(name: str, fault: Fault, stranger: Stranger, other: Stranger) -> None:
    stranger.has(fault.code, {CHANNELS: {"odd": "{}:Odd"}})
    points = {"phone": "{}:Phone"} | ({"odd": "{}:Odd"} if "two packages" in name else {})
    other.has(PHONE, {CHANNELS: points})


@pytest.mark.parametrize("name", AT_START)
def test_a_broken_channel_is_refused_by_day_and_at_a_reload(
    name: str,
    stranger: Stranger,
    other: Stranger,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fault = AT_START[name]
    install(name, fault, stranger, other)
    file = tmp_path / "server.toml"
    file.write_text(
        f'zone = "UTC"\nstate_dir = "{tmp_path}"\n[push]\nchannels = ["odd", "phone"]\n'
    )
    assert legwatch(["check-config", str(file)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    assert fault.words in said
    assert stranger.origin("Odd") in said
    with pytest.raises(LegwatchError):  # a reload takes all, or nothing
        open_channels(load(ServerSettings, {"push": {"channels": ["odd", "phone"]}}))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    (tmp_path / "state").mkdir()
    made = Rig(tmp_path / "state", "odd", "phone")
    yield made
    made.parts.stopping.set()
    made.boxes.stop()
    made.ward.close()


class Boxes:
    """Outboxes that only hear what they may use."""

    def __init__(self) -> None:
        self.used: list[str] = []

    def prepare(self, _channels: dict[str, Notifier]) -> None:
        pass

    def use(self, _settings: ServerSettings, ready: dict[str, Notifier]) -> None:
        self.used = list(ready)


@pytest.mark.parametrize("name", AT_START)
def test_a_start_goes_on_without_it_and_health_names_it(
    name: str, stranger: Stranger, other: Stranger
) -> None:
    install(name, AT_START[name], stranger, other)
    boxes, settings = Boxes(), load(ServerSettings, {"push": {"channels": ["odd", "phone"]}})
    opened = LateChannels(cast("Outboxes", boxes), settings, Parts())
    opened.begin()
    (concern,) = opened.wrong()  # in /health
    assert concern.startswith("channel odd cannot start: ")
    assert AT_START[name].words in concern
    assert stranger.origin("Odd") in concern
    assert boxes.used == ["phone"]


@pytest.mark.parametrize("value", ["my-bad.c:Fine", "bad.c.Fine"])
def test_an_entry_point_that_python_cannot_take_apart_stops_no_server(
    value: str,
    stranger: Stranger,
    other: Stranger,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stranger.has("", {CHANNELS: {"odd": value, "console": value}})
    other.has(PHONE, {CHANNELS: {"phone": "{}:Phone"}})
    boxes, settings = Boxes(), load(ServerSettings, {"push": {"channels": ["odd", "phone"]}})
    opened = LateChannels(cast("Outboxes", boxes), settings, Parts())
    opened.begin()
    (concern,) = opened.wrong()
    assert f"{value!r} is not written as module:name" in concern
    assert boxes.used == ["phone"]
    file = tmp_path / "server.toml"
    file.write_text(f'zone = "UTC"\nstate_dir = "{tmp_path}"\n[push]\nchannels = ["phone"]\n')
    assert legwatch(["check-config", str(file)]) == 0, "nobody uses it"
    assert not capsys.readouterr().err


@pytest.mark.parametrize("name", ["its module hangs", "its `check` hangs", "its constructor hangs"])
def test_check_config_waits_once_for_what_hangs(
    name: str,
    stranger: Stranger,
    other: Stranger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plugins, "LOADS_WITHIN_S", 3.0)
    monkeypatch.setattr(channels, "STARTS_WITHIN_S", 3.0)
    fault = AT_START[name]
    install(name, fault._replace(code=(fault.code or "").replace("1)", "9)")), stranger, other)
    file = tmp_path / "server.toml"
    file.write_text(
        f'zone = "UTC"\nstate_dir = "{tmp_path}"\n[push]\nchannels = ["odd", "phone"]\n'
    )
    begun_s = time.monotonic()
    assert legwatch(["check-config", str(file)]) == 2
    assert time.monotonic() - begun_s < 7.9  # less than twice


@pytest.mark.parametrize("words", ["LegwatchError('never')", "CannotRun('never')"])
def test_what_a_constructor_says_has_the_name_of_its_package(
    words: str, stranger: Stranger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "from legwatch.errors import CannotRun, LegwatchError\n"
    stranger.has(head + starting(f"raise {words}"), {CHANNELS: {"odd": "{}:Odd"}})
    said = f"push.odd: the channel ({stranger.origin('Odd')}) cannot start: never"
    file = tmp_path / "server.toml"
    file.write_text(f'zone = "UTC"\nstate_dir = "{tmp_path}"\n[push]\nchannels = ["odd"]\n')
    assert legwatch(["check-config", str(file)]) == 2
    assert capsys.readouterr().err == f"{file}: {said}\n"
    settings = load(ServerSettings, {"push": {"channels": ["odd"]}})
    opened = LateChannels(cast("Outboxes", Boxes()), settings, Parts())
    opened.begin()
    assert list(opened.wrong()) == [f"channel odd cannot start: {said}"]


def test_what_begin_says_has_the_name_of_its_package(stranger: Stranger, rig: Rig) -> None:
    code = f"{CLASS}    def begin(self, folder): raise OSError('no room')\n"
    points = {"odd": "{}:Odd", "phone": "{}:Phone"}
    stranger.has(code + PHONE, {CHANNELS: points})
    opened = LateChannels(rig.boxes, rig.ward.settings, rig.parts)
    opened.begin()
    said = f"channel odd cannot start: no room ({stranger.origin('Odd')})"
    assert list(opened.wrong()) == [said]


def test_a_receipt_that_cannot_be_stored_is_refused() -> None:
    with pytest.raises(Permanent, match="that UTF-8 can hold"):
        accepted(Sent("\ud800"))
    assert accepted(Sent("a" * 200)) == Sent("a" * 200)


@pytest.mark.parametrize("name", ["its module raises", "its constructor hangs", *LATER, *SENDS])
def test_its_people_are_reached_by_their_next_way(
    name: str, stranger: Stranger, other: Stranger, rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    fault = ALL[name]
    install(name, fault, stranger, other)
    opened = LateChannels(rig.boxes, rig.ward.settings, rig.parts)
    opened.begin()
    rig.boxes.start()
    if name not in SENDS:
        (concern,) = opened.wrong()  # in /health
        assert fault.words in concern
        assert stranger.origin("Odd") in concern
    until(
        lambda: fault.words in caplog.text
    )  # first: a push that is late goes the next way untried
    rig.ward.clock.advance(31_000)
    rig.boxes.wake()
    phone = __import__(other.name)
    until(lambda: phone.SENT)
    if name in ("`send` raises anything else", "`send` ends the process"):
        # What it has raised is said once, for its author.
        assert caplog.text.count(f"channel odd ({stranger.origin('Odd')}): ") == 1
        assert "Traceback" not in caplog.text
    if name in SENDS:  # and the channel's own thread has survived it
        rig.ward.clock.advance(400_000)
        rig.boxes.wake()
        until(lambda: not list(rig.parts.wrong()))
        assert "part push-odd failed" not in caplog.text


METHODS = {"send": "push", "rehearse": "push", "withdraw": "push, receipt", "progress": "receipt"}


@pytest.mark.parametrize("method", METHODS)
def test_a_method_with_other_arguments_is_told_with_its_own_line(
    method: str, stranger: Stranger, rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    code = CLASS.replace("return Sent()", "return Sent('a receipt')") + "    follow_every_s = 1\n"
    for name, given in METHODS.items():
        words = "self" if name == method else f"self, {given}"
        if name in (method, "withdraw", "progress") and name != "send":
            code += f"    def {name}({words}): pass\n"
    if method == "send":
        code = code.replace("def send(self, push)", "def send(self)")
    stranger.has(code, {CHANNELS: {"odd": "{}:Odd"}})
    (line,) = (n for n, one in enumerate(code.split("\n"), 1) if f"def {method}(" in one)
    table = {"push": {"channels": ["odd"]}, "people": {"karl": {"channels": ["odd"]}}}
    (notifier,) = open_channels(load(ServerSettings, table)).values()
    done: list[JobResult] = []
    workers = Workers("odd", notifier, 1, done.append, rig.parts)
    kind = {"withdraw": JobKind.RECALL, "progress": JobKind.FOLLOW}.get(method, JobKind.SEND)
    purpose = Purpose.REHEARSAL if method == "rehearse" else Purpose.LOUD
    workers.hand_out(Job(kind, row(1, purpose=purpose), PUSH), 1)
    until(lambda: done)
    workers.stop()
    said = f"channel odd ({stranger.origin('Odd')}): TypeError: Odd.{method}() takes 1 positional"
    assert said in caplog.text
    assert f"({stranger.site / stranger.name}.py:{line})" in caplog.text


def test_a_thread_of_its_own_that_fails_ends_no_server(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger.has(starting(OWN_THREAD), {CHANNELS: {"odd": "{}:Odd"}})
    ends: list[str] = []
    parts = Parts(end=ends.append)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    parts.guard_other_threads()
    boxes, settings = Boxes(), load(ServerSettings, {"push": {"channels": ["odd"]}})
    LateChannels(cast("Outboxes", boxes), settings, parts).begin()
    (sentence,) = parts.wrong()  # in /health
    assert sentence.startswith(f"the thread kt of {stranger.name} 1.2 failed: ValueError: invalid ")
    assert ends == []
    assert boxes.used == ["odd"]


def test_one_that_is_uninstalled_while_it_runs_is_named_as_before(
    stranger: Stranger, other: Stranger, rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    install("", SENDS["`send` raises anything else"], stranger, other)
    LateChannels(rig.boxes, rig.ward.settings, rig.parts).begin()
    stranger.uninstall()
    rig.boxes.start()
    until(lambda: "TypeError: a" in caplog.text)
    assert f"channel odd ({stranger.origin('Odd')}): TypeError: a" in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("code", [starting("import os; os._exit(5)"), "import os; os._exit(5)"])
def test_one_that_was_mended_is_not_met_here_as_it_was(
    code: str, stranger: Stranger, rig: Rig, tmp_path: Path
) -> None:
    stranger.has(code, {CHANNELS: {"odd": "{}:Odd"}})
    settings = load(ServerSettings, {"push": {"channels": ["odd"]}})
    opened = LateChannels(rig.boxes, settings, rig.parts)
    opened.begin()
    (stranger.site / f"{stranger.name}.py").write_text(f"{CLASS}# mended\n")
    opened.look()  # this process may have the old class, and would end here
    (concern,) = opened.wrong()
    assert "(exit code 5); once it is mended, start legwatch again" in concern


def test_one_that_is_set_up_wrong_once_it_is_mended_stops_no_other(
    stranger: Stranger, other: Stranger, rig: Rig, tmp_path: Path
) -> None:
    """It could not be read at the start, so the start could not refuse its options."""
    (gate := tmp_path / "gate").touch()
    waits = f"from pathlib import Path\nif Path({str(gate)!r}).exists(): raise OSError('not yet')\n"
    wrong = starting("from legwatch.errors import OptionError; raise OptionError('file', 'gone')")
    stranger.has(waits + wrong, {CHANNELS: {"odd": "{}:Odd"}})
    other.has(waits + CLASS, {CHANNELS: {"phone": "{}:Odd"}})
    table = {"push": {"channels": ["odd", "phone"]}, "people": {"karl": {}}}
    opened = LateChannels(rig.boxes, load(ServerSettings, table), rig.parts)
    opened.begin()
    gate.unlink()
    opened.look()
    (concern,) = opened.wrong()
    assert concern.startswith("channel odd cannot start: push.odd.file: gone (")
    assert list(rig.boxes.all) == ["phone"]


ONCE = (
    starting("""
        if MADE: raise OSError('another program holds the lock')
        MADE.append(self)""")
    + "MADE = []\n"
)


def test_a_reload_goes_on_with_one_that_cannot_start_a_second_time(
    stranger: Stranger, rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    stranger.has(ONCE, {CHANNELS: {"odd": "{}:Odd"}})
    table = {"push": {"channels": ["odd"]}, "people": {"karl": {"channels": ["odd"]}}}
    opened = LateChannels(rig.boxes, load(ServerSettings, table), rig.parts)
    opened.begin()
    (made,) = __import__(stranger.name).MADE
    after = load(ServerSettings, table | {"beds": {"b": {"ended": True}}})
    assert opened.anew(after) == {"odd": made}
    assert "channel odd goes on as it is, without a new start: push.odd: the ch" in caplog.text
    other = load(ServerSettings, table | {"people": {"anna": {"channels": ["odd"]}}})
    with pytest.raises(CannotRun, match="another program holds the lock"):
        opened.anew(other)


@pytest.mark.parametrize("fails", ["open('/nowhere/key')", "1 / 0", "raise SystemExit(3)"])
@pytest.mark.parametrize("at_start", [True, False])
def test_a_reload_goes_on_with_one_whose_begin_fails(
    at_start: bool, fails: str, stranger: Stranger, rig: Rig, tmp_path: Path
) -> None:
    (stick := tmp_path / "stick").touch()
    begins = f"""
    def begin(self, folder):
        from pathlib import Path
        if not Path({str(stick)!r}).exists(): {fails}
"""
    stranger.has(CLASS + begins, {CHANNELS: {"odd": "{}:Odd"}})
    if at_start:
        stick.unlink()
    table = {"push": {"channels": ["odd"]}, "people": {"karl": {"channels": ["odd"]}}}
    opened = LateChannels(rig.boxes, load(ServerSettings, table), rig.parts)
    opened.begin()
    if not at_start:
        stick.unlink()
    after = load(ServerSettings, table | {"beds": {"b": {"ended": True}}})
    assert list(opened.anew(after)) == ([] if at_start else ["odd"])
    karls = {"karl": {"channels": ["odd"], "address": {"odd": "x"}}}
    with pytest.raises(LegwatchError, match="odd"):  # what is changed of it has to start
        opened.anew(load(ServerSettings, table | {"people": karls}))


@pytest.mark.parametrize("uninstalls", [True, False])
def test_a_reload_goes_on_with_one_of_which_a_file_or_the_package_is_gone(
    uninstalls: bool, stranger: Stranger, rig: Rig, tmp_path: Path
) -> None:
    """Else the bed that is to be watched again stays unwatched."""
    (stick := tmp_path / "stick").touch()
    wants = f"""
            from pathlib import Path
            from legwatch.errors import OptionError
            if not Path({str(stick)!r}).exists(): raise OptionError('address', 'no stick')"""
    stranger.has(CHECKED.format(wants), {CHANNELS: {"odd": "{}:Odd"}})
    push = {"channels": ["odd"], "odd": {"address": 72}}
    table = {"push": push, "people": {"karl": {"channels": ["odd"]}}}
    opened = LateChannels(rig.boxes, load(ServerSettings, table), rig.parts)
    opened.begin()
    stranger.uninstall() if uninstalls else stick.unlink()
    after = load(ServerSettings, table | {"beds": {"b": {"ended": True}}})
    after.check()
    assert list(opened.anew(after)) == ["odd"]
    changed = load(ServerSettings, table | {"push": {"channels": ["odd"], "odd": {"address": 73}}})
    with pytest.raises(SettingsError):  # what the settings change of it must be right
        opened.anew(changed)


def test_a_reload_goes_on_without_one_that_could_not_start_before(
    stranger: Stranger, rig: Rig
) -> None:
    stranger.has(starting("raise OSError('no line')"), {CHANNELS: {"odd": "{}:Odd"}})
    table = {"push": {"channels": ["odd"]}, "people": {"karl": {"channels": ["odd"]}}}
    opened = LateChannels(rig.boxes, load(ServerSettings, table), rig.parts)
    opened.begin()
    stood = list(opened.wrong())
    after = load(ServerSettings, table | {"beds": {"b": {"ended": True}}})
    opened.take_over(after, opened.anew(after))
    assert list(opened.wrong()) == stood != []


def test_a_send_that_hangs_is_named_and_holds_no_other(
    stranger: Stranger, other: Stranger, rig: Rig
) -> None:
    waits = "import threading; globals().setdefault('GO', threading.Event()).wait(60)"
    install(HANGS, Fault(sending(waits), ""), stranger, other)
    LateChannels(rig.boxes, rig.ward.settings, rig.parts).begin()
    rig.boxes.start()
    until(lambda: hasattr(__import__(stranger.name), "GO"))  # `send` has been called
    rig.ward.clock.advance(31_000)
    rig.boxes.wake()
    phone = __import__(other.name)
    until(lambda: phone.SENT)
    passed = rig.parts.elapsed_s
    rig.parts.elapsed_s = lambda: passed() + 301
    until(lambda: [one for one in rig.parts.wrong() if one.startswith("the part odd-0 has hung")])
    assert not rig.parts.well()  # the watchdog starts the server again
    __import__(stranger.name).GO.set()


def test_the_page_for_authors_names_each_of_these_cases() -> None:
    assert promised(PAGE, "If a channel fails") == {
        *ALL,
        *(HANGS, TEST_HANGS, THREAD),
        *(*ANSWERS, *PROGRESS, *WITHDRAW),
    }


def test_a_broken_channel_that_nobody_uses_ends_no_start(
    stranger: Stranger, other: Stranger, tmp_path: Path
) -> None:
    install("", AT_START["its module raises"], stranger, other)
    table = {"push": {"channels": ["phone"], "odd": {"key": 1}}}
    settings = load(ServerSettings, table)
    with pytest.raises(CannotRun, match=r"push\.odd: channel 'odd'"):
        open_channels(settings)
    channels.check_unused(settings, broken_too=False)


def test_a_package_takes_no_shipped_channel_away(stranger: Stranger) -> None:
    stranger.has("raise ValueError", {CHANNELS: {"ntfy": "{}:Odd"}})
    made = channels.load_channel("ntfy", "push.channels")
    assert made.__module__ == "legwatch_server.notify.channels.ntfy"
