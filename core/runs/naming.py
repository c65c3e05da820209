"""What runs are called: the name that somebody gave, in `name.txt` in the run's directory, else what they are.

A name decides nothing of what a run gives, so it is no part of its recipe.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING

from core import trash
from core.data.dataset import dataset_title
from core.errors import GraftError, RunError
from core.runs.comparison import frozen_words
from core.store.full_disk import refused
from core.words import clip
from core.workspace import Workspace, atomic_open

if TYPE_CHECKING:
    from core.runs.run import Run

LONGEST = 60  # characters of a name
MOST_REMEMBERED = 10_000  # as a page names every run, several times at each click


def name_of(run: Run) -> str:
    """The name that somebody gave it, or "". Hostile text."""
    try:
        return clip((run.directory / "name.txt").read_text(encoding="utf-8"), LONGEST)
    except (OSError, ValueError):
        return ""


def rename(run: Run, name: str) -> None:
    """Call it so from now on; "" gives it back the name that it had by itself.

    Raises:
        RunError: the name is too long, or the run is gone.
    """
    name = check_name(name)
    if not run.directory.is_dir():
        raise RunError(gone(run.workspace, run.id))
    try:
        if name:
            with atomic_open(run.directory / "name.txt") as file:
                file.write(f"{name}\n")
        else:
            (run.directory / "name.txt").unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"The run cannot be named. {refused(error)}") from error
    vars(run).pop("facts", None)


def check_name(name: str) -> str:
    """The name as it is kept.

    Raises:
        RunError: it is too long.
    """
    name = clip(name)
    if len(name) > LONGEST:
        raise RunError(f"The name of a run has at most {LONGEST} characters; this one has {len(name)}.")
    return name


def title(run: Run) -> str:
    """Its name, else its dataset, what was frozen, and when it was started. Hostile text, as the dataset's name is."""
    return _title(run, partial(_dataset, run.workspace))


def titles(runs: Sequence[Run]) -> dict[str, str]:
    """What lists call them, by id, each another: the title, then the backbone, and a number where all are the same.

    runs: newest first, so that a new run does not change what older ones are called.
    """
    found: dict[str, str] = {}
    dataset = cache(partial(_dataset, runs[0].workspace)) if runs else str
    taken: set[str] = set()
    backbones: dict[str, set[str]] = defaultdict(set)
    numbers: dict[str, int] = defaultdict(lambda: 1)
    for run in reversed(runs):
        first, backbone = _title(run, dataset), _backbone(run)
        said = now = first if first not in taken or backbone in backbones[first] else f"{first}, {backbone}"
        backbones[first].add(backbone)
        while now in taken:
            numbers[said] += 1
            now = f"{said} ({numbers[said]})"
        found[run.id] = now
        taken.add(now)
    return found


def _dataset(workspace: Workspace, dataset_id: str) -> str:
    return clip(dataset_title(workspace, dataset_id), 40)


def _title(run: Run, dataset: Callable[[str], str]) -> str:
    try:
        facts = run.facts
        return facts.name or _plain(dataset(facts.dataset), frozen_words(facts.freeze, facts.adapters), facts.created)
    except (GraftError, OSError):  # damaged, or gone
        return name_of(run) or trash.last_title(run.workspace, "run", run.id) or run.id


def _backbone(run: Run) -> str:
    """Nothing, where somebody gave it a name, or it is damaged."""
    try:
        return "" if run.facts.name else _short(run.facts.backbone)
    except (GraftError, OSError):
        return ""


@lru_cache(maxsize=MOST_REMEMBERED)
def _short(backbone: str) -> str:
    return clip(backbone, 40)


@lru_cache(maxsize=MOST_REMEMBERED)
def _plain(dataset: str, learns: str, created: float) -> str:
    return f"{dataset}, {learns}, {_moment(datetime.fromtimestamp(created))}"


def began(run: Run) -> str:
    """`25 Nov, 16:50`."""
    return _moment(run.created)


def _moment(moment: datetime) -> str:
    return f"{moment.day} {moment:%b, %H:%M}"


def gone(workspace: Workspace, run_id: str) -> str:
    """What to say of a run that is not there any more."""
    named = trash.last_title(workspace, "run", run_id)
    return f"The run {clip(named or run_id, 100)!r} is not there any more. It was discarded, perhaps in another tab."
