"""Import a command quickly: what an import makes stays, so nobody looks for garbage in it.

Python looks for garbage in cycles each time that some hundreds of objects have been made, and once
more through all of them at the end. That takes a seventh of the time of a short command.
"""

import atexit
import gc
from typing import Any

from legwatch_runtime import shipped


def load(target: str) -> Any:
    """Import what a shipped entry point names; the process is to run it, and then ends."""
    atexit.register(gc.freeze)  # the process ends, and its memory with it
    looks = gc.isenabled()
    gc.disable()
    try:
        return shipped.load(target)
    finally:
        if looks:
            gc.freeze()  # else the first look would go through all that was imported
            gc.enable()
