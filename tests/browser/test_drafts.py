"""Classes made in the browser: typed, dropped, recorded; never lost."""

from __future__ import annotations

import pytest
from PIL import Image

from core.data.dataset import list_datasets
from core.importing.drafts.drafts import list_drafts, load_draft
from tests.browser.actions import settled
from tests.browser.app import ROOT
from tests.browser.conftest import NARROW, WIDE
from tests.conftest import image
from tests.polling import poll

DENIED = "() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', '%s') } }"


@pytest.fixture
def app(app):
    app.stop()
    app.script = str(ROOT / "tests" / "browser" / "draft_page.py")
    app.start()
    return app


def images_by_class(workspace):
    return [len(one.examples) for one in list_drafts(workspace)[0].classes]


def panel(visit, size=WIDE):
    page = visit.page(size)
    settled(page, "Drafts")  # the second card may be drawn before the first
    return page


def hold(page):
    return page.get_by_role("button", name="Hold to record")


def test_record_drop_refresh_restart_and_make_the_dataset(visit, app, workspace):
    page = panel(visit)
    page.get_by_text("Webcam").first.click()
    button = hold(page)
    button.focus()
    page.keyboard.down(" ")
    poll(lambda: int(page.locator(".count").inner_text() or 0) >= 12)
    page.keyboard.up(" ")
    page.get_by_text("recorded and saved").wait_for()
    recorded = int(page.locator(".count").inner_text())
    assert images_by_class(workspace) == [recorded, 0]
    page.get_by_text(f"{recorded} images").wait_for()

    files = [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": image("red", n)} for n in range(5)]
    page.locator("input[type=file]").last.set_input_files(files)
    page.get_by_text("5 images added.").wait_for()

    page.reload()
    page.get_by_text("5 images", exact=True).wait_for()
    assert page.locator("video").count() == 0  # the camera is let go
    app.stop()
    app.start()
    page.reload()
    page.get_by_text("5 images", exact=True).wait_for()
    page.get_by_role("button", name="Make the dataset").click()
    poll(lambda: [known.images for known in list_datasets(workspace)] == [recorded + 5], app.log)
    assert images_by_class(workspace) == [recorded, 5]


def test_a_class_is_added_with_enter_and_images_removed_with_clicks(visit, workspace):
    page = panel(visit)
    page.get_by_role("textbox", name="Add a class").fill("cats & <b>dogs</b>")
    page.keyboard.press("Enter")
    poll(lambda: len(list_drafts(workspace)[0].classes) == 3)
    poll(lambda: page.get_by_role("textbox", name="Add a class").input_value() == "")
    files = [{"name": f"<i>{n}.jpg", "mimeType": "image/jpeg", "buffer": image("red", n)} for n in range(3)]
    page.locator("input[type=file]").first.set_input_files(files)
    for n in range(3):
        page.get_by_role("button", name=f"Remove the image <i>{n}.jpg").click()
    poll(lambda: images_by_class(workspace) == [0, 0, 0] and page.get_by_text("No image yet").count() == 3)


def test_texts_are_typed_kept_and_removed_with_a_click(visit, workspace):
    page = panel(visit, NARROW)
    page.get_by_text("Texts", exact=True).click()
    page.get_by_role("textbox", name="Texts, a line each").first.fill("A <b>good</b> day\nمرحبا بالعالم")
    page.get_by_role("button", name="Add texts").first.click()
    page.get_by_text("2 texts added.").wait_for()
    page.reload()
    page.get_by_role("button", name="Remove the text A <b>good</b> day").click()
    draft = next(one for one in list_drafts(workspace) if one.modality == "text")
    poll(lambda: [item.text for item in load_draft(workspace, draft.id).classes[0].examples] == ["مرحبا بالعالم"])


def test_hundreds_of_images_and_a_large_one_in_a_folder(visit, workspace, tmp_path):
    """More than go in one batch, and one that is larger than a batch."""
    folder = tmp_path / "cats"
    folder.mkdir()
    for n in range(401):
        (folder / f"{n:03}.png").write_bytes(image("red", n, (8, 8), "png"))
    Image.effect_noise((2400, 2000), 90).convert("RGB").save(folder / "large.bmp")
    page = panel(visit)
    page.get_by_text("Folder").first.click()
    page.get_by_role("button", name="Choose a folder").wait_for()
    page.locator("input[webkitdirectory]").set_input_files(folder)
    page.get_by_text("402 images added.").wait_for()
    assert images_by_class(workspace) == [402, 0] and list_drafts(workspace)[0].size == 402


def test_what_the_browser_could_not_tell_is_sent_again(visit, workspace):
    """The answer to the first batch is lost on its way: nothing is lost, nothing is kept twice."""
    page = panel(visit, NARROW)
    page.get_by_text("Webcam").first.click()
    hold(page).dispatch_event("pointerdown", {"button": 0, "pointerId": 1})
    poll(lambda: int(page.locator(".count").inner_text() or 0) >= 4)
    visit.app.stop()
    poll(lambda: int(page.locator(".count").inner_text()) >= 12)
    hold_again = page.get_by_role("button", name="Recording")
    hold_again.dispatch_event("blur")
    recorded = int(page.locator(".count").inner_text())
    visit.app.start()
    page.get_by_text("Webcam").first.click()
    poll(lambda: images_by_class(workspace)[0] == recorded, lambda: f"{images_by_class(workspace)} of {recorded}")


@pytest.mark.parametrize(
    ("error", "said"), [("NotAllowedError", "was not allowed"), ("NotFoundError", "No camera was found")]
)
def test_a_camera_that_cannot_be_had_is_told_in_a_sentence(visit, error, said):
    page = panel(visit)
    page.evaluate(DENIED % error)
    page.get_by_text("Webcam").first.click()
    page.get_by_text(said).wait_for()
    assert hold(page).count() == 0 and page.get_by_role("button", name="Try again").is_visible()
