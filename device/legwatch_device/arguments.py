"""The arguments of `legwatch agent`."""

import argparse

from legwatch_runtime.process import RUNS_PINS, settings_parser


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    made = settings_parser(
        "legwatch agent",
        "Read the bed's sensors, store the windows, send them.",
        "agent.toml",
        RUNS_PINS,
    )
    made.add_argument("--check-config", action="store_true", help="check the settings and exit")
    return made
