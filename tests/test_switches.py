"""What an answer or an example is gets asked once, by its task or modality: docs/architecture.md.

Whoever compares with "classes", "labels" or "number", or looks something up by them, decides for each task by its name,
and would have to be found and changed for the next one.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KNOW = ("core/tasks/", "core/modalities/")  # those whom the others ask
NAMES = {"classes", "labels", "number"}


def switches(source: str) -> list[int]:
    """The lines that compare with a task's name, or hold a table by them."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            named = any(_text(one) in NAMES for side in sides for one in ast.walk(side))
            kinds = len(sides) == 2 and all(map(_is_kind, sides))
            if named or kinds:
                found.append(node.lineno)
        if isinstance(node, ast.Dict) and len(NAMES & {_text(key) for key in node.keys}) > 1:
            found.append(node.lineno)
    return found


def _is_kind(node: ast.AST) -> bool:
    """`dataset.kind`, `manifest.kind` and their like, which are names of tasks."""
    return isinstance(node, ast.Attribute) and node.attr == "kind"


def _text(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


FILES = [
    path.relative_to(ROOT).as_posix()
    for folder in ("core", "ui", "pages")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not path.relative_to(ROOT).as_posix().startswith(KNOW)
]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('if dataset.kind == "number":\n    pass', [1]),
        ('x = 1\ny = kind in ("classes", "labels")', [2]),
        ('{"classes": one, "labels": two}[kind]', [1]),
        ("same = first.kind != second.kind", [1]),
        ('if finding.kind == "leak":\n    pass', []),
        ('options = {"classes": classes}', []),
    ],
)
def test_a_switch_is_found(source, lines):
    assert switches(source) == lines


def test_nobody_else_decides_by_the_name_of_a_task():
    found = {name: lines for name in FILES if (lines := switches((ROOT / name).read_text(encoding="utf-8")))}
    assert not found, "ask the task instead"
