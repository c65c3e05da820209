"""What the files beside the images are: boxes, outlines, arrays, spreadsheets.

They are named for what they are, so that a refusal says the cause, and nothing becomes classes that is none.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.importing.layout import split_in

NOTES = (".txt", ".lst", ".json", ".xml", ".cls", ".yaml", ".yml")  # may say something of images
MANY_MASKS = 0.2  # of the images: then what is called a mask is one
LOOKED_AT = 4_096  # bytes of a file that is no table
MOST_LOOKED_AT = 300  # files of a kind
ARCHIVE = "an archive, and what is in it is not looked at. Unpack it, then import again"
_HEIC = "HEIC, as iPhones save photos, and Graft does not read it. Export it as JPEG (on the phone: Most Compatible)"
_RAW_ENDINGS = (".nef", ".cr2", ".cr3", ".arw", ".dng", ".orf", ".rw2", ".raf", ".pef", ".srw")
NAMED = {
    ".xlsx": "a spreadsheet. Save it as CSV, with a column for the file and one for its class, and import again",
    ".xls": "a spreadsheet. Save it as CSV, with a column for the file and one for its class, and import again",
    ".ods": "a spreadsheet. Save it as CSV, with a column for the file and one for its class, and import again",
    ".numbers": "a spreadsheet. Save it as CSV, with a column for the file and one for its class, and import again",
    ".npz": "arrays of NumPy (npz), and Graft reads image files. Save each image as PNG in the folder of its class",
    ".npy": "an array of NumPy (npy), and Graft reads image files. Save each image as PNG in the folder of its class",
    ".mat": "a file of MATLAB, and Graft reads image files. Save each image as PNG in the folder of its class",
    ".h5": "arrays in HDF5, and Graft reads image files. Save each image as PNG in the folder of its class",
    ".hdf5": "arrays in HDF5, and Graft reads image files. Save each image as PNG in the folder of its class",
    ".pkl": "a Python pickle, which may run code and is never opened. Save each image as PNG in its class's folder",
    ".pickle": "a Python pickle, which may run code and is never opened. Save each image as PNG in its class's folder",
    ".tfrecord": "records of TensorFlow, and Graft reads image files. Save each image in the folder of its class",
    ".dcm": "DICOM, and Graft reads image files. Save each image as PNG or TIFF in the folder of its class",
    ".nii": "NIfTI, and Graft reads image files. Save each slice as PNG or TIFF in the folder of its class",
    ".svg": "a drawing (SVG), and Graft reads images of pixels. Save it as PNG",
    ".pdf": "a PDF, and Graft reads image files. Save its pages as PNG",
    ".mp4": "a video. Save some of its frames as images",
    ".mov": "a video. Save some of its frames as images",
    ".avi": "a video. Save some of its frames as images",
    ".jp2": "JPEG 2000, which Graft does not read. Save it as PNG or JPEG",
    ".webm": "a video. Save some of its frames as images",
    ".mkv": "a video. Save some of its frames as images",
    ".arrow": "a table in the form of Arrow. Save the set as Parquet, or each image in the folder of its class",
    ".lmdb": "a database (LMDB), and Graft reads image files. Save each image in the folder of its class",
    ".mdb": "a database (LMDB), and Graft reads image files. Save each image in the folder of its class",
    ".pt": "tensors of PyTorch, and Graft reads image files. Save each image as PNG in the folder of its class",
    ".tfrecords": "records of TensorFlow, and Graft reads image files. Save each image in the folder of its class",
    **dict.fromkeys((".heic", ".heif"), _HEIC),
    **dict.fromkeys(_RAW_ENDINGS, "a camera's raw file. Export it as JPEG, PNG or TIFF"),
}
_BEGINNINGS = (  # of what goes by other names
    (re.compile(rb"....ftyp(hei[cxms]|hev[cx]|mif1|msf1)", re.DOTALL), _HEIC),
    (re.compile(rb"....ftyp(?!avi[fs])", re.DOTALL), NAMED[".mp4"]),
    (
        re.compile(rb"\s*<(!doctype html|html)", re.IGNORECASE),
        "a web page (HTML), such as one that says it found nothing",
    ),
    (re.compile(rb"version https://git-lfs"), "a placeholder of Git LFS. Fetch the files first (git lfs pull)"),
    (re.compile(rb"\x80[\x02-\x05][}\]cX\x95]"), NAMED[".pkl"]),
    (re.compile(rb"ARROW1"), NAMED[".arrow"]),
    (re.compile(rb"\x89HDF"), NAMED[".h5"]),
    (re.compile(rb"MATLAB 5"), NAMED[".mat"]),
    (re.compile(rb".{128}DICM", re.DOTALL), NAMED[".dcm"]),
    (re.compile(rb"%PDF-"), NAMED[".pdf"]),
    (re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.{0,400}?-->\s*)?<svg", re.DOTALL), NAMED[".svg"]),
    (
        re.compile(rb"PK\x03\x04|Rar!|7z\xbc\xaf"),
        ARCHIVE,
    ),
    (
        re.compile(rb"\0\x05\x16\x07"),
        "what a Mac keeps beside a file, and not the file. Pack the images again on that Mac",
    ),
)
_IDX = re.compile(r"idx[1-4]-ubyte(\.gz)?$")
IDX = (
    "arrays in the form of MNIST (idx), and Graft reads image files. Save each image as PNG in the folder of its class"
)
GENERIC = frozenset(
    (
        *("images", "image", "imgs", "img", "jpegimages", "pngimages", "photos", "labels", "label", "masks"),
        *("mask", "annotations", "annotation", "annots", "gt", "groundtruth", "segmentationclass"),
        *("segmentationobject", "segmentation", "seg", "segs", "bboxes", "boxes", "xml", "xmls", "txt", "json"),
        *("raw", "rgb", "input", "inputs", "output", "outputs", "targets", "target", "default"),
    )
)
_MASKS = re.compile(
    r"(^|[\W_])(masks?|segmentation\w*|segs?|gt|ground[\W_]?truth|annotations?|labels?|trimaps?|manual\d*)($|[\W_])"
)
WHAT_TO_DO = (
    "Graft does not learn these yet. For one answer an image, export the set for classification (a folder a class), or "
    "give a table with a column for the file and one for its class."
)


@dataclass(frozen=True)
class Recognised:
    """kind: "boxes" or "outlines". words: what it is, a sentence. labels: of a set whose small files say the class of
    the image beside them, the class of each; then kind is "classes"."""

    kind: str
    words: str
    labels: Mapping[str, str]


def named(name: str, begins: bytes = b"") -> str:
    """What a file is that is no image, in words after `is`; "" if nobody knows. begins: its first bytes."""
    lower = name.lower().removesuffix(".gz") if not _IDX.search(name.lower()) else name.lower()
    if _IDX.search(lower):
        return IDX
    if words := next((words for ending, words in NAMED.items() if lower.endswith(ending)), ""):
        return words
    return next((words for begins_so, words in _BEGINNINGS if begins_so.match(begins[:LOOKED_AT])), "")


def recognise(images: Collection[str], notes: Sequence[tuple[str, bytes]]) -> Recognised | None:
    """What the files beside the images make of the set, if it is none of classes.

    notes: (name, how it begins) of each such file.
    """
    stems = {_stem(image.rsplit("/", 1)[-1]) for image in images}
    by_ending = defaultdict[str, list[tuple[str, bytes]]](list)
    for name, data in notes:
        by_ending["." + name.lower().rsplit(".", 1)[-1]].append((name, data))
    if found := _of_classes(images, by_ending[".cls"]):
        return Recognised("classes", "", found)
    texts = [data for name, data in by_ending[".txt"] if _stem(name.rsplit("/", 1)[-1]) in stems][:MOST_LOOKED_AT]
    lines = [line for data in texts for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    if texts and lines and sum(bool(_YOLO.fullmatch(line.strip())) for line in lines) > len(lines) / 2:
        outlines = sum(len(line.split()) > 6 for line in lines) > len(lines) / 2
        what = "outlines" if outlines else "boxes"
        return Recognised(what, f"It is a set with {what} as YOLO writes them (a .txt beside each image).", {})
    xml = [data for _, data in by_ending[".xml"][:MOST_LOOKED_AT]]
    if sum(b"<annotation" in data and b"<object" in data for data in xml) > len(xml) / 2:
        return Recognised("boxes", "It is a set with boxes as Pascal VOC writes them (an .xml for each image).", {})
    for name, data in by_ending[".json"][:MOST_LOOKED_AT]:
        if words := _json_words(data):
            return Recognised("boxes", f"{name[-80:]!r} holds {words}, so it is a set with boxes or outlines.", {})
    return _masks(images)


_YOLO = re.compile(r"\d+([ ,]+-?\d*\.?\d+(e-?\d+)?){4,}", re.IGNORECASE)


def _json_words(data: bytes) -> str:
    begins = data[:LOOKED_AT]
    if b'"annotations"' in data and any(kind in data for kind in _LABEL_STUDIO):
        return "boxes or outlines as Label Studio writes them"
    if b'"annotations"' in data and b'"coordinates"' in begins and b'"image"' in begins:
        return "boxes as Create ML writes them"
    if b'"annotations"' in data and (b'"bbox"' in data or b'"segmentation"' in data or b'"categories"' in data):
        return "annotations as COCO writes them"
    if b'"shapes"' in begins and b'"points"' in data:
        return "shapes as LabelMe writes them"
    if b'"regions"' in data and b'"shape_attributes"' in data:
        return "regions as VIA writes them"
    return ""


_LABEL_STUDIO = (b'"rectanglelabels"', b'"polygonlabels"', b'"brushlabels"', b'"keypointlabels"', b'"ellipselabels"')


def _of_classes(images: Iterable[str], notes: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    """WebDataset's `000000.cls` beside `000000.jpg`."""
    said = {_stem(name): data.decode("utf-8", "replace").strip()[:200] for name, data in notes}
    return {image: label for image in images if (label := said.get(_stem(image)))}


def _masks(images: Collection[str]) -> Recognised | None:
    """Whether a folder of masks lies beside the one of the images, with the same names in it."""
    held = defaultdict[str, set[str]](set)
    for image in images:
        parts = image.split("/")
        for folder in parts[:-1]:
            if _MASKS.search(folder.lower()) or folder.lower() in GENERIC:
                held["masks" if _MASKS.search(folder.lower()) else "images"].add(_bare(parts[-1]))
                break
    if not held["masks"] or not held["images"]:
        return None
    both = held["masks"] & held["images"]
    if len(both) < 0.6 * min(len(held["masks"]), len(held["images"])):
        return None
    return Recognised("outlines", "It is a set with outlines: a mask for each image, in a folder of their own.", {})


def _bare(name: str) -> str:
    return _MASK_NAME.sub("", _stem(name).lower())


_MASK_NAME = re.compile(r"[\W_]*(masks?|seg(mentation)?|segs|gt|labels?|manual|annotation|p)[\W_]?\d*$")


def masks_beside(images: Collection[str]) -> set[str]:
    """Images that are the mask of one beside them, as in `scan.png` and `scan_mask.png`, where there are many such."""
    stems = {_stem(image).lower() for image in images}
    ends = {image: _SUFFIX.sub("", stem) for image in images if _SUFFIX.search(stem := _stem(image).lower())}
    masks = {image for image, plain in ends.items() if plain in stems}
    return masks if len(masks) >= MANY_MASKS * len(images) else set()


_SUFFIX = re.compile(r"[\s_.-](masks?|seg|segmentation|gt|label|annotation)([\W_]?\d+)?$")


def _stem(name: str) -> str:
    return name.rsplit(".", 1)[0] if "." in name.rsplit("/", 1)[-1] else name


def only_generic(labels: Iterable[str]) -> bool:
    """Whether these would be no classes: `images` and `masks`, or splits."""
    return all(
        "".join(re.split(r"[\W_]+", label.lower())) in GENERIC or _OF_MASKS.fullmatch(label.lower()) or split_in(label)
        for label in labels
    )


_OF_MASKS = re.compile(
    r"(1st|2nd|3rd|first|second)?[\W_]*(masks?|manual)[\W_]*(human|machine|instances?|semantic|\d+)?"
)


def is_kind(reason: str) -> bool:
    """Whether a file was left out for what it is."""
    return reason.startswith("It is ") and reason.removeprefix("It is ").removesuffix(".") in _KINDS


def kinds_of(left_out: Iterable[tuple[str, str]]) -> str:
    """What files are that are no images, the most first: a sentence each, for a refusal.

    left_out: (name, reason) of files.
    """
    counts = Counter[str]()
    first: dict[str, str] = {}
    for name, reason in left_out:
        if is_kind(reason):
            counts[reason] += 1
            first.setdefault(reason, name.rsplit("/", 1)[-1])
    told = []
    for reason, count in counts.most_common(2):
        others = f" and {count - 1:,} more are each" if count > 1 else " is"
        told.append(f"{first[reason][-80:]!r}{others} {reason.removeprefix('It is ')}")
    return " ".join(told)


_KINDS = frozenset((*NAMED.values(), *(words for _, words in _BEGINNINGS), IDX))
