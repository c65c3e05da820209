"""What lies at an address, or in a set of the hub, before anything of it is fetched: its files and their sizes."""

from __future__ import annotations

import http.client
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlsplit

from core.errors import DataError
from core.fetching import Public, failure
from core.importing.importing import titled
from core.importing.layout import split_in
from core.limits import Limits
from core.units import file_size
from core.words import shown_name

ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)
HUB = "hub:"
LISTING = 16_000_000  # bytes of one page of the hub's answer
PAGES = 10
LONGEST_STEM, LONGEST_ENDING = 56, 12  # characters, of up to four bytes each, of which a name has 255
MOST_FILES = 500  # of one part: more would be asked for for hours
ENDINGS = (  # what is taken of a set, the first of which there is any
    (".parquet",),
    (".csv", ".tsv", ".csv.gz", ".tsv.gz"),
    (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".json.gz"),
    (".zip", ".tar", ".tar.gz", ".tgz"),
)
ABOUT = frozenset(("dataset_infos.json", "dataset_info.json", "config.json", "metadata.json", "state.json"))


@dataclass(frozen=True)
class RemoteFile:
    """name: where it will lie, below one folder. size: None where the server does not say; sha256, version: "" where
    nobody says. version: as in `core.fetching.Remote`."""

    name: str
    url: str
    size: int | None
    sha256: str = ""
    version: str = ""


@dataclass(frozen=True)
class Offer:
    """given: what was typed. title: of the dataset. parts: the files of each part, of which one is fetched; the first
    is the likeliest. host: who is asked."""

    given: str
    title: str
    parts: Mapping[str, tuple[RemoteFile, ...]]
    host: str

    def files(self, part: str = "") -> tuple[RemoteFile, ...]:
        """Those of one part; "": of the first.

        Raises:
            DataError: there is no such part.
        """
        part = part or next(iter(self.parts))
        if part not in self.parts:
            known = ", ".join(list(self.parts)[:10])
            raise DataError(f"There is no part {part[:80]!r} in {self.title!r}. There are: {known}.")
        files = self.parts[part]
        if len(files) > MOST_FILES:
            raise DataError(
                f"It has {len(files):,} files, and {MOST_FILES} are fetched at most. Get it with another program, and "
                "import its folder."
            )
        return files


def is_remote(given: str) -> bool:
    """Whether it is an address or a set of the hub, and no path on this machine."""
    return given.strip().lower().startswith((HUB, "http://", "https://"))


def size_of(files: Sequence[RemoteFile]) -> int | None:
    """In bytes; None where a server does not say."""
    return None if any(file.size is None for file in files) else sum(file.size or 0 for file in files)


def look_up(given: str, limits: Limits | None = None) -> Offer:
    """Ask who has it what there is.

    Raises:
        DataError: it is no address, nobody answers, or it is nothing that can be imported; a sentence each.
    """
    given = given.strip()
    hub = given.removeprefix(HUB).strip()
    if ID.fullmatch(hub) and ".." not in hub:
        return _checked(_of_hub(given, hub), limits)
    if "://" not in given:
        raise DataError(
            "This is neither an address, which begins with https://, nor a set of the hub, such as hub:owner/name."
        )
    return _checked(_of_address(given), limits)


def _of_address(given: str) -> Offer:
    try:
        there = Public().look(given)
    except (OSError, http.client.HTTPException) as error:
        raise DataError(failure(error, given)) from error
    name = safe_name(there.name)
    if there.kind.lower().startswith(("text/html", "application/xhtml")) and not name.lower().endswith(".txt"):
        raise DataError(PAGE)
    file = RemoteFile(name, there.url, there.size, version=there.version)
    return Offer(given, titled(name), {"": (file,)}, urlsplit(there.url).hostname or "")


PAGE = (
    "At this address is a web page, and no file. Copy the address of the file itself: where the page has a link or a "
    "button for the download, its address."
)


def _checked(offer: Offer, limits: Limits | None) -> Offer:
    most = (limits or Limits.from_environment()).total_bytes
    for part, files in offer.parts.items():
        size = size_of(files)
        if len(offer.parts) == 1 and size is not None and size > most:
            raise DataError(f"It has {file_size(size)}, and {file_size(most)} are read. Choose a smaller one.")
        if size == 0:
            raise DataError(f"The file is empty{part and f' ({part})'}.")
    return offer


def safe_name(name: str) -> str:
    """The last part of a path from elsewhere, as a file may be called here."""
    name = shown_name(PurePosixPath(name.replace("\\", "/")).name)
    name = re.sub(r"[^\w.+-]+", "-", name).strip("-.")
    stem, dot, ending = name.partition(".")
    if len(ending) > LONGEST_ENDING:  # a name that has a dot in it
        stem, dot, ending = name.rpartition(".")
    return f"{stem[-LONGEST_STEM:] or 'file'}{dot}{ending[-LONGEST_ENDING:]}"


def apart(files: Iterable[RemoteFile]) -> tuple[RemoteFile, ...]:
    """Those that would be called the same get a number behind it."""
    found, seen = list[RemoteFile](), Counter[str]()
    for file in files:
        seen[file.name.casefold()] += 1
        number = seen[file.name.casefold()]
        stem, dot, ending = file.name.partition(".")
        found.append(file if number == 1 else replace(file, name=f"{stem}-{number}{dot}{ending}"))
    return tuple(found)


# The hub --------------------------------------------------------------------------------------------------------------


def endpoint() -> str:
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def _of_hub(given: str, hub: str) -> Offer:
    url = f"{endpoint()}/api/datasets/{hub}/tree/main?recursive=true"
    entries: list[Any] = []
    try:
        for _ in range(PAGES):
            data, headers = Public().read(url, LISTING)
            found = json.loads(data)
            entries += found if isinstance(found, list) else []
            following = re.search(r'<([^>]+)>;\s*rel="next"', headers.get("Link") or "")
            if not following or urlsplit(following[1]).netloc != urlsplit(url).netloc:
                break
            url = following[1]
    except (OSError, http.client.HTTPException) as error:
        raise DataError(_refused(error, hub, url)) from error
    except ValueError as error:
        raise DataError(f"{urlsplit(url).hostname} answered with something that is no list of files.") from error
    parts = parts_of(hub, entries)
    if not parts:
        raise DataError(
            f"The set {hub!r} has no Parquet, CSV, JSON or archive in it that Graft could read. If it lies elsewhere, "
            "give the address of the file."
        )
    return Offer(given, hub.rsplit("/", 1)[-1], parts, urlsplit(url).hostname or "")


def _refused(error: Exception, hub: str, url: str) -> str:
    code = getattr(error, "code", 0)
    if code in (401, 404):  # the hub says 401 of what does not exist, so that nobody learns what is private
        return f"There is no set {hub!r} on the hub that is open to all. Its id is the end of its page's address."
    return failure(error, url)


def parts_of(hub: str, entries: Sequence[Any]) -> dict[str, tuple[RemoteFile, ...]]:
    """The files of a set that can be imported, by the folder that they lie in; folders that are called after splits are
    one. entries: what the hub's API lists, which may be anything."""
    known = [one for one in entries if isinstance(one, dict) and one.get("type") == "file"]
    paths = {str(one.get("path")): one for one in known if _is_data(str(one.get("path")))}
    ending = next((some for some in ENDINGS if any(path.lower().endswith(some) for path in paths)), ())
    found = defaultdict[str, list[RemoteFile]](list)
    for path in sorted(paths):
        if not ending or not path.lower().endswith(ending):
            continue
        folders = PurePosixPath(path).parts[:-1]
        part = "/".join(one for one in folders if not split_in(one)) or "all"
        found[part].append(_file(hub, path, folders, paths[path]))
    order = sorted(found, key=lambda part: (part not in ("default", "plain_text", "data", "all"), part))
    return {shown_name(part): apart(found[part]) for part in order}


def _is_data(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    return not any(one.startswith(".") for one in path.split("/")) and ".." not in path and name not in ABOUT


def _file(hub: str, path: str, folders: Sequence[str], said: Mapping[str, Any]) -> RemoteFile:
    """Under a name that says its split, where a folder around it did."""
    split = next((one for one in folders if split_in(one)), "")
    name = PurePosixPath(path).name
    stem = name if not split or split_in(name.split(".")[0]) else f"{split}-{name}"
    large = said.get("lfs") if isinstance(said.get("lfs"), dict) else {}
    size, digest = said.get("size"), str((large or {}).get("oid") or "")
    return RemoteFile(
        safe_name(stem),
        f"{endpoint()}/datasets/{hub}/resolve/main/{quote(path)}",
        size if isinstance(size, int) and size >= 0 else None,
        digest if re.fullmatch(r"[0-9a-f]{64}", digest) else "",
    )
