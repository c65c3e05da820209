"""Continuous integration does not pass without a browser; on a person's machine it goes on, and says so."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def run_ci(tmp_path):
    """On a machine with nothing but a shell, and a `make` that writes down what it was asked."""
    for name in ("bash", "env", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name))
    (tmp_path / "make").write_text(f'#!/usr/bin/env bash\necho "$1" >> {tmp_path}/made\n')
    (tmp_path / "make").chmod(0o755)

    def run_ci(**environment):
        command = [shutil.which("bash"), str(ROOT / ".ci" / "run")]
        settings = {"PATH": str(tmp_path), **environment}
        done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=60)
        made = tmp_path / "made"
        return done.returncode, done.stderr, made.read_text().split() if made.exists() else []

    return run_ci


def test_without_a_browser_continuous_integration_fails(run_ci):
    status, said, made = run_ci(CI="true")
    assert status == 1 and "no Chromium" in said and made == []


def test_without_a_browser_a_person_is_only_told(run_ci):
    told = "There is no Chromium: the browser tests will be skipped. Install it to run them.\n"
    assert run_ci() == (0, told, ["lint", "check", "test"])


def test_lint_and_types_come_before_the_tests(run_ci, tmp_path):
    (tmp_path / "chromium").symlink_to(shutil.which("bash"))
    assert run_ci(CI="true") == (0, "", ["lint", "check", "test"])
