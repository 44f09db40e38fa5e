"""The rules that keep the floors of ARCHITECTURE.md apart, each seen to fail on a planted tree."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "arden"

# Folder, or file without ".py", directly under src/arden -> its floor. Imports only point down.
FLOORS = {
    **dict.fromkeys(["errors", "live_line", "__init__", "__main__"], 0),
    **dict.fromkeys(["core"], 1),
    **dict.fromkeys(["orderings", "conditionals", "layers"], 2),
    **dict.fromkeys(["networks", "latent", "data"], 3),
    **dict.fromkeys(["coding", "kernels", "storage"], 4),
    **dict.fromkeys(["tasks"], 5),
    **dict.fromkeys(["audit", "training", "systems"], 6),
    **dict.fromkeys(["assembly", "engines", "plots", "timing"], 7),
    **dict.fromkeys(["estimators", "api", "runs"], 8),
    **dict.fromkeys(["reproduction", "serving", "studio"], 9),
    **dict.fromkeys(["cli"], 10),
}
# The package's own two files open onto every floor, though anyone may import them.
ENTRANCES = {"__init__", "__main__"}
CATALOGUES = {
    "orderings": "ORDERINGS",
    "conditionals": "CONDITIONALS",
    "networks": "NETWORKS",
    "latent": "LATENTS",
}
ONLY_IN_KERNELS = {"llvmlite", "numba", "triton"}
WITHOUT_TORCH = [
    "arden",
    "arden.cli",
    "arden.systems",
    "arden.latent.options",
    "arden.reproduction",
    *(
        f"arden.networks.options.{kind}"
        for kind in ("tables", "feedforward", "sequences", "images")
    ),
]


def parsed(path: Path) -> ast.Module:
    """file -> its syntax tree; that of an empty file when there is none."""
    return ast.parse(path.read_text(encoding="utf-8") if path.is_file() else "", str(path))


def sources(package: Path) -> Iterator[tuple[Path, str, ast.Module]]:
    """package -> every file, the folder or file of FLOORS it belongs to, its syntax tree."""
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package).with_suffix("").parts[0]
        yield path, place, parsed(path)


def imported(package: Path, path: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """-> (line, dotted name) of every import, those inside functions and TYPE_CHECKING included."""
    folder = (package.name, *path.parent.relative_to(package).parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else ()
            module = ".".join([*above, *filter(None, [node.module])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def place_of(package: Path, name: str) -> str | None:
    """dotted name -> the folder or file of FLOORS it lies in; None outside the package."""
    root, *inner = name.split(".")
    if root != package.name:
        return None
    if not inner or (inner[0].startswith("__") and inner[0].endswith("__")):
        return "__init__"
    known = inner[0] in FLOORS or (package / inner[0]).exists()
    # `from arden import fit` reaches through the front door for the function behind it.
    return inner[0] if known else "api"


def upward_imports(package: Path) -> list[str]:
    """package -> a line for every import that does not point down."""
    found = []
    for path, place, tree in sources(package):
        if place not in FLOORS:
            found.append(f"{path}:1: {place} has no floor: give it one in {Path(__file__).name}")
        if place not in FLOORS or place in ENTRANCES:
            continue
        for line, name in imported(package, path, tree):
            target = place_of(package, name)
            if target is None or target == place:
                continue
            here, there = FLOORS[place], FLOORS.get(target)
            if there is None or there >= here:
                found.append(
                    f"{path}:{line}: {place} (floor {here}) imports {target} (floor {there})"
                )
    return found


def kernel_imports(package: Path) -> list[str]:
    """package -> a line for every import of numba, llvmlite or triton outside kernels/."""
    return [
        f"{path}:{line}: {place} imports {name}; only kernels may"
        for path, place, tree in sources(package)
        for line, name in imported(package, path, tree)
        if place != "kernels" and name.split(".")[0] in ONLY_IN_KERNELS
    ]


def assigned(tree: ast.Module, name: str) -> object:
    """-> the literal that a module binds to the name, None when it binds none."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            try:
                return ast.literal_eval(node.value)
            except ValueError:
                return None
    return None


def catalogue_gaps(package: Path) -> list[str]:
    """package -> a line for every file that no entry names and every entry that names no class."""
    found = []
    for folder, name in CATALOGUES.items():
        index = package / folder / "__init__.py"
        entries = assigned(parsed(index), name)
        if not isinstance(entries, dict):
            found.append(f"{index}:1: {name} must be a literal dict of name -> 'module:Class'")
            continue
        modules = {value.partition(":")[0] for value in entries.values()}
        for path in sorted((package / folder).glob("*.py")):
            module = f"{package.name}.{folder}.{path.stem}"
            if path.stem == "options" or path.stem.startswith("_") or module in modules:
                continue
            found.append(f"{path}:1: {module} is missing from {name}")
        for key, value in entries.items():
            module, _, wanted = value.partition(":")
            body = parsed(package.parent / f"{module.replace('.', '/')}.py").body
            if wanted not in {node.name for node in body if isinstance(node, ast.ClassDef)}:
                found.append(f"{index}:1: {name}[{key!r}] = {value!r} names no class")
    return found


def bound_by_imports(package: Path, body: list[ast.stmt]) -> set[str]:
    """-> the public names that module-level `from .x import y` lines bind, under `if` too."""
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.ImportFrom) and (
            node.level or (node.module or "").split(".")[0] == package.name
        ):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, (ast.If, ast.Try)):
            names |= bound_by_imports(package, [*node.body, *node.orelse])
    return {name for name in names if not name.startswith("_")}


def export_faults(package: Path) -> list[str]:
    """package -> a line for every folder whose `__all__` is absent, unsorted or incomplete."""
    found = []
    for folder in sorted({path.parent for path in package.rglob("*.py")}):
        index = folder / "__init__.py"
        if not index.is_file():
            found.append(f"{folder}:1: no __init__.py")
            continue
        tree = parsed(index)
        exported = assigned(tree, "__all__")
        if not isinstance(exported, (list, tuple)):
            found.append(f"{index}:1: no literal __all__")
            continue
        if list(exported) != sorted(set(exported)):
            found.append(f"{index}:1: __all__ is not sorted, or repeats a name")
        missing = bound_by_imports(package, tree.body) - set(exported)
        found += [f"{index}:1: __all__ lacks {name}" for name in sorted(missing)]
    return found


def imports_torch(module: str, search: Path) -> list[str]:
    """module, the folder it lies under -> a line when a fresh process that imports it has torch."""
    program = (
        f"import sys, {module}; assert {module}.__file__; sys.exit(3 * ('torch' in sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": str(search)}
    command = [sys.executable, "-c", program]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode == 3:
        return [f"{module}: importing it imports torch"]
    return [] if finished.returncode == 0 else [f"{module}: {finished.stderr}"]


CHECKS = [upward_imports, kernel_imports, catalogue_gaps, export_faults]


@pytest.mark.parametrize("check", CHECKS)
def test_arden_keeps_the_rule(check):
    assert check(PACKAGE) == []


@pytest.mark.parametrize("module", WITHOUT_TORCH)
def test_importing_it_loads_no_torch(module):
    assert imports_torch(module, PACKAGE.parent) == []


SOUND = {
    "__init__.py": "from .api import fit\n__all__ = ['fit']\n",
    "errors.py": "",
    "api.py": "from .tasks import score\n",
    "core/__init__.py": "__all__ = []\n",
    "orderings/__init__.py": "ORDERINGS = {'r': 'arden.orderings.raster:Raster'}\n__all__ = []\n",
    "orderings/raster.py": "from ..errors import Refused\nclass Raster: ...\n",
    "conditionals/__init__.py": "CONDITIONALS: dict[str, str] = {}\n__all__ = []\n",
    "networks/__init__.py": "NETWORKS = {'nade': 'arden.networks.nade:NADE'}\n__all__ = []\n",
    "networks/nade.py": "import torch\nfrom arden.core import network\nclass NADE: ...\n",
    "networks/options.py": "",
    "latent/__init__.py": "LATENTS = {'vae': 'arden.latent.vae:VAE'}\n__all__ = []\n",
    "latent/vae.py": "class VAE: ...\n",
    "networks/_shared.py": "",
    "kernels/__init__.py": "import numba\n__all__ = []\n",
    "tasks/__init__.py": "from .score import score\n__all__ = ['score']\n",
    "tasks/score.py": "def score(): ...\n",
}


def plant(folder: Path, **changes: str) -> Path:
    """folder, changed files -> a small sound package there, with those files written over it."""
    for name, text in {**SOUND, **changes}.items():
        path = folder / "arden" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "arden"


@pytest.mark.parametrize("check", CHECKS)
def test_a_sound_tree_passes(tmp_path, check):
    assert check(plant(tmp_path)) == []


def reported(check, tmp_path: Path, name: str, text: str) -> str:
    """A sound tree with one file written over it -> the one line the check reports."""
    [line] = check(plant(tmp_path, **{name: text}))
    return line


@pytest.mark.parametrize(
    ("name", "text", "report"),
    [
        (
            "core/a.py",
            "\nfrom arden.tasks import score",
            "2: core (floor 1) imports tasks (floor 5)",
        ),
        (
            "core/a.py",
            "def f():\n  from ..tasks import x",
            "2: core (floor 1) imports tasks (floor 5)",
        ),
        (
            "core/a.py",
            "if TYPE_CHECKING:\n  import arden.api",
            "2: core (floor 1) imports api (floor 8)",
        ),
        ("core/a.py", "from .. import networks", "1: core (floor 1) imports networks (floor 3)"),
        ("tasks/a.py", "from arden import fit", "1: tasks (floor 5) imports api (floor 8)"),
        ("networks/a.py", "import arden.data", "1: networks (floor 3) imports data (floor 3)"),
        ("errors.py", "import arden.core", "1: errors (floor 0) imports core (floor 1)"),
        ("utils/a.py", "", "1: utils has no floor"),
    ],
)
def test_a_planted_upward_import_is_reported(tmp_path, name, text, report):
    assert f"{name}:{report}" in reported(upward_imports, tmp_path, name, text)


@pytest.mark.parametrize(
    ("check", "name", "text", "report"),
    [
        (kernel_imports, "errors.py", "def f():\n  from numba import njit", "imports numba.njit"),
        (kernel_imports, "core/a.py", "import triton.language", "imports triton.language"),
        (catalogue_gaps, "networks/made.py", "", "arden.networks.made is missing from NETWORKS"),
        (catalogue_gaps, "networks/nade.py", "class Nade: ...", "nade:NADE' names no class"),
        (catalogue_gaps, "conditionals/__init__.py", "", "CONDITIONALS must be a literal dict"),
        (export_faults, "core/__init__.py", "", "no literal __all__"),
        (export_faults, "core/__init__.py", "__all__ = ['b', 'a']", "__all__ is not sorted"),
        (export_faults, "core/__init__.py", "from .a import b\n__all__ = []", "__all__ lacks b"),
        (export_faults, "studio/a.py", "", "no __init__.py"),
    ],
)
def test_a_planted_fault_is_reported(tmp_path, check, name, text, report):
    assert report in reported(check, tmp_path, name, text)


def test_a_planted_import_of_torch_is_reported(tmp_path):
    (tmp_path / "torch.py").write_text("")
    (tmp_path / "light.py").write_text("")
    (tmp_path / "heavy.py").write_text("import torch")
    assert imports_torch("light", tmp_path) == []
    assert imports_torch("heavy", tmp_path) == ["heavy: importing it imports torch"]
