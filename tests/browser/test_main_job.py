"""The main job as a person does it: choose, upload, freeze, start, watch, refresh, predict. With no network."""

from __future__ import annotations

import re
from pathlib import Path

from core.importing.samples.samples import sample_folder
from tests.browser.actions import curve_points, open_page, settled
from tests.polling import poll


def test_the_main_job(visit, make_zip, image_of, tmp_path):
    with sample_folder("textures") as folder:
        photos = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.png")}
    kept_back = {name: photos.pop(name) for name in list(photos) if name.endswith("-01.png")}
    page = visit.page()

    settled(page, "Teach a network your own classes")
    image_of(page, "home")

    open_page(page, "Backbone")
    page.get_by_text("Bundled with Graft").first.wait_for()
    page.get_by_text("Help me choose").first.wait_for()
    settled(page, "Backbone")
    image_of(page, "backbone", height=1400)

    open_page(page, "Data")
    with open(tmp_path / "large.zip", "wb") as large:
        large.truncate(10**9)
    page.locator("input[type=file]").first.set_input_files(tmp_path / "large.zip")
    page.get_by_text(re.compile("[1-9].* MB of 1.0 GB")).wait_for()
    assert list(visit.app.home.glob("jobs/*/upload/large.zip"))
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped. Nothing of it was kept.").wait_for()
    poll(lambda: not list(visit.app.home.glob("jobs/*")))
    page.locator("input[type=file]").first.set_input_files(make_zip(files=photos, name="My textures.zip"))
    page.get_by_text("189 images imported").wait_for()
    page.get_by_role("button", name="Browse brick").wait_for()
    settled(page, "Data")
    image_of(page, "data-imported", height=1400)

    open_page(page, "Fine-tune")
    trainable = page.get_by_text(re.compile(r"parameters train"))
    trainable.first.wait_for()
    all_frozen = trainable.first.inner_text()
    slider = page.get_by_role("slider", name="How many stages to freeze").first
    slider.press("ArrowLeft")
    poll(lambda: trainable.first.inner_text() != all_frozen)
    slider.press("ArrowRight")
    poll(lambda: trainable.first.inner_text() == all_frozen)
    image_of(page, "fine-tune-settings")
    slider.press("ArrowLeft")  # with a stage free, no machine is through before the test has looked
    poll(lambda: trainable.first.inner_text() != all_frozen)
    epochs = page.get_by_role("spinbutton", name="Epochs")
    epochs.fill("3000")
    epochs.press("Enter")
    page.get_by_role("button", name="Start", exact=True).click()

    page.get_by_role("button", name="Stop and keep").wait_for()
    poll(lambda: curve_points(page) > 5, lambda: visit.app.log())
    before = curve_points(page)
    poll(lambda: curve_points(page) > before)

    page.reload()
    page.get_by_role("button", name="Stop and keep").wait_for()
    poll(lambda: curve_points(page) > before)
    page.get_by_role("button", name="Stop and keep").click()
    page.get_by_role("button", name="Predict with this run").click()

    settled(page, "Predict")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not an image")
    files = [broken]
    for name, data in kept_back.items():
        files.append(tmp_path / Path(name).name)
        files[-1].write_bytes(data)
    page.locator("input[type=file]").first.set_input_files(files)
    page.get_by_text("broken.jpg: ", exact=False).first.wait_for()
    for label in ("brick", "grass", "gravel"):
        page.get_by_test_id("stMarkdownContainer").get_by_text(f"{label}-01.png").wait_for()
    page.get_by_role("button", name="Download CSV").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    table = Path(download.value.path()).read_text()
    assert all(f"{label}-01.png,{label}," in table for label in ("brick", "grass", "gravel"))
    settled(page, "Predict")
    image_of(page, "predict", height=1250)
