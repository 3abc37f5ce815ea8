"""Run the commands of another tree of legwatch as if it were installed, to compare it with this."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOMS = ("core", "device", "server", "lab")


def environment(tree: Path, folder: Path) -> Mapping[str, str]:
    """Return the environment in which `python -m legwatch` runs the commands of a tree.

    The tree's own list of entry points is written into `folder`, and goes before an installed one;
    so does the bytecode, which an installed legwatch has, too.
    """
    project = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = folder / f"legwatch-{project['version']}.dist-info"
    info.mkdir(parents=True)
    head = f"Metadata-Version: 2.1\nName: legwatch\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(head, encoding="utf-8")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {target}" for name, target in points.items()), "")
    ]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    there = [folder, *(tree / room for room in ROOMS if (tree / room).is_dir())]
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(map(str, there)),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }
