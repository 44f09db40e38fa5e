"""`arden fetch`, what `arden data` says of it, and folders of images on the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.words import done, environment, refused
from tests.data.mirrors import Mirror, served
from tests.data.originals import contents, lay_out, publish

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """() -> an empty cache; no data directory, no proxy, and only small made-up sets."""
    for name in ("ARDEN_DATA", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ARDEN_CACHE", str(tmp_path / "cache"))
    publish(monkeypatch)
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """() -> a folder of grey images of two classes, and one of RGB images."""
    folder = tmp_path_factory.mktemp("pictures")
    source = np.random.default_rng(0)
    for index in range(24):
        for name, shape in (("grey/cat", (4, 5)), ("grey/dog", (4, 5)), ("rgb", (4, 5, 3))):
            (folder / name).mkdir(parents=True, exist_ok=True)
            array = source.integers(0, 200, shape, dtype=np.uint8)
            Image.fromarray(array).save(folder / name / f"{index}.png")
    return folder


def test_sets_are_fetched_and_can_be_used(tmp_path: Path, cache: Path, capfd: Capture) -> None:
    with served(Mirror(contents()["mnist"])) as mirror:
        words = ("fetch", "mnist", "mnist-binary", "--mirror", mirror.address)
        assert done(capfd, *words) == f"mnist: {cache}/mnist\nmnist-binary: {cache}/mnist\n"
        assert len(mirror.asked) == 4
        here = tmp_path / "here"
        assert str(here / "mnist") in done(capfd, *words[:2], *words[3:], "--data-dir", here)
        done(capfd, *words, "--force")
        assert len(mirror.asked) == 16
    assert json.loads(done(capfd, "data", "mnist", "--json"))["train"] == 7
    assert "runs/mnist" in done(
        capfd, "fit", "independent", "mnist-binary", "--out", tmp_path / "runs/mnist"
    )


def test_the_list_says_what_is_there(
    cache: Path, capfd: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")

    def where(*more: object) -> dict[str, str]:
        cells = [line.split("│")[1:4] for line in done(capfd, "data", *more).splitlines()]
        return {row[0].strip(): row[2].strip() for row in cells if len(row) == 3}

    assert where()["digits"] == "embedded"
    assert where()["dynamic-mnist"] == "arden fetch mnist"
    assert where()["nltcs"].startswith("needs")
    lay_out(cache / "mnist", "mnist")
    assert where()["dynamic-mnist"] == "present"
    assert where()["fashion-mnist-binary"] == "arden fetch fashion-mnist"
    lay_out(tmp_path / "sets" / "fashion-mnist", "fashion-mnist")
    assert where("--data-dir", tmp_path / "sets")["fashion-mnist-binary"] == "present"


def test_sentences(capfd: Capture, tmp_path: Path) -> None:
    assert "at least one data set" in refused(capfd, "fetch")
    assert '"digits" is embedded' in refused(capfd, "fetch", "digits")
    assert "http:// or https://" in refused(capfd, "fetch", "mnist", "--mirror", "ftp://a/b")
    told = refused(capfd, "fetch", "mnist")
    assert "could not be downloaded from http://127.0.0.1:9/mnist/train-images" in told
    assert "Connection refused" in told
    told = refused(capfd, "fit", "nade", "mnist", "--out", tmp_path / "run")
    assert "`arden fetch mnist` downloads it" in told


# A shell may have told its background jobs to ignore Ctrl-C, and children inherit that.
FETCH = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
import pytest
from tests.data.originals import publish
with pytest.MonkeyPatch.context() as patch:
    publish(patch, sys.argv[1])
    from arden.cli import main
    main(["fetch", "binarized-mnist"])
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_fetch_that_was_stopped_goes_on(how: signal.Signals, cache: Path) -> None:
    files = contents()["binarized-mnist"]
    first = "binarized_mnist_train.amat"
    root = Path(__file__).parents[2]

    def start(address: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", FETCH, address],
            cwd=root,
            env=environment(ARDEN_CACHE=str(cache)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    # Half of the file, then silence: the process waits, and is stopped.
    with served(Mirror(files, cut_after=8000, silent_after=60.0)) as mirror:
        process = start(mirror.address)
        part = cache / "binarized-mnist" / f"{first}.part"
        deadline = time.monotonic() + 60
        while not (part.exists() and part.stat().st_size == 8000):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(how)
        _, told = process.communicate(timeout=60)
        assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
        assert b"Traceback" not in told
        mirror.release()
    assert part.read_bytes() == files[first][:8000]
    with served(Mirror(files)) as mirror:
        process = start(mirror.address)
        printed, told = process.communicate(timeout=60)
        assert (process.returncode, told) == (0, b"")
        assert mirror.ranges() == ["bytes=8000-", None, None]
    assert printed.decode() == f"binarized-mnist: {cache}/binarized-mnist\n"
    assert (cache / "binarized-mnist" / first).read_bytes() == files[first]


def test_a_folder_of_images_is_fitted_and_scored(
    pictures: Path, tmp_path: Path, capfd: Capture
) -> None:
    described = json.loads(done(capfd, "data", pictures / "grey", "--json"))
    assert described["event_shape"] == [4, 5]
    assert (described["levels"], described["classes"]) == (256, 2)
    run, empty = tmp_path / "run", tmp_path / "empty"
    empty.mkdir()
    assert str(run) in done(capfd, "fit", "independent", pictures / "grey", "--out", run)
    assert "48" in done(capfd, "score", run, pictures / "grey")
    told = refused(capfd, "score", run, pictures / "rgb")
    assert "expected shape (N, 4, 5), got (24, 4, 5, 3)" in told
    assert "holds no images" in refused(capfd, "data", empty)
