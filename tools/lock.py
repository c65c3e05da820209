"""Write constraints.txt: the versions here of all that the requirements name and pull in.

    python -m tools.lock [--check]

With --check it writes nothing, and fails where the file and what is installed differ. No address is written: pip asks
the index that it is set up with.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "constraints.txt"
HEAD = """# What `make` installs: the versions that the tests last passed with. Renewed by `make lock`; do not edit.
# Each line is for whoever needs the package: what another system or Python needs besides is not held.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare")
    text = HEAD + "".join(f"{name}=={version}\n" for name, version in sorted(locked().items()))
    if not parser.parse_args().check:
        LOCK.write_text(text, encoding="utf-8")
    elif LOCK.read_text(encoding="utf-8") != text:
        sys.exit("constraints.txt differs from what is installed. Run `make lock` and `make test`, then commit it.")


def locked() -> dict[str, str]:
    """The installed version of each package, by its name."""
    found: dict[str, str] = {}
    waiting, met = list(named(ROOT / "requirements-dev.txt")), set()
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) not in met:
            met.add((name, extras))
            found[name] = distribution(name).version.partition("+")[0]
            waiting += required_by(name, extras)
    return found


def named(file: Path) -> Iterator[Requirement]:
    for line in file.read_text(encoding="utf-8").splitlines():
        said = line.partition("#")[0].strip()
        if said.startswith("-r "):
            yield from named(file.with_name(said.removeprefix("-r ")))
        elif said:
            yield Requirement(said)


def required_by(name: str, extras: frozenset[str]) -> list[Requirement]:
    """What this package, with these extras, needs on this machine."""
    told = [Requirement(line) for line in distribution(name).requires or ()]
    asked = [{"extra": extra} for extra in extras] or [{"extra": ""}]
    return [each for each in told if not each.marker or any(map(each.marker.evaluate, asked))]


if __name__ == "__main__":
    main()
