"""From the first page to an answer about an own sentence, in at most seven clicks, with no network. And what Evaluate
shows of the run."""

from __future__ import annotations

import re
from typing import Any

from tests.browser.actions import open_page, settled
from tests.polling import poll

MOST_CLICKS = 7


class Clicks:
    """Counts what a person clicks."""

    def __init__(self, page: Any) -> None:
        self.page, self.count = page, 0

    def button(self, name: str) -> None:
        self.count += 1
        self.page.get_by_role("button", name=name, exact=True).first.click()


def asked_about(page: Any, sentence: str, clicks: Clicks) -> None:
    box = page.get_by_role("textbox", name="Text", exact=True)
    box.wait_for()
    clicks.count += 1
    box.click()
    box.fill(sentence)
    clicks.button("Ask")


def test_a_sentence_of_ones_own_in_seven_clicks(visit):
    page = visit.page()
    settled(page, "Teach a network your own classes")
    clicks = Clicks(page)
    clicks.button("Try it with texts")
    page.get_by_role("heading", name="Fine-tune", exact=True).wait_for()
    clicks.button("Start")
    page.get_by_role("button", name="Predict with this run").wait_for(timeout=240_000)
    clicks.button("Predict with this run")
    settled(page, "Predict")
    asked_about(page, "This phone is great, and the battery lasts all day <b>long</b>.", clicks)
    page.get_by_text(re.compile(r"positive", re.IGNORECASE)).first.wait_for()
    page.get_by_text("<b>long</b>").first.wait_for()  # what somebody types stays text
    assert clicks.count <= MOST_CLICKS

    open_page(page, "Evaluate")
    page.get_by_role("heading", name=re.compile(r"^Accuracy: .* could be .* from \d+ texts")).wait_for()
    page.get_by_role("tab", name="Mistakes").click()
    pair = page.get_by_role("button", name=re.compile("taken for")).first
    pair.wait_for()
    pair.click()
    page.get_by_text(re.compile("the surest first")).wait_for()


def test_names_in_a_sentence_of_ones_own(visit):
    page = visit.page()
    settled(page, "Teach a network your own classes")
    clicks = Clicks(page)
    clicks.count += 1
    open_page(page, "Data")
    clicks.count += 1
    page.get_by_text("Sample set", exact=True).click()
    clicks.count += 1
    page.locator(".st-key-sample_entities").get_by_role("button").click()
    page.get_by_role("button", name="Fine-tune on this dataset").wait_for(timeout=120_000)
    clicks.button("Fine-tune on this dataset")
    settled(page, "Fine-tune")
    page.get_by_text("Head: 2 types of entities").wait_for()
    clicks.button("Start")
    page.get_by_role("button", name="Predict with this run").wait_for(timeout=240_000)
    clicks.button("Predict with this run")
    settled(page, "Predict")
    box = page.get_by_role("textbox", name="Text", exact=True)
    box.wait_for()
    clicks.count += 1
    box.click()
    box.fill("Albert Einstein was a physicist who was born in Germany and worked in Switzerland.")
    page.keyboard.press("Control+Enter")
    poll(lambda: page.locator("mark").count() > 0)
    marked = " ".join(page.locator("mark").all_inner_texts())
    assert re.search("Einstein|Germany|Switzerland", marked)
    assert clicks.count <= MOST_CLICKS
