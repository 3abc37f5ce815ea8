"""What the measures of a checkout count, on small trees made for them."""

from pathlib import Path

import pytest

from legwatch_lab.bench.structure.arguments import wide_calls, wide_functions
from legwatch_lab.bench.structure.command import main
from legwatch_lab.bench.structure.strings import sql_files, state_lines
from legwatch_lab.bench.structure.tree import Figure, read_tree

CORE = "core/legwatch"
SERVER = "server/legwatch_server"
CLEAN = '"""Nothing to count: SELECT, \'decided\'."""\ndef add(a, b):\n    return a + b\n'


def values(figures: tuple[Figure, ...]) -> list[str]:
    return [figure.value for figure in figures]


def tree(root: Path, **files: str) -> Path:
    """Write files; `core__bed` stands for core/legwatch/bed.py."""
    for name, text in files.items():
        part, *rest = name.split("__")
        path = root / {"core": CORE, "server": SERVER, "lab": "lab/legwatch_lab"}[part]
        path = path.joinpath(*rest).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_a_clean_tree_counts_nothing(tmp_path: Path) -> None:
    files = read_tree(tree(tmp_path, core__bed=CLEAN, server__app=CLEAN))
    figures = (wide_functions(files), *wide_calls(files), *sql_files(files), *state_lines(files))
    assert set(values(figures)) == {"0"}


def test_wide_functions_count_every_named_parameter_but_self(tmp_path: Path) -> None:
    text = (
        "def wide(a, b, c, /, d, e, *, f): ...\n"
        "def five(a, b, c, d, e, *rest, **more): ...\n"
        "class One:\n    def five(self, a, b, c, d, e): ...\n"
        "    def six(self, a, b, c, d, e, f): ...\n"
    )
    files = read_tree(tree(tmp_path, core__bed=text, server__app=text))
    assert wide_functions(files).places == (
        f"{CORE}/bed.py:1 wide (6)",
        f"{CORE}/bed.py:5 six (6)",
    )


def test_wide_calls_count_positional_arguments_by_part(tmp_path: Path) -> None:
    wide, narrow = "Window(1, 2, 3, 4, 5, 6)\n", "Window(1, 2, 3, 4, 5, f=6)\n"
    where = {"core__bed": wide + narrow, "core__state_codec": wide, "server__app": wide}
    files = read_tree(tree(tmp_path, **where, core__testing=wide))
    assert values(wide_calls(files)) == ["2", "1", "0", "1", "0"]


def test_sql_is_told_from_words(tmp_path: Path) -> None:
    made = tree(
        tmp_path,
        server__a='SQL = f"SELECT 1 FROM {table}"\n',
        server__b="db.execute(sql)\n",
        server__store__c='SQL = "UPDATE beds SET id=1"\n',
        server__d='LABEL = "Select a bed"\nMETHOD = "DELETE"\n',
    )
    every, stray = sql_files(read_tree(made))
    assert every.value == "3"
    assert stray.places == (f"{SERVER}/a.py", f"{SERVER}/b.py")


def test_delivery_states_are_counted_by_line_outside_enums_and_keys(tmp_path: Path) -> None:
    made = tree(
        tmp_path,
        server__outbox=(
            "class DeliveryState(StrEnum):\n    SENT = 'sent'\n"
            'if state in ("sent", "failed"):\n'
            '    sql = (\n        f"UPDATE deliveries SET state=\'sent\'"\n        " WHERE id=?")\n'
            'counts = {"sent": 0}\ncounts["sent"] += 1\nwhy = "it was sent"\n'
        ),
        server__push__ntfy='form = "retry"\n',
        core__bed='state = "sent"\n',
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
    before = tree(tmp_path / "before", core__bed="def wide(a, b, c, d, e, f): ...\n")
    after = tree(tmp_path / "after", core__bed=CLEAN)
    assert main([str(before), str(after), "--verbose"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["before", "after"]
    assert printed[1].split()[-2:] == ["1", "0"]
    assert f"  {CORE}/bed.py:1 wide (6)" in printed
