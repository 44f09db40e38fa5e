"""One file over HTTP, from mirrors on this machine that fail in every way we could think of."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from arden.data.fetching.download import download
from arden.errors import FileError, InputError
from tests.data.mirrors import Mirror, served

CONTENT = bytes(range(256)) * 4000  # a megabyte: many pieces
MOST = 2 * len(CONTENT)
FILES = {"x.bin": CONTENT}


@pytest.fixture
def start() -> Iterator:
    """() -> a function that starts a mirror and gives it back."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(served(Mirror(**{"files": FILES, **how})))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "x.bin"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def check(path: Path) -> None:
    if hashlib.sha256(path.read_bytes()).digest() != hashlib.sha256(CONTENT).digest():
        raise FileError(f"{path}: is not what was published.")


def bring(target: Path, *mirrors: Mirror, **options) -> None:
    addresses = [f"{mirror.address}x.bin" for mirror in mirrors]
    download(addresses, target, check, options.pop("most", MOST), **options)


def refused(target: Path, *mirrors: Mirror, **options) -> str:
    with pytest.raises(FileError) as caught:
        bring(target, *mirrors, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def part_of(target: Path) -> Path:
    return target.with_name("x.bin.part")


def names(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def test_a_whole_file(start, target):
    reports: list[tuple[int, int | None]] = []
    mirror = start()
    bring(target, mirror, report=lambda done, total: reports.append((done, total)))
    assert target.read_bytes() == CONTENT
    assert names(target) == ["x.bin"]
    assert mirror.ranges() == [None]
    assert reports[0] == (0, len(CONTENT))
    assert reports[-1] == (len(CONTENT), len(CONTENT))
    assert len(reports) > 10


def test_a_part_is_resumed(start, target):
    part_of(target).write_bytes(CONTENT[:1000])
    reports: list[tuple[int, int | None]] = []
    mirror = start()
    bring(target, mirror, report=lambda done, total: reports.append((done, total)))
    assert target.read_bytes() == CONTENT
    assert mirror.ranges() == ["bytes=1000-"]
    assert reports[0] == (1000, len(CONTENT))


def test_ctrl_c_leaves_the_part_and_the_next_call_goes_on(start, target):
    def interrupt(done: int, total: int | None) -> None:
        if done > 300_000:
            raise KeyboardInterrupt

    mirror = start()
    with pytest.raises(KeyboardInterrupt):
        bring(target, mirror, report=interrupt)
    there = part_of(target).stat().st_size
    assert 300_000 < there < len(CONTENT)
    assert not target.exists()
    bring(target, mirror)
    assert target.read_bytes() == CONTENT
    assert mirror.ranges() == [None, f"bytes={there}-"]


@pytest.mark.parametrize("says_length", [True, False])
def test_a_mirror_that_knows_no_ranges_starts_again(start, target, says_length):
    part_of(target).write_bytes(b"of another file" * 100_000)
    bring(target, start(knows_ranges=False, says_length=says_length))
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("length", [len(CONTENT) + 1, MOST])
def test_a_part_that_is_too_long_is_thrown_away(start, target, length):
    part_of(target).write_bytes((CONTENT * 3)[:length])
    mirror = start()
    bring(target, mirror)
    assert target.read_bytes() == CONTENT
    assert mirror.ranges() == [f"bytes={length}-", None]


def test_a_part_that_is_whole_already_is_only_checked(start, target):
    part_of(target).write_bytes(CONTENT)
    mirror = start()
    bring(target, mirror)
    assert target.read_bytes() == CONTENT
    assert mirror.ranges() == [f"bytes={len(CONTENT)}-"]


def test_a_part_of_something_else_is_tried_again_from_the_start(start, target):
    part_of(target).write_bytes(b"?" * 1000)
    mirror = start()
    bring(target, mirror)
    assert target.read_bytes() == CONTENT
    assert mirror.ranges() == ["bytes=1000-", None]


def test_a_wrong_range_is_not_pasted_on(start, target):
    part_of(target).write_bytes(CONTENT[:1000])
    told = refused(target, start(wrong_range=True))
    assert "another range" in told
    assert names(target) == []


def test_the_next_mirror_serves_when_one_does_not(start, target):
    wrong = start(files={"x.bin": CONTENT[:-1] + b"!"})
    gone, good = start(status=503), start()
    bring(target, gone, wrong, good)
    assert target.read_bytes() == CONTENT
    assert (len(gone.asked), len(wrong.asked), good.ranges()) == (1, 1, [None])


def test_when_all_fail_every_mirror_is_named_with_its_reason(start, target):
    target.write_bytes(b"an older version")
    wrong = start(files={"x.bin": b"something else"})
    gone, absent = start(status=503), start(files={})
    with served(Mirror({})) as closed:
        pass
    told = refused(target, gone, absent, wrong, closed)
    assert told.startswith("x.bin could not be downloaded from http://127.0.0.1:")
    for mirror, reason in (
        (gone, "HTTP 503"),
        (absent, "HTTP 404"),
        (wrong, "what it sends is wrong: is not what was published"),
        (closed, "Connection refused"),
    ):
        assert f"{mirror.address}x.bin ({reason}" in told
    assert names(target) == ["x.bin"]  # what fails its check is thrown away
    assert target.read_bytes() == b"an older version"


def test_a_line_that_breaks_now_and_then_gets_there(start, target):
    mirror = start(cut_after=400_000)
    bring(target, mirror)
    assert target.read_bytes() == CONTENT
    assert mirror.ranges() == [None, "bytes=400000-", "bytes=800000-"]


def test_a_line_that_breaks_too_often_leaves_the_part_for_the_next_call(start, target):
    mirror = start(cut_after=1000)
    told = refused(target, mirror)
    assert f"the connection closed after 5000 of {len(CONTENT)} bytes" in told
    assert told.endswith("What came is kept: the same command goes on from there.")
    assert part_of(target).read_bytes() == CONTENT[:5000]
    mirror.cut_after = None
    bring(target, mirror)
    assert target.read_bytes() == CONTENT
    assert mirror.ranges()[-1] == "bytes=5000-"


def test_a_cut_connection_without_a_length_is_found_by_the_check(start, target):
    told = refused(target, start(cut_after=1000, says_length=False))
    assert "what it sends is wrong" in told
    assert names(target) == []


@pytest.mark.parametrize("says_length", [True, False])
def test_a_file_of_any_size_does_not_fill_the_disk(start, target, says_length):
    came: list[int] = []
    mirror = start(says_length=says_length)
    told = refused(target, mirror, most=500_000, report=lambda done, total: came.append(done))
    assert "it sends more than 500000 bytes" in told
    assert max(came) == 0 if says_length else max(came) < 600_000
    assert names(target) == []


def test_a_silent_mirror_is_given_up(start, target, monkeypatch):
    monkeypatch.setattr(sys.modules["arden.data.fetching.download"], "TIMEOUT", 0.2)
    assert "no answer within 0.2 seconds" in refused(target, start(silent=1.0))


@pytest.mark.parametrize("address", ["file:///etc/hosts", "ftp://a/b", "mnist", "http://", "//a/b"])
def test_other_addresses_are_refused(target, address):
    with pytest.raises(InputError, match="beginning with http:// or https://, got"):
        download([address], target, check, MOST)


@pytest.mark.parametrize("elsewhere", ["file:///etc/hosts", "ftp://127.0.0.1/x.bin"])
def test_a_redirection_out_of_http_is_not_followed(start, target, elsewhere):
    told = refused(target, start(location=elsewhere))
    assert "HTTP 302" in told or "unknown url type" in told
    assert names(target) == []


def test_a_redirection_keeps_the_range(start, target):
    part_of(target).write_bytes(CONTENT[:1000])
    good = start()
    bring(target, start(location=f"{good.address}x.bin"))
    assert target.read_bytes() == CONTENT
    assert good.ranges() == ["bytes=1000-"]


def test_a_proxy_of_the_environment_is_used(start, target, monkeypatch):
    proxy = start()
    monkeypatch.setenv("http_proxy", proxy.address)
    download(["http://nowhere.invalid/x.bin"], target, check, MOST)
    assert target.read_bytes() == CONTENT
    assert proxy.asked == [("http://nowhere.invalid/x.bin", None)]


def test_a_folder_in_the_way_is_no_fault_of_the_mirror(start, target):
    part_of(target).mkdir()
    mirror = start()
    told = refused(target, mirror, mirror)
    assert told == f"{part_of(target)}: cannot be written (Is a directory)."
    assert len(mirror.asked) == 1
