"""Draw the pictures of the guides in deploy/guides: the wiring, the bed, and the way of the data.

    .venv/bin/python -m scripts.draw_builds           draw them anew
    .venv/bin/python -m scripts.draw_builds --check   exit code 1 when one is old

The pins are those of the settings beside each guide; the header is that of the library gpiozero.
"""

import argparse
import sys

from scripts.builds import bed, flow, wiring
from scripts.builds.build import GUIDES


def pictures() -> dict[str, str]:
    """Return each picture by the name of its file."""
    return {
        "mission-wiring.svg": wiring.draw("mission", "Simple build: the wiring"),
        "mission-bed.svg": bed.draw("mission", "Simple build: where the parts lie"),
        "recommended-wiring.svg": wiring.draw("recommended", "Recommended build: the wiring"),
        "recommended-bed.svg": bed.draw("recommended", "Recommended build: where the parts lie"),
        "no_pi-flow.svg": flow.draw("Without a Pi: the way of the data"),
        "no_pi-bed.svg": bed.draw("no_pi", "Without a Pi: where the sensors lie"),
    }


def main() -> int:
    """Draw the pictures, or with --check say which are old."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when one is old")
    check = parser.parse_args().check
    old = [
        name
        for name, picture in pictures().items()
        if not (file := GUIDES / name).exists() or file.read_text(encoding="utf-8") != picture
    ]
    if not check:
        for name in old:
            (GUIDES / name).write_text(pictures()[name], encoding="utf-8")
        return 0
    if not old:
        return 0
    named = ", ".join(old)
    print(f"{named}: old; draw them anew with .venv/bin/python -m scripts.draw_builds")
    return 1


if __name__ == "__main__":
    sys.exit(main())
