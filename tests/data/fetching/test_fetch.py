"""Named sets that fetch themselves, and the order in which their files are looked for."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

import arden.data
from arden.data import load_data
from arden.data.fetching.downloads import DOWNLOADS
from arden.data.fetching.fetch_display import FetchDisplay
from arden.data.readers.amat_file import amat_bytes
from arden.data.readers.idx_file import idx_bytes
from arden.data.sets.benchmarks import IDX_NAMES
from arden.data.sets.places import cache_folder
from arden.errors import FileError, InputError
from tests.data.mirrors import Mirror, served
from tests.data.originals import bit_arrays, contents, grey_arrays, lay_out, publish

SETS = ("mnist", "mnist-binary", "dynamic-mnist", "fashion-mnist", "binarized-mnist")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no data directory, no proxy."""
    for name in ("ARDEN_DATA", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ARDEN_CACHE", str(tmp_path / "cache"))
    publish(monkeypatch)
    return tmp_path / "cache"


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A mirror of MNIST that is in the catalogue."""
    with served(Mirror(contents()["mnist"])) as mirror:
        publish(monkeypatch, mirror.address)
        yield mirror


def refused(kind: type[Exception], name: str, **options) -> str:
    with pytest.raises(kind) as caught:
        arden.data.fetch(name, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_set_is_fetched_into_the_cache_and_found_there(mirror, cache):
    assert arden.data.fetch("mnist") == cache / "mnist"
    assert sorted(path.name for path in (cache / "mnist").iterdir()) == sorted(contents()["mnist"])
    data = load_data("mnist")
    arrays = grey_arrays(0)
    assert data.train.values.tolist() == arrays["x_train"][:7].tolist()
    assert data.valid.values.tolist() == arrays["x_train"][7:].tolist()
    assert data.test.labels.tolist() == arrays["y_test"].tolist()
    assert len(load_data("dynamic-mnist").train) == len(load_data("mnist-binary").train) == 7
    assert len(mirror.asked) == 4
    for name in ("mnist", "mnist-binary", "dynamic-mnist"):  # one download, and it is there
        assert arden.data.fetch(name) == cache / "mnist"
    assert len(mirror.asked) == 4


def test_an_interrupted_fetch_goes_on_with_the_file_it_stopped_at(mirror, cache):
    first, second = list(contents()["mnist"])[:2]
    mirror.cut_after = 1
    del mirror.files[second]
    assert f"{first} could not be downloaded" in refused(FileError, "mnist")
    mirror.cut_after = None
    assert f"{second} could not be downloaded" in refused(FileError, "mnist")
    mirror.files[second] = contents()["mnist"][second]
    arden.data.fetch("mnist")
    assert [path for path, _ in mirror.asked].count(f"/mnist/{first}") == 6
    assert mirror.asked[5][1] == "bytes=5-"


def test_another_folder_and_another_mirror(tmp_path, cache):
    with served(Mirror(contents()["binarized-mnist"])) as other:
        where = arden.data.fetch(
            "binarized-mnist", data_dir=tmp_path / "sets", mirror=f"{other.address}a/b"
        )
        assert other.asked[0][0] == "/a/b/binarized_mnist_train.amat"
    assert where == tmp_path / "sets" / "binarized-mnist"
    assert not cache.exists()
    data = load_data("binarized-mnist", data_dir=tmp_path / "sets")
    assert data.test.values.flatten(1).tolist() == bit_arrays(2)["test"].tolist()


def test_what_a_mirror_packed_in_another_way_is_the_same_set(mirror):
    import gzip

    for name, content in mirror.files.items():
        mirror.files[name] = gzip.compress(gzip.decompress(content), 1, mtime=7)
    assert mirror.files != contents()["mnist"]
    arden.data.fetch("mnist")


def test_other_content_is_refused(mirror, cache):
    mirror.files = contents()["fashion-mnist"]
    told = refused(FileError, "mnist")
    assert "what it sends is wrong: is not the published train-images-idx3-ubyte.gz" in told
    mirror.files = dict.fromkeys(mirror.files, b"<html>log in first</html>")
    assert "is no IDX file" in refused(FileError, "mnist")
    assert list((cache / "mnist").iterdir()) == []


def test_what_is_there_is_replaced_only_when_asked(mirror, cache):
    name = "train-images-idx3-ubyte.gz"
    (cache / "mnist").mkdir(parents=True)
    (cache / "mnist" / name).write_bytes(b"mine")
    told = refused(FileError, "mnist")
    assert str(cache / "mnist" / name) in told
    assert told.endswith("say --force to replace it.")
    assert (cache / "mnist" / name).read_bytes() == b"mine"
    arden.data.fetch("mnist", force=True)
    assert (cache / "mnist" / name).read_bytes() == contents()["mnist"][name]


def test_sets_that_cannot_be_fetched(tmp_path):
    assert '"digits" is embedded' in refused(InputError, "digits")
    told = refused(InputError, "nltcs")
    assert "put binary_tables.npz into the data directory" in told
    assert "sets that can be fetched are binarized-mnist, fashion-mnist, mnist." in told
    assert 'Did you mean "mnist"?' in refused(InputError, "mnits")
    assert "http:// or https://" in refused(InputError, "mnist", mirror="file:///tmp")
    (tmp_path / "file").touch()
    assert "cannot be made" in refused(FileError, "mnist", data_dir=tmp_path / "file")


def test_progress_is_silent_off_a_terminal():
    for is_terminal in (False, True):
        console = Console(file=io.StringIO(), force_terminal=is_terminal, width=100)
        with FetchDisplay("mnist: x.gz", console) as report:
            report(500, 1000)
            report(1000, 1000)
        assert ("mnist: x.gz" in console.file.getvalue()) == is_terminal
        assert ("1.0/1.0 kB" in console.file.getvalue()) == is_terminal


def test_where_the_cache_is(monkeypatch, tmp_path):
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("ARDEN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "arden"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "arden"


@pytest.mark.parametrize("packed", [None, True, False])
@pytest.mark.parametrize("name", SETS)
def test_original_files_in_the_data_directory(name, packed, tmp_path):
    key = arden.data.DATASETS[name].download
    loose = load_data(name, data_dir=lay_out(tmp_path / "loose", key, packed))
    lay_out(tmp_path / "sets" / name, key, packed)
    data = load_data(name, data_dir=tmp_path / "sets")
    assert torch.equal(loose.train.values, data.train.values)
    # However they were packed, they hold the same, and the figures are of one protocol.
    assert loose.protocol == data.protocol == load_data(name, data_dir=tmp_path / "sets").protocol
    digest = DOWNLOADS[key].files[0].sha256[:12]
    bare = DOWNLOADS[key].files[0].name.removesuffix(".gz")
    assert data.protocol.startswith(f"{name}: {bare} (content sha256 {digest}), ")


def test_names_that_some_programs_give_when_they_unpack(tmp_path):
    folder = lay_out(tmp_path, "mnist", packed=False)
    for path in list(folder.iterdir()):
        path.rename(folder / path.name.replace("-idx", ".idx"))
    assert len(load_data("mnist", data_dir=folder).train) == 7


def test_the_order_in_which_files_are_looked_for(tmp_path, cache, monkeypatch):
    def brightest() -> int:
        return int(load_data("mnist", data_dir=tmp_path).test.values.max())

    lay_out(cache / "mnist", "mnist")
    assert "content sha256" in load_data("mnist").protocol
    assert "content sha256" in load_data("mnist", data_dir=tmp_path).protocol
    monkeypatch.setenv("ARDEN_DATA", str(tmp_path))
    # The .npz of the data directory goes first; it is believed as it is.
    np.savez(tmp_path / "mnist.npz", **{k: v // 4 for k, v in grey_arrays(0).items()})
    assert brightest() < 64
    assert "mnist.npz (sha256 " in load_data("mnist").protocol
    (tmp_path / "mnist.npz").unlink()
    # A damaged copy in the data directory does not hide a good one in the cache.
    lay_out(tmp_path / "mnist", "mnist")
    (tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz").write_bytes(b"\x1f\x8b damaged")
    assert brightest() > 64
    for path in (cache / "mnist").iterdir():
        path.unlink()
    with pytest.raises(FileError, match=r"t10k-labels-idx1-ubyte\.gz: its gzip data are damaged"):
        load_data("mnist")


def test_fashion_is_not_taken_for_digits(tmp_path):
    """Both sets call their files alike."""
    lay_out(tmp_path, "fashion-mnist")
    assert len(load_data("fashion-mnist", data_dir=tmp_path).train) == 7
    with pytest.raises(FileError, match="is not the published train-images-idx3-ubyte"):
        load_data("mnist", data_dir=tmp_path)
    lay_out(tmp_path / "mnist", "mnist")
    assert len(load_data("mnist", data_dir=tmp_path).train) == 7


def test_a_set_of_which_a_file_is_missing_is_not_there(cache):
    lay_out(cache / "mnist", "mnist")
    (cache / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(FileError, match="`arden fetch mnist` downloads it"):
        load_data("mnist")


@pytest.mark.skipif("ARDEN_DATA" not in os.environ, reason="ARDEN_DATA names no data directory")
class TestRealFiles:
    """The digests in the catalogue against the data: run before anything here is patched."""

    @pytest.fixture(autouse=True)
    def real(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.undo()

    @pytest.mark.parametrize("name", sorted(DOWNLOADS))
    def test_digests(self, name):
        path = Path(os.environ["ARDEN_DATA"]) / arden.data.DATASETS[name].file
        if not path.exists():
            pytest.skip(f"{path.name} is not in ARDEN_DATA")
        with np.load(path) as arrays:
            if name == "binarized-mnist":
                held = {
                    f"binarized_mnist_{split}.amat": amat_bytes(
                        np.unpackbits(arrays[split], axis=1, count=784)
                    )
                    for split in ("train", "valid", "test")
                }
            else:
                held = {f"{file}.gz": idx_bytes(arrays[key]) for key, file in IDX_NAMES.items()}
        for remote in DOWNLOADS[name].files:
            content = held.pop(remote.name)
            assert (hashlib.sha256(content).hexdigest(), len(content)) == (
                remote.sha256,
                remote.size,
            )
        assert held == {}
