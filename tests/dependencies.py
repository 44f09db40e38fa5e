"""What this package stands on: every dependency bounded on both sides, and pinned within bounds.

python tests/dependencies.py

Reads pyproject.toml and constraints.txt, needs no network, exits with 1 where they do not agree.
Whether a pinned version has a known weakness is asked by `make audit`, which needs the network.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

__all__ = ["gaps", "pins", "requirements"]

ROOT = Path(__file__).parents[1]
_PIN = re.compile(r"([A-Za-z0-9._-]+)==([^\s;]+)\s*(?:;.*)?")


def requirements(pyproject: str) -> Iterator[tuple[str, Requirement]]:
    """The text of pyproject.toml -> where a dependency is asked for, and the dependency."""
    told = tomllib.loads(pyproject)
    for text in told["build-system"]["requires"]:
        yield "build-system", Requirement(text)
    for text in told["project"]["dependencies"]:
        yield "dependencies", Requirement(text)
    for extra, texts in told["project"]["optional-dependencies"].items():
        for text in texts:
            yield f"extra {extra}", Requirement(text)


def pins(constraints: str) -> dict[str, Version]:
    """The text of constraints.txt -> the pinned version of every package, by its plain name.

    Raises:
        ValueError: a line that pins nothing, or a second pin of one package.
    """
    found: dict[str, Version] = {}
    for line in constraints.splitlines():
        line = line.partition("#")[0].strip()
        if not line:
            continue
        pinned = _PIN.fullmatch(line)
        if pinned is None:
            raise ValueError(f"constraints.txt: expected name==version, got {line!r}")
        name = canonicalize_name(pinned[1])
        if name in found:
            raise ValueError(f"constraints.txt: {pinned[1]} is pinned twice")
        found[name] = Version(pinned[2])
    return found


def gaps(pyproject: str, constraints: str) -> list[str]:
    """The texts of pyproject.toml and constraints.txt -> a sentence for all that is missing."""
    found, pinned = [], pins(constraints)
    extras = tomllib.loads(pyproject)["project"]["optional-dependencies"]
    for where, wanted in requirements(pyproject):
        if wanted.name == "arden":
            missing = sorted(set(extras) - set(wanted.extras) - {"all", "gpu"})
            found += [f"extra all lacks {name}" for name in missing]
            continue
        signs = {clause.operator for clause in wanted.specifier}
        if not signs & {">=", ">", "==", "~="}:
            found.append(f"{where}: {wanted} has no lower bound")
        if not signs & {"<", "<=", "==", "~="}:
            found.append(f"{where}: {wanted} has no upper bound")
        version = pinned.get(canonicalize_name(wanted.name))
        if version is None:
            found.append(f"{where}: {wanted.name} has no pin in constraints.txt")
        elif version not in wanted.specifier:
            found.append(f"{where}: {wanted} does not allow its own pin {version}")
    return found


def main() -> None:
    """The command line of this file."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in _FILES]
    found = gaps(*texts)
    for told in found:
        print(told, file=sys.stderr)
    sys.exit(1 if found else 0)


_FILES = ("pyproject.toml", "constraints.txt")

if __name__ == "__main__":
    main()
