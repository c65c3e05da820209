"""What docs/guide.md says can be clicked and typed is there."""

import re
from pathlib import Path

import pytest

from core.commands import main

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
CELLS = [cell.strip() for line in GUIDE.splitlines() if line.startswith("|") for cell in line.strip("|").split("|")]
SHOWN = "".join(path.read_text(encoding="utf-8") for part in ("ui", "pages") for path in (ROOT / part).rglob("*.py"))
TYPED = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "core" / "commands").glob("*.py"))


def found(pattern: str) -> list[str]:
    return sorted({match for cell in CELLS for match in re.findall(pattern, cell)})


@pytest.mark.parametrize("words", found(r"\*\*(.+?)\*\*"))
def test_what_is_clicked_is_on_a_page(words):
    assert f'"{words}"' in SHOWN or f'"{words} ' in SHOWN


@pytest.mark.parametrize("command", found(r"python -m core ([\w-]+)"))
def test_commands_are_there(command):
    assert f'"{command}"' in TYPED


def test_options_are_there(capsys):
    for command in ("train", "crossval", "predict", "explain", "backbones"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
    known = set(re.findall(r"--[\w-]+", capsys.readouterr().out))
    assert set(found(r"(--[a-z][\w-]+)")) <= known


def test_every_row_says_where_or_that_it_is_missing():
    rows = [
        line.strip("|").split("|")
        for line in GUIDE.splitlines()
        if line.startswith("| ") and "in the guide" not in line
    ]
    assert len(rows) > 30
    for what, here, clicks, command in rows:
        assert "missing" in here or (clicks.strip() and command.strip()), what
