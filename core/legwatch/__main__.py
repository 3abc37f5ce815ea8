"""The door `python -m legwatch`: the command itself is in the room that may touch the machine."""

import sys

from legwatch_runtime.command import GROUP, main

__all__ = ["GROUP", "main"]

if __name__ == "__main__":
    sys.exit(main())
