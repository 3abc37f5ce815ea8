"""Where an installed legwatch lies, and where an update keeps what it needs to go back."""

from dataclasses import dataclass
from pathlib import Path

from legwatch_runtime import locations

UNIT = "legwatch.service"


@dataclass(frozen=True, slots=True)
class Places:
    """The places of `deploy/install.sh` under a root, which only in tests is not `/`."""

    root: Path

    @property
    def program(self) -> Path:
        """Return the folder of the program, with its environment in it."""
        return self.root / "opt/legwatch"

    @property
    def unit(self) -> Path:
        """Return the file of the unit."""
        return self.root / "etc/systemd/system" / UNIT

    @property
    def drop_in(self) -> Path:
        """Return the addition to the unit by which a start after a power cut goes back first."""
        return self.unit.with_name(f"{UNIT}.d") / "update.conf"

    @property
    def state(self) -> Path:
        """Return the folder of the nights."""
        return self.root / "var/lib/legwatch"

    @property
    def database(self) -> Path:
        """Return the server's database."""
        return self.state / "server/legwatch.db"

    @property
    def made(self) -> Path:
        """Return the server's settings that `legwatch up` makes anew at each start."""
        return self.state / "server.toml"

    @property
    def serves(self) -> bool:
        """Return False for a bed's Pi, whose server is elsewhere: the installer has noted it."""
        try:
            return (self.root / "etc/legwatch/role").read_text(errors="replace").strip() != "bed"
        except OSError:
            return True

    @property
    def log(self) -> Path:
        """Return the file with all that an update and its installer have said.

        It is not in the folder of the nights: there the service's user might lay a link.
        """
        return self.root / "opt/legwatch.update.log"

    @property
    def folder(self) -> Path:
        """Return the folder of an update; beside the program, so that a rename takes no time."""
        return self.root / "opt/legwatch.update"

    @property
    def hold(self) -> Path:
        """Return the file that a running update has locked."""
        return self.root / "opt/legwatch.update.lock"

    @property
    def source(self) -> Path:
        """Return the folder of the new version's files, as they came."""
        return self.folder / "source"

    @property
    def old(self) -> Path:
        """Return the folder with the program of before, as a whole."""
        return self.folder / "old"

    @property
    def old_unit(self) -> Path:
        """Return the copy of the unit of before."""
        return self.folder / "unit"

    @property
    def code(self) -> Path:
        """Return the copy of our own code: the program's is exchanged while the update runs."""
        return self.folder / "code"


def here() -> Places:
    """Return the places of this machine."""
    return Places(locations.INSTALLED.parents[2])
