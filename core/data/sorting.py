"""From pictures taken in to classes, splits and a report of everything that was found on the way."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.data.intake import Rejected, Taken
from core.data.layout import Split, classes_and_splits
from core.data.report import Finding, Report, Sizes
from core.errors import DataError

FEW_IMAGES = 10


@dataclass(frozen=True)
class Sorted:
    """The pictures that make the dataset, in order, each with its class and the split that it came with."""

    pictures: tuple[Taken, ...]
    labels: tuple[str, ...]
    given: tuple[Split | None, ...]
    findings: tuple[Finding, ...]
    ignored: int

    @property
    def classes(self) -> list[str]:
        return sorted(set(self.labels))

    def report(self, name: str, splits: Sequence[Split]) -> Report:
        counts, parts = Counter(self.labels), Counter(splits)
        return Report(
            name=name,
            images=len(self.pictures),
            bytes=sum(picture.bytes for picture in self.pictures),
            classes={label: counts[label] for label in self.classes},
            splits={split: parts[split] for split in ("train", "validation", "test")},
            sizes=Sizes(
                width=_spread([picture.width for picture in self.pictures]),
                height=_spread([picture.height for picture in self.pictures]),
            ),
            findings=[*self.findings, *_about_splits(self.labels, splits)],
            ignored=self.ignored,
        )


def sort_out(taken: Sequence[Taken], rejected: Sequence[Rejected], ignored: int) -> Sorted:
    """
    Raises:
        DataError: what is left makes no dataset, with what was found instead.
    """
    if not taken:
        reasons = Counter(one.reason for one in rejected).most_common(1)
        hint = f" Of {len(rejected)} files none could be used: {reasons[0][0]}" if reasons else " It is empty."
        raise DataError(f"There is no picture in it.{hint} Give folders of pictures, one folder a class.")
    sorted_in = list(zip(taken, classes_and_splits([picture.name for picture in taken])))
    homeless = [picture.name for picture, (label, _) in sorted_in if label is None]
    rows = [(picture, label, split) for picture, (label, split) in sorted_in if label is not None]
    classes = sorted({label for _, label, _ in rows})
    if len(classes) < 2:
        found = f"only the class {classes[0][:60]!r}" if classes else "no class folder"
        raise DataError(
            f"{_number(len(taken), 'picture')} came but {found}. Graft needs at least two classes: "
            "put the pictures of each class into a folder of its own, named like the class."
        )
    rows, repeated = _once(rows)
    findings = [*_left_out(rejected), *_homeless(homeless), *repeated, *_about_classes([row[1] for row in rows])]
    pictures, labels, given = zip(*rows)
    return Sorted(pictures, labels, given, tuple(findings), ignored)


Row = tuple[Taken, str, Split | None]


def _once(rows: list[Row]) -> tuple[list[Row], list[Finding]]:
    """Each picture once a class: the first of equal bytes stays. Equal bytes in two classes are told, and stay."""
    kept: dict[tuple[str, str], Row] = {}
    again: list[str] = []
    for row in rows:
        if kept.setdefault((row[0].sha256, row[1]), row) is not row:
            again.append(row[0].name)
    labels_of: dict[str, list[Row]] = {}
    for row in kept.values():
        labels_of.setdefault(row[0].sha256, []).append(row)
    contradicting = [row[0].name for same in labels_of.values() if len(same) > 1 for row in same]
    findings = []
    if again:
        title = f"{_number(len(again), 'picture is', 'pictures are')} in it more than once."
        findings.append(Finding(kind="duplicate", title=title, why="Each was kept once.", files=again))
    if contradicting:
        title = f"{_number(len(contradicting), 'file has', 'files have')} the same picture as one of another class."
        why = "No model can learn both answers: keep each picture in the class where it belongs."
        findings.append(Finding(kind="contradiction", title=title, why=why, files=contradicting))
    return list(kept.values()), findings


def _left_out(rejected: Sequence[Rejected]) -> list[Finding]:
    by_reason: dict[tuple[str, bool], list[str]] = {}
    for one in rejected:
        by_reason.setdefault((one.reason, one.link), []).append(one.name)
    return [
        Finding(kind="link" if link else "left out", title=f"{_number(len(names))} left out.", why=why, files=names)
        for (why, link), names in by_reason.items()
    ]


def _homeless(names: list[str]) -> list[Finding]:
    if not names:
        return []
    why = "They lie in no class folder, so nothing tells their class. Move each into the folder of its class."
    return [Finding(kind="no class", title=f"{_number(len(names), 'picture')} left out.", why=why, files=names)]


def _about_classes(labels: Sequence[str]) -> list[Finding]:
    counts = Counter(labels)
    findings = []
    lone = [label for label, images in counts.items() if images == 1]
    few = [label for label, images in counts.items() if 1 < images < FEW_IMAGES]
    if lone:
        why = "One picture cannot both teach the class and check what was learned. Add at least one more to each."
        title = f"{_number(len(lone), 'class has', 'classes have')} a single picture: {_names(lone)}."
        findings.append(Finding(kind="one image", title=title, why=why, files=lone))
    if few:
        title = f"{_number(len(few), 'class has', 'classes have')} fewer than {FEW_IMAGES} pictures: {_names(few)}."
        why = "The scores of so few say little. Twenty or more of each class make a fair start."
        findings.append(Finding(kind="few images", title=title, why=why, files=few))
    same = Counter(label.casefold() for label in counts)
    similar = sorted(label for label in counts if same[label.casefold()] > 1)
    if similar:
        title = f"Classes differ only in capitals: {_names(similar)}."
        why = "They are kept apart. If they mean the same, give them one name and import again."
        findings.append(Finding(kind="similar names", title=title, why=why, files=similar))
    return findings


def _about_splits(labels: Sequence[str], splits: Sequence[Split]) -> list[Finding]:
    """Classes that came split in a way that leaves them untaught or unchecked."""
    many = {label for label, images in Counter(labels).items() if images > 1}
    findings = []
    for split, word, why in (
        ("train", "training", "The model cannot learn what it is never shown: put pictures of them into training."),
        ("validation", "validation", "Nothing checks what is learned of them: put some into validation."),
    ):
        missing = sorted(many - {label for label, said in zip(labels, splits) if said == split})
        if missing:
            title = f"{_number(len(missing), 'class has', 'classes have')} no {word} picture: {_names(missing)}."
            findings.append(Finding(kind=f"no {word}", title=title, why=why, files=missing))  # type: ignore[arg-type]
    return findings


def _number(count: int, one: str = "file", many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _names(labels: Sequence[str], limit: int = 5) -> str:
    shown = ", ".join(label if len(label) <= 40 else f"{label[:39]}…" for label in sorted(labels)[:limit])
    return shown + (f" and {len(labels) - limit} more" if len(labels) > limit else "")


def _spread(values: Sequence[int]) -> tuple[int, int, int]:
    return min(values), int(statistics.median(values)), max(values)
