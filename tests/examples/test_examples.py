"""The examples run as they are, and say what they promise."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def said_by(example, *options):
    command = [sys.executable, "-m", f"examples.{example}", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_train_and_predict():
    first, *answers = said_by("train_and_predict", "--epochs", "2")
    assert first == "192 images in the classes brick, grass, gravel"
    assert len(answers) == 3 and all(line.endswith("%") for line in answers)


def test_compare_freezing():
    lines = said_by("compare_freezing", "--epochs", "1", "--resolution", "64")
    assert [line.partition(":")[0] for line in lines] == ["all frozen", "half frozen", "none frozen"]
    assert all("validation accuracy" in line for line in lines)


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_every_example_does_without_the_pages(example):
    assert "streamlit" not in example.read_text() and "import ui" not in example.read_text()
    assert f"def test_{example.stem}(" in Path(__file__).read_text()
