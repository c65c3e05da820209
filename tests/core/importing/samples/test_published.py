"""Published sets, in small, from a server on this machine: torchvision's own code reads them."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from torchvision import datasets
from torchvision.datasets import utils

from core.data.dataset import list_datasets
from core.errors import DataError
from core.importing.samples.published import import_published
from core.importing.samples.published_sets import PUBLISHED, find_published
from core.progress import WorkStopped
from tests.conftest import image


class Server(ThreadingHTTPServer):
    """files: what it has, by name. cut: close the connection after so many bytes. asked: names and ranges that came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.cut: int | None = None
        self.asked: list[tuple[str, str | None]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def publish(self, name: str, content: bytes) -> str:
        """Returns its MD5."""
        self.files[name] = content
        return hashlib.md5(content).hexdigest()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_) -> None:
        pass

    def do_GET(self) -> None:
        name, wanted = self.path.lstrip("/"), self.headers["Range"]
        self.server.asked.append((name, wanted))
        if name not in self.server.files:
            self.send_error(404)
            return
        body = self.server.files[name][int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0 :]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.cut])


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def tar(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def textures(server, monkeypatch):
    """Describable Textures with two classes of six: files, and lists that say which split."""
    names = [f"{label}/{label}_{number}.jpg" for number in range(6) for label in ("red", "blue")]
    files = {f"dtd/images/{name}": image(name.split("/")[0], int(name[-5])) for name in names}
    lists = {"train1": names[:8], "val1": names[8:10], "test1": names[10:]}
    files |= {f"dtd/labels/{name}.txt": "\n".join(lines).encode() for name, lines in lists.items()}
    monkeypatch.setattr(datasets.DTD, "_MD5", server.publish("dtd.tar.gz", tar(files)))
    monkeypatch.setattr(datasets.DTD, "_URL", f"{server.address}dtd.tar.gz")
    return files


def test_files_come_as_they_are_with_their_classes_and_splits(workspace, server, textures):
    seen = []
    dataset = import_published(workspace, "dtd", progress=seen.append)
    assert (dataset.name, dataset.classes) == ("Describable Textures", ("blue", "red"))
    assert dataset.counts().to_numpy().tolist() == [[4, 1, 1], [4, 1, 1]]
    contents = {dataset.path(image).read_bytes() for image in dataset.frame["image"]}
    assert contents == {content for name, content in textures.items() if name.endswith(".jpg")}
    phases = list(dict.fromkeys(progress.phase for progress in seen))
    assert phases[:3] == ["Downloading dtd.tar.gz (MB)", "Unpacking", "Checking images"]
    assert seen[-3].total == 12 and not (workspace.cache / "published" / "dtd").exists()


def test_a_cut_download_goes_on_and_a_stopped_one_too(workspace, server, textures):
    server.cut = 5000
    with pytest.raises(DataError, match="goes on from where it stopped"):
        import_published(workspace, "DTD")
    server.cut = None
    with pytest.raises(WorkStopped):
        import_published(workspace, "DTD", cancelled=lambda: True)
    assert list_datasets(workspace) == []
    assert len(import_published(workspace, "DTD").frame) == 12
    assert server.asked[-1][1] not in (None, "bytes=0-")


def test_what_is_not_as_published_is_refused_and_deleted(workspace, server, textures, monkeypatch):
    monkeypatch.setattr(datasets.DTD, "_MD5", "0" * 32)
    with pytest.raises(DataError, match="not the set Describable Textures as it was published"):
        import_published(workspace, "DTD")
    assert not (workspace.cache / "published" / "dtd").exists() and list_datasets(workspace) == []


def test_half_a_set_that_a_killed_one_unpacked_is_not_believed(workspace, server, textures):
    half = workspace.cache / "published" / "dtd" / "unpacked" / "dtd" / "dtd"
    half.mkdir(parents=True)
    assert len(import_published(workspace, "DTD").frame) == 12


def test_without_a_network_it_is_said_plainly(workspace, monkeypatch):
    monkeypatch.setattr(datasets.DTD, "_URL", "http://127.0.0.1:9/dtd.tar.gz")
    monkeypatch.setattr(datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])  # torchvision tries each
    for key in ("DTD", "MNIST"):
        with pytest.raises(DataError, match="cannot be reached. Check the network"):
            import_published(workspace, key)


def test_a_set_that_has_moved_is_said_with_its_page(workspace, server, monkeypatch):
    monkeypatch.setattr(datasets.DTD, "_URL", f"{server.address}gone.tar.gz")
    with pytest.raises(DataError, match="not where it was published any more.*robots.ox.ac.uk"):
        import_published(workspace, "DTD")


def test_digits_become_images(workspace, server, monkeypatch):
    random, resources = np.random.default_rng(0), []
    for part, count in (("train", 20), ("t10k", 4)):
        pixels = random.integers(0, 255, (count, 28, 28), dtype=np.uint8)
        header = bytes([0, 0, 8, 3]) + np.array([count, 28, 28], ">i4").tobytes()
        labels = bytes([0, 0, 8, 1]) + np.array([count], ">i4").tobytes() + bytes(n % 2 for n in range(count))
        for name, content in (("images-idx3", header + pixels.tobytes()), ("labels-idx1", labels)):
            name = f"{part}-{name}-ubyte.gz"
            resources.append((name, server.publish(name, gzip.compress(content))))
    monkeypatch.setattr(datasets.MNIST, "mirrors", [server.address])
    monkeypatch.setattr(datasets.MNIST, "resources", resources)
    dataset = import_published(workspace, "MNIST")
    assert dataset.classes == ("0 - zero", "1 - one")
    assert dataset.counts()["test"].tolist() == [2, 2] and set(dataset.frame["width"]) == {28}


def cifar(server, monkeypatch, batch: bytes) -> None:
    meta = pickle.dumps({"label_names": ["red", "blue"]}, protocol=2)
    contents = {"data_batch_1": batch, "test_batch": batch, "batches.meta": meta}
    archive = tar({f"cifar-10-batches-py/{name}": content for name, content in contents.items()})
    md5 = {name: hashlib.md5(content).hexdigest() for name, content in contents.items()}
    changes = {
        "url": f"{server.address}cifar.tar.gz",
        "tgz_md5": server.publish("cifar.tar.gz", archive),
        "train_list": [["data_batch_1", md5["data_batch_1"]]],
        "test_list": [["test_batch", md5["test_batch"]]],
        "meta": {**datasets.CIFAR10.meta, "md5": md5["batches.meta"]},
    }
    for name, value in changes.items():
        monkeypatch.setattr(datasets.CIFAR10, name, value)


def python_2(pixels: np.ndarray, labels: list[int]) -> bytes:
    """A table as Python 2 pickled it, which the real ones are: bytes are strings, and numpy has its old names."""
    rows, columns = (b"J" + number.to_bytes(4, "little") for number in pixels.shape)
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01" + rows + columns
    kind = b"\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    data = b"\x89T" + pixels.size.to_bytes(4, "little") + pixels.tobytes() + b"tb"
    answers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(U\x04data" + array + kind + data + b"U\x06labels" + answers + b"u."


def test_tables_of_images_are_read(workspace, server, monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 255, (8, 3072), dtype=np.uint8)
    cifar(server, monkeypatch, python_2(pixels, [0, 1] * 4))
    dataset = import_published(workspace, "CIFAR10")
    assert dataset.classes == ("blue", "red") and len(dataset.frame) == 8  # the second half is the same images again


def test_no_code_of_a_table_runs(workspace, server, monkeypatch, tmp_path):
    class Harm:
        def __reduce__(self):
            return (tmp_path.joinpath("harm").touch, ())

    cifar(server, monkeypatch, pickle.dumps(Harm()))
    with pytest.raises(pickle.UnpicklingError, match="has no place in a table"):
        import_published(workspace, "CIFAR10")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: one.key)
def test_torchvision_has_each_set_and_takes_what_it_is_asked(one, tmp_path):
    assert one.licence and one.page.startswith("http") and one.description.endswith(".")
    for _, arguments in one.splits:  # nothing is there, and none asks for the network
        with pytest.raises((RuntimeError, FileNotFoundError)):
            getattr(datasets, one.key)(str(tmp_path), download=False, **one.arguments, **arguments)


def test_torchvision_still_fetches_the_way_that_is_replaced():
    assert callable(utils._urlretrieve) and callable(utils._get_redirect_url)


def test_an_unknown_set_is_said_with_those_that_are():
    with pytest.raises(DataError, match="There are: EuroSAT, Imagenette"):
        find_published("cats")
