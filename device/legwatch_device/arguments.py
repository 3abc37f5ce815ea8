"""The arguments of `legwatch agent`."""

import argparse

from legwatch_runtime.process import settings_parser


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    made = settings_parser(
        "legwatch agent", "Read the bed's sensors, store the windows, send them.", "agent.toml"
    )
    made.add_argument("--check-config", action="store_true", help="check the settings and exit")
    return made
