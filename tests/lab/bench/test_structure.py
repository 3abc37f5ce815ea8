"""What the measures of a checkout count, on small trees made for them."""

from pathlib import Path

import pytest

from legwatch_lab.bench.structure.arguments import wide_calls, wide_functions
from legwatch_lab.bench.structure.command import main, measure
from legwatch_lab.bench.structure.recomputed import recomputed
from legwatch_lab.bench.structure.strings import sql_files, state_lines
from legwatch_lab.bench.structure.tree import Figure, read_tree
from legwatch_lab.bench.structure.walk import returns

CORE = "core/legwatch"
SERVER = "server/legwatch_server"
CLEAN = '"""Nothing to count: SELECT, \'decided\'."""\ndef add(a, b):\n    return a + b\n'
WIDE_CALL = "Window(1, 2, 3, 4, 5, 6)\n"
SIGNALS = """
from typing import NamedTuple
class Memory(NamedTuple):
    value: int = 0
    @property
    def double(self):
        return 2 * self.value
def derived(memory, at_ms):
    return memory.value
def held(since_ms, at_ms):
    return at_ms - since_ms
"""
ENGINE = """
from legwatch.bed import minute
from legwatch.signals import derived
def replay(events, rules):
    state = None
    for event in events:
        state, notices = advance(state, event, rules)
        yield from notices
def advance(state, event, rules):
    return _close(state, event), ()
def _close(state, at_ms):
    return minute(state, at_ms)
def view(state, rules):
    return derived(state, 0)
"""
REPLAY = """
from legwatch.engine import replay
def main(argv):
    list(replay([60_000, 120_000], None))
"""


def values(figures: tuple[Figure, ...]) -> list[str]:
    return [figure.value for figure in figures]


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def runnable(root: Path, minute: str) -> Path:
    """Make a tree that the probe can replay; `minute` is the body of bed.minute."""
    bed = f"from legwatch.signals import Memory, derived, held\n{minute}"
    lab = "lab/legwatch_lab"
    return tree(
        root,
        {
            f"{CORE}/__init__.py": "",
            f"{CORE}/signals.py": SIGNALS,
            f"{CORE}/bed.py": bed,
            f"{CORE}/engine.py": ENGINE,
            f"{lab}/__init__.py": "",
            f"{lab}/replay/__init__.py": "",
            f"{lab}/replay/command.py": REPLAY,
            "tests/nights/one.csv.gz": "",
        },
    )


def test_a_clean_tree_counts_nothing(tmp_path: Path) -> None:
    figures = measure(tree(tmp_path, {f"{CORE}/bed.py": CLEAN, f"{SERVER}/app.py": CLEAN}))
    assert {figure.value for figure in figures} == {"0", "-"}
    assert [figure.label for figure in figures if figure.value == "-"] == [
        "returns of the minute's walk",
        "  stays",
        "  rooms",
        "  returns, with repeated entries",
        "computations of a value in its minute",
        "  repeated, all functions, a minute",
    ]


def test_a_walk_that_goes_one_way_has_no_return(tmp_path: Path) -> None:
    minute = "def minute(state, at_ms):\n    return held(derived(state, 0), at_ms)\n"
    assert values(returns(read_tree(runnable(tmp_path, minute))))[:3] == ["0", "3", "3"]


def test_a_walk_counts_each_return_to_a_room_that_it_has_left(tmp_path: Path) -> None:
    minute = (
        "def minute(state, at_ms):\n"
        "    now = derived(state, 0)\n"
        "    for part in own(now):\n        held(part, 0)\n"  # back to bed, back to signals
        "    derived(state, 0)\n"  # entered before with the same parameter
        "    return held(1, 2)\n"  # carries nothing of the state
        "def own(value):\n    return value\n"
    )
    figures = returns(read_tree(runnable(tmp_path, minute)))
    assert values(figures) == ["2", "5", "3", "2"]
    assert figures[0].places == (
        "legwatch.engine._close",
        "legwatch.bed.minute",
        "legwatch.signals.derived",
        "legwatch.bed.own",
        "legwatch.signals.held",
    )


def test_a_value_computed_twice_in_a_minute_is_counted(tmp_path: Path) -> None:
    minute = (
        "def minute(state, at_ms):\n"
        "    memory = Memory(7)\n"
        "    memory.double, derived(memory, 1), derived(Memory(7), 1), derived(memory, 2)\n"
        "    held(1, 2), held(1, 2)\n"
        "    return Memory(at_ms)\n"
    )
    highest, repeated = recomputed(runnable(tmp_path, minute))
    # With the view of the minute: four calls of three different ones.
    assert (highest.value, repeated.value) == ("1.33", "1.00")
    assert highest.places == ("1.33 signals.derived, 4.00 a minute",)


def test_a_value_computed_once_a_minute_is_counted_once(tmp_path: Path) -> None:
    minute = "def minute(state, at_ms):\n    return Memory(derived(Memory(), 60))\n"
    assert values(recomputed(runnable(tmp_path, minute))) == ["1.00", "0.00"]


def test_a_tree_that_cannot_replay_has_no_such_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert values(recomputed(runnable(tmp_path, "from legwatch.signals import gone\n"))) == [
        "-",
        "-",
    ]
    assert "cannot be replayed: ImportError" in capsys.readouterr().err


def test_wide_functions_count_every_named_parameter_but_self(tmp_path: Path) -> None:
    text = (
        "def wide(a, b, c, /, d, e, *, f): ...\n"
        "def five(a, b, c, d, e, *rest, **more): ...\n"
        "class One:\n    def five(self, a, b, c, d, e): ...\n"
        "    def six(self, a, b, c, d, e, f): ...\n"
    )
    files = read_tree(tree(tmp_path, {f"{CORE}/bed.py": text, f"{SERVER}/app.py": text}))
    assert wide_functions(files).places == (
        f"{CORE}/bed.py:1 wide (6)",
        f"{CORE}/bed.py:5 six (6)",
    )


def test_wide_calls_count_positional_arguments_by_part(tmp_path: Path) -> None:
    made = tree(
        tmp_path,
        {
            f"{CORE}/bed.py": WIDE_CALL + "Window(1, 2, 3, 4, 5, f=6)\n",
            f"{CORE}/state_codec.py": WIDE_CALL,
            f"{CORE}/testing.py": WIDE_CALL,
            f"{SERVER}/app.py": WIDE_CALL,
        },
    )
    assert values(wide_calls(read_tree(made))) == ["2", "1", "0", "1", "0"]


def test_sql_is_told_from_words(tmp_path: Path) -> None:
    made = tree(
        tmp_path,
        {
            f"{SERVER}/a.py": 'SQL = f"SELECT 1 FROM {table}"\n',
            f"{SERVER}/b.py": "db.execute(sql)\n",
            f"{SERVER}/store/c.py": 'SQL = "UPDATE beds SET id=1"\n',
            f"{SERVER}/d.py": 'LABEL = "Select a bed"\nMETHOD = "DELETE"\n',
        },
    )
    every, stray = sql_files(read_tree(made))
    assert every.value == "3"
    assert stray.places == (f"{SERVER}/a.py", f"{SERVER}/b.py")


def test_delivery_states_are_counted_by_line_outside_enums_and_keys(tmp_path: Path) -> None:
    outbox = (
        "class DeliveryState(StrEnum):\n    SENT = 'sent'\n"
        'if state in ("sent", "failed"):\n'
        '    sql = (\n        f"UPDATE deliveries SET state=\'sent\'"\n        " WHERE id=?")\n'
        'counts = {"sent": 0}\ncounts["sent"] += 1\nwhy = "it was sent"\n'
    )
    made = tree(
        tmp_path,
        {
            f"{SERVER}/outbox.py": outbox,
            f"{SERVER}/push/ntfy.py": 'form = "retry"\n',
            f"{CORE}/bed.py": 'state = "sent"\n',
        },
    )
    lines, of_files = state_lines(read_tree(made))
    assert [place.split(" ")[0] for place in lines.places] == [
        f"{SERVER}/outbox.py:3",
        f"{SERVER}/outbox.py:5",
    ]
    assert of_files.value == "1"


def test_the_command_prints_two_trees_side_by_side(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wide = "def wide(a, b, c, d, e, f): ...\n"
    before = tree(tmp_path / "before", {f"{CORE}/bed.py": wide})
    after = tree(tmp_path / "after", {f"{CORE}/bed.py": CLEAN})
    assert main([str(before), str(after), "--verbose", "--no-nights"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["before", "after"]
    rows = [line.split() for line in printed]
    assert next(row[-2:] for row in rows if "parameters," in row) == ["1", "0"]
    assert f"  {CORE}/bed.py:1 wide (6)" in printed
