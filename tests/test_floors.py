"""A floor may use the floors below it, never those above: docs/architecture.md."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# From the top; names on one line may use each other.
FLOORS = [
    {"app", "pages"},
    {"ui"},
    {"core.__main__", "core.commands"},
    {"core.runs", "core.jobs"},
    {"core.evaluation"},
    {"core.survey"},
    {"core.training"},
    {"core.importing"},
    {"core.explaining"},
    {"core.inference"},
    {"core.runtime"},
    {"core.backbones"},
    {"core.data"},
    {"core.modalities", "core.tasks"},
    {"core.store"},
    {"core.workspace", "core.trash", "core.processes", "core.fetching"},
    {"core.progress", "core.limits", "core.course", "core.records", "core.tables", "core.address_space"},
    {"core.errors", "core.finding", "core.words", "core.units"},
]
HEIGHT = {name: len(FLOORS) - number for number, floor in enumerate(FLOORS) for name in floor}
FILES = [path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] in ("app.py", "pages", "ui", "core")]


def floor_of(module: str) -> str | None:
    return next((name for name in HEIGHT if module == name or module.startswith(f"{name}.")), None)


def imports_of(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_only_go_down(path):
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    here = floor_of(module)
    if here is None:  # core/__init__.py
        return
    above = [name for name in imports_of(path) if (there := floor_of(name)) and HEIGHT[there] > HEIGHT[here]]
    assert not above, f"{module} looks up at {above}"


def test_core_never_loads_the_interface():
    script = (
        "import importlib, pkgutil, sys, core\n"
        "for found in pkgutil.walk_packages(core.__path__, 'core.'):\n"
        "    found.name.endswith('__main__') or importlib.import_module(found.name)\n"
        "print([name for name in ('streamlit', 'plotly') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_listing_things_does_not_load_torch():
    """Pages and short commands that only look at the workspace must not wait for it."""
    script = "import sys, core.runs, core.importing.importing, core.commands; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "False"
