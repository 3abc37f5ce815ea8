"""Until when missing windows are no agent's fault.

The server was not listening, or nobody watched the bed.
"""


class Excuses:
    """Moments of the server's time line; only the writer thread uses them."""

    def __init__(self) -> None:
        self.all_ms = 0  # of all beds
        self.beds: dict[str, int] = {}  # of single beds
        self.deaf = False  # the server has no broker now

    def move(self, by_ms: int) -> None:
        """Follow the time line after it was moved."""
        self.all_ms += by_ms
        self.beds = {name: until_ms + by_ms for name, until_ms in self.beds.items()}
