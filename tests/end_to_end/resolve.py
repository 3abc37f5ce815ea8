"""Ask pip what another machine would get: `resolve.py PYTHON MACHINE FOLDER REQUIREMENT...`

Prints pip's report. pip's own --platform leaves the markers (`platform_machine == ...`) to the
machine that it runs on, and so drops a Pi's requirements without a word. Hence it is told here,
before it starts, which machine it is on. Wheels in FOLDER count as well.
"""

import sys

from pip._internal.cli.main import main
from pip._vendor.packaging import markers

NEWEST_GLIBC = 36  # Debian 12's 2.36: what runs there runs on Debian 13, too


def environment(python: str, machine: str) -> dict[str, str]:
    """Return what markers are compared with."""
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{python}.0",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "6.12.0",
        "platform_system": "Linux",
        "platform_version": "1",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }


def words(python: str, machine: str, folder: str) -> list[str]:
    """Return pip's arguments."""
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(NEWEST_GLIBC, 16, -1)]
    tags += [f"manylinux2014_{machine}", f"linux_{machine}"]
    abis = [f"cp{python.replace('.', '')}", "abi3", "none"]
    return [
        *("install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"),
        *("--target", f"{folder}/none", "--find-links", folder, "--only-binary", ":all:"),
        *("--implementation", "cp", "--python-version", python),
        *(word for abi in abis for word in ("--abi", abi)),
        *(word for tag in tags for word in ("--platform", tag)),
    ]


if __name__ == "__main__":
    python, machine, folder, *requirements = sys.argv[1:]
    markers.default_environment = lambda: environment(python, machine)  # type: ignore[assignment,return-value]
    sys.exit(main([*words(python, machine, folder), *requirements]))
