"""The commands that `legwatch up` prints: each can be typed as it stands, where it was started.

After scripts/run `legwatch` is not on the path, and the store of the made night is not the usual
one; so the command is named by its place, and the made night by its settings.
"""

import shlex
import shutil
import sys
from pathlib import Path

HOW_TO_GO_ON = """\
To watch a real bed: copy EXAMPLE to agent.toml, name your sensors in it, and start
  legwatch up --agent-config agent.toml
What was told, and why:
  legwatch alerts --config DEMO --night last
  legwatch alerts --config DEMO explain 1
Other nights:
  legwatch nights make --seed 1 --count 3 --out nights
  legwatch replay nights/*.csv*"""


def how_to_go_on(demo: Path) -> str:
    """Return what the owner may do after the made night, whose settings are in `demo`."""
    text = HOW_TO_GO_ON.replace("EXAMPLE", _example()).replace("DEMO", _short(demo))
    return text.replace("  legwatch ", f"  {command()} ")


def command() -> str:
    """Return how this `legwatch` is typed in this folder."""
    script = Path(sys.executable).with_name("legwatch")
    if not script.exists():
        return f"{_short(Path(sys.executable))} -m legwatch"
    found = shutil.which("legwatch")
    on_the_path = found is not None and Path(found).samefile(script)
    return "legwatch" if on_the_path else _short(script)


def _example() -> str:
    """Return the annotated settings of an agent: a checkout has them, a package does not."""
    file = Path(__file__).parents[3] / "config" / "agent.example.toml"
    return _short(file) if file.exists() else "the agent.example.toml of legwatch"


def _short(file: Path) -> str:
    here = Path.cwd()
    name = str(file.relative_to(here) if file.is_relative_to(here) else file)
    return shlex.quote(name if "/" in name else f"./{name}")
