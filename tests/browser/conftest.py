"""The real app in a real browser, with the network unplugged."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlparse

import pytest

from core.processes import signed
from tests.browser.actions import keep_image
from tests.browser.app import BROWSER, FLAGS, App

WIDE, NARROW = (1280, 900), (390, 844)

playwright_api = pytest.importorskip("playwright.sync_api")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in Path(item.path).parts:
            item.add_marker(pytest.mark.browser)
            if BROWSER is None:
                item.add_marker(pytest.mark.skip(reason="NO BROWSER FOUND: install chromium to run the browser tests"))


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    app = App.at(home)
    app.start()
    yield app
    app.stop()
    for path in home.glob("runs/*/worker.pid"):
        try:
            os.kill(signed(path)[0], signal.SIGKILL)
        except (ProcessLookupError, ValueError):
            continue


@dataclass
class Visit:
    """One person at one browser. Everything that should not have happened is collected in `troubles`."""

    browser: object
    app: App
    troubles: list[str] = field(default_factory=list)

    def page(self, size: tuple[int, int] = WIDE, dark: bool = False, path: str = "") -> object:
        context = self.browser.new_context(  # type: ignore[attr-defined]
            viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
        )
        context.route("**/*", self._only_here)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.troubles.append(f"uncaught in the browser: {error}"))
        page.goto(f"{self.app.address}/{path}")
        return page

    def _only_here(self, route: object) -> None:
        address = route.request.url  # type: ignore[attr-defined]
        if urlparse(address).hostname in ("localhost", "127.0.0.1", None, ""):
            route.continue_()  # type: ignore[attr-defined]
        else:
            self.troubles.append(f"reached for the network: {address}")
            route.abort()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: object, app: App) -> Iterator[Visit]:
    visit = Visit(chromium, app)
    yield visit
    for number, context in enumerate(chromium.contexts):  # type: ignore[attr-defined]
        for page in context.pages:
            page.screenshot(path=app.home.parent / f"last-{number}.png")  # what a failed test was looking at
        context.close()
    assert not visit.troubles, visit.troubles


@pytest.fixture
def image_of() -> Callable[..., None]:
    """`keep_image` when GRAFT_SCREENSHOTS is set (`make screenshots`); otherwise does nothing."""
    return keep_image if os.environ.get("GRAFT_SCREENSHOTS") else lambda *_, **__: None
