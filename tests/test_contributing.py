"""What CONTRIBUTING.md sends people to is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SAID = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PATHS = sorted(set(re.findall(r"`((?:core|ui|pages|tests|docs|benchmarks|tools|examples|\.ci)/?[\w/.]*)`", SAID)))


def test_paths_are_there():
    assert len(PATHS) > 15
    assert not [path for path in PATHS if not (ROOT / path).exists()]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make (\w+)", SAID))))
def test_make_knows_what_is_to_be_made(target):
    assert f"\n{target}:" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_links_lead_somewhere():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", SAID)
    assert links and all((ROOT / link).exists() for link in links)
