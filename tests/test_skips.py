"""A skip that nobody listed fails continuous integration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import listed_skips

pytest_plugins = "pytester"
ROOT = Path(__file__).resolve().parents[1]


def test_every_listed_skip_is_of_a_test_that_is_there():
    assert listed_skips()
    for name in listed_skips():
        file, _, test = name.partition("::")
        assert (ROOT / file).is_file() and (not test or f"def {test}(" in (ROOT / file).read_text())


@pytest.mark.parametrize(("environment", "passes"), [("1", False), ("", True)])
def test_a_skip_that_is_not_listed_fails_where_ci_is_set(pytester, monkeypatch, environment, passes):
    hook = (ROOT / "tests" / "conftest.py").read_text()
    begins, ends = hook.index("def pytest_sessionfinish"), hook.index("def pytest_terminal_summary")
    pytester.makeconftest(f"import os\nimport pytest\nfrom pathlib import Path\n\n{hook[begins:ends]}")
    pytester.path.joinpath("skips.txt").write_text("other.py: because\n")
    pytester.makepyfile("import pytest\n\ndef test_it():\n    pytest.skip('for no reason')\n")
    monkeypatch.setenv("CI", environment)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    assert (result.ret == 0) is passes and ("not listed" in result.stdout.str()) is not passes
