"""Jobs, as real processes."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core import jobs
from core.data.dataset import list_datasets, load_dataset
from core.errors import GraftError
from core.importing.tables.reading import Reading
from core.jobs import asking
from core.jobs.job import Job
from core.processes import signed
from tests.conftest import image
from tests.polling import poll


def ended(job):
    poll(lambda: not job.view().running, lambda: (job.directory / "job.log").read_text(), deadline=60)
    return job.view()


@pytest.fixture
def big(make_zip):
    return make_zip({"red": 700, "blue": 700})


def begun(workspace, path):
    job = jobs.start(workspace, "import path", path.name, path=str(path), name="Mine")
    poll(lambda: job.view().done, lambda: f"{job.view()}", deadline=60)
    return job


def test_an_import_ends_with_its_dataset(workspace, make_zip):
    view = ended(jobs.start(workspace, "import path", "x", path=str(make_zip({"red": 5, "blue": 5})), name="Mine"))
    assert view.status == "done" and not view.result["known"]
    assert load_dataset(workspace, view.result["dataset"], view.result["version"]).name == "Mine"


def test_what_cannot_be_imported_is_said(workspace, tmp_path):
    view = ended(jobs.start(workspace, "import path", "x", path=str(tmp_path / "none.zip")))
    assert view.status == "failed" and "There is no file" in view.message


def test_a_bug_is_a_sentence_too(workspace):
    view = ended(jobs.start(workspace, "import path", "x", nonsense="here"))
    assert view.status == "failed" and "does not know" in view.message and "Traceback" not in view.message


def test_stop_ends_it_at_once_and_leaves_nothing(workspace, big):
    job = begun(workspace, big)
    pid = signed(job.directory / "pid")[0]
    job.stop()
    assert job.view().status == "stopped" and list_datasets(workspace) == []
    assert not list(workspace.datasets.glob(".importing-*"))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_one_that_is_killed_has_failed_and_the_next_starts_clean(workspace, big):
    job = begun(workspace, big)
    os.kill(signed(job.directory / "pid")[0], signal.SIGKILL)
    assert ended(job).status == "failed" and "interrupted" in job.view().message
    assert ended(jobs.start(workspace, "import path", "again", path=str(big))).status == "done"
    assert len(list_datasets(workspace)) == 1 and not list(workspace.datasets.glob(".importing-*"))


@pytest.mark.parametrize("machine", [platform.node(), "another"])
def test_another_process_sees_it_and_can_stop_it(workspace, big, monkeypatch, machine):
    job = begun(workspace, big)
    process = jobs.job._children[job.directory]
    monkeypatch.setattr(jobs.job, "_children", {})  # as after a restart of the server
    monkeypatch.setattr(platform, "node", lambda: machine)
    found = jobs.current(workspace, "import")
    assert found == Job(workspace, job.directory) and found.view().running
    found.stop()
    assert process.wait(30) == (-signal.SIGKILL if machine != "another" else 1)
    assert found.view().status == "stopped"


def test_a_stop_before_it_has_begun_is_heard(workspace, big, monkeypatch):
    job = jobs.start(workspace, "import path", "x", path=str(big))
    process = jobs.job._children[job.directory]
    monkeypatch.setattr(jobs.job, "_children", {})  # as from another process
    job.stop()
    process.wait(30)
    assert job.view().status == "stopped" and list_datasets(workspace) == []


def test_stop_spares_whoever_has_the_pid_of_one_that_ended(workspace, tmp_path):
    job = jobs.start(workspace, "import path", "x", path=str(tmp_path / "none.zip"))
    ended(job)
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as other:
        (job.directory / "pid").write_text(str(other.pid))
        job.stop()
        assert other.poll() is None and job.view().status == "failed"
        other.kill()


def test_two_tabs_that_upload_at_once(workspace, big):
    first, second = jobs.prepare(workspace, "import"), jobs.prepare(workspace, "import")
    assert first.exists()
    job = jobs.start(workspace, "import path", "x", second, path=str(big))
    with pytest.raises(GraftError, match="still at work"):
        jobs.start(workspace, "import path", "y", first, path=str(big))
    assert not first.exists()
    job.stop()


def test_an_upload_of_another_tab_stays_however_the_clock_jumps_and_goes_with_its_process(workspace):
    mine = jobs.prepare(workspace, "import")
    os.utime(mine, (0, 0))
    left = workspace.jobs / "20200101-000000-import-aaaa"
    (left / "upload").mkdir(parents=True)
    code = (
        "import sys; from core import jobs; from core.workspace import Workspace;"
        "print(jobs.prepare(Workspace.open(sys.argv[1]), 'import'), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(workspace.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        theirs = Path(other.stdout.readline().strip())
        assert mine.exists() and theirs.exists() and not left.exists()
        third = jobs.prepare(workspace, "import")
        assert mine.exists() and theirs.exists()
        other.kill()
    fourth = jobs.prepare(workspace, "import")
    assert not theirs.exists() and mine.exists() and third.exists()
    for folder in (mine, third, fourth):
        jobs.abandon(folder)
        assert not folder.exists()


def test_one_at_a_time(workspace, big):
    job = begun(workspace, big)
    with pytest.raises(GraftError, match="still at work"):
        jobs.start(workspace, "import sample", "x", key="textures")
    job.stop()


def test_what_was_uploaded_for_it_is_gone_afterwards(workspace, make_zip):
    folder = jobs.prepare(workspace, "import")
    path = folder / "upload" / "a.zip"
    path.write_bytes(make_zip({"red": 5, "blue": 5}).read_bytes())
    assert ended(jobs.start(workspace, "import path", "x", folder, path=str(path))).status == "done"
    assert not (folder / "upload").exists()


def doubtful(make_zip):
    rows = [f"img/{number}.jpg,{'dog' if number % 2 else 'cat'},{number / 7}" for number in range(12)]
    files = {f"img/{number}.jpg": image("red", number) for number in range(12)}
    return make_zip(files={**files, "t.csv": "\n".join(["file,breed,score", *rows]).encode()})


def test_an_import_that_can_be_read_in_several_ways_asks_and_waits(workspace, make_zip):
    job = jobs.start(workspace, "import path", "x", path=str(doubtful(make_zip)))
    poll(lambda: asking.question(job.directory), lambda: (job.directory / "job.log").read_text(), deadline=60)
    asked = asking.question(job.directory)
    assert "in more than one way" in asked.why and [way.counts for way in asked.ways][0] == {"cat": 6, "dog": 6}
    assert "'breed'" in asked.ways[0].title and "'score', as a number" in asked.ways[1].title
    assert len(asked.ways[0].examples["cat"]) == 4 and not list_datasets(workspace)
    asking.answer(job.directory, 1)
    made = load_dataset(workspace, ended(job).result["dataset"])
    assert (made.kind, made.target) == ("number", "score")


def test_one_that_nobody_answers_is_stopped_like_any_other(workspace, make_zip):
    job = jobs.start(workspace, "import path", "x", path=str(doubtful(make_zip)))
    poll(lambda: asking.question(job.directory), deadline=60)
    job.stop()
    assert job.view().status == "stopped" and not list_datasets(workspace)


def test_who_says_how_to_read_it_is_not_asked(workspace, make_zip):
    said = asking.said(Reading(column="score", kind="number"))
    view = ended(jobs.start(workspace, "import path", "x", path=str(doubtful(make_zip)), reading=said))
    assert load_dataset(workspace, view.result["dataset"]).target == "score"
