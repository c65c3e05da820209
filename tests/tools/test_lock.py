"""What `make` installs is one version of everything that the requirements name, and of what that pulls in."""

import re

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import lock

LINES = [line for line in lock.LOCK.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def test_each_line_is_a_name_and_a_version_and_no_address():
    names = [line.partition("==")[0] for line in LINES]
    assert len(names) > 50 and names == sorted(names)
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line) for line in LINES)


def test_what_the_requirements_name_is_there_in_a_version_that_they_allow():
    locked = dict(line.split("==") for line in LINES)
    asked = list(lock.named(lock.ROOT / "requirements-dev.txt"))
    assert len(asked) > 20
    for requirement in asked:
        assert locked[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_torch_that_cannot_import_torchvision_is_refused():
    (torch,) = (each for each in lock.named(lock.ROOT / "requirements.txt") if each.name == "torch")
    assert "2.13.0" not in torch.specifier and "2.14.1" in torch.specifier


def test_what_a_package_pulls_in_is_locked_with_it(monkeypatch):
    needs = {"a": ["b>=1; python_version > '3'", "c; extra == 'more'", "d; sys_platform == 'plan9'"], "b": [], "c": []}

    class Found:
        version = "1.0+cpu"

        def __init__(self, name):
            self.requires = needs[name]

    monkeypatch.setattr(lock, "distribution", Found)
    monkeypatch.setattr(lock, "named", lambda file: [Requirement("a[more]"), Requirement("A")])
    assert lock.locked() == {"a": "1.0", "b": "1.0", "c": "1.0"}
