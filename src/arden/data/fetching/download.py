"""One file over HTTP: from the first mirror that has it, whole or not at all, resumed when cut."""

from __future__ import annotations

import http.client
import os
import re
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from arden import __version__
from arden.errors import FileError, InputError

__all__ = ["TIMEOUT", "Report", "check_address", "download"]

Report = Callable[[int, int | None], None]
"""Told (bytes there, bytes in all or None) whenever some have come."""

TIMEOUT = 30.0
"""Seconds without an answer or a byte after which a mirror is given up."""

PIECE = 1 << 16
TRIES = 5  # of one mirror, as long as each brings something


class _Failed(Exception):
    """A mirror did not deliver; the words say why."""


def download(
    addresses: Sequence[str],
    target: Path,
    check: Callable[[Path], object],
    most_bytes: int,
    report: Report | None = None,
) -> None:
    """Addresses of one file, best first -> (): the file stands at `target`, and `check` passed it.

    What comes is written to `target` + ".part" and renamed when `check` has not raised a FileError.
    A part that was left by Ctrl-C, a kill or a cut connection is resumed (HTTP Range); one that is
    too long or fails its check is thrown away, and a resumed one is tried once more from the start.

    Raises FileError, in one sentence that names every mirror and why it failed.
    """
    for address in addresses:
        check_address(address)
    part = target.with_name(f"{target.name}.part")
    reasons: dict[str, str] = {}
    for address in addresses:
        try:
            _from_mirror(address, part, check, most_bytes, report or (lambda _done, _all: None))
        except _Failed as failed:
            reasons[address] = str(failed)
            continue
        _written(part, lambda: os.replace(part, target))
        return
    told = "; ".join(f"{address} ({reason})" for address, reason in reasons.items())
    kept = " What came is kept: the same command goes on from there." if part.exists() else ""
    raise FileError(f"{target.name} could not be downloaded from {told}.{kept}")


def check_address(address: str) -> None:
    """An address -> (); raises InputError unless it is http:// or https:// and names a host."""
    try:
        parts = urlsplit(address)
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # a bracket that is not closed
        is_right = False
    if not is_right:
        raise InputError(
            f"mirror must be an address beginning with http:// or https://, got {address!r}."
        )


def _from_mirror(
    address: str, part: Path, check: Callable[[Path], object], most_bytes: int, report: Report
) -> None:
    """Bring the whole part from one mirror and check it; _Failed when that cannot be done."""
    tries = 0
    while True:
        tries += 1
        before = _size(part)
        try:
            was_resumed = _bring(address, part, before, most_bytes, report)
        except _Failed:
            # A line that breaks now and then still gets there.
            if tries < TRIES and _size(part) > before:
                continue
            raise
        try:
            check(part)
            return
        except FileError as error:
            _written(part, part.unlink)
            # The beginning may have come from a mirror that packed the file in another way.
            if not was_resumed or tries >= TRIES:
                reason = str(error).removeprefix(f"{part}: ").rstrip(".")
                raise _Failed(f"what it sends is wrong: {reason}") from None


def _bring(address: str, part: Path, offset: int, most_bytes: int, report: Report) -> bool:
    """Fetch all bytes from `offset` on into the part -> whether it was resumed."""
    import urllib.error

    from arden.data.fetching import http_opener

    headers = {"User-Agent": f"arden/{__version__}", "Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    try:
        answer = http_opener.open_address(address, headers, TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE or not offset:
            raise _Failed(f"HTTP {error.code} {error.reason}") from None
        # Nothing lies behind the part: it is whole already, or of no use.
        if _total(error.headers.get("Content-Range")) == offset:
            return True
        return _bring(address, part, 0, most_bytes, report)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _Failed(_reason(error)) from None
    with answer:
        if answer.status == http.client.PARTIAL_CONTENT:
            if not _begins_at(answer.headers.get("Content-Range"), offset):
                _written(part, lambda: part.unlink(missing_ok=True))
                raise _Failed("it answered with another range than was asked for")
        elif answer.status == http.client.OK:
            offset = 0  # it knows no ranges, and sends everything
        else:
            raise _Failed(f"HTTP {answer.status}")
        _copy(answer, part, offset, most_bytes, report)
    return bool(offset)


def _copy(answer: Any, part: Path, offset: int, most_bytes: int, report: Report) -> None:
    length = answer.headers.get("Content-Length", "")
    total = offset + int(length) if length.isdigit() else None
    done = offset
    too_long = total is not None and total > most_bytes
    with _written(part, lambda: part.open("ab" if offset else "wb", buffering=0)) as file:
        report(done, total)
        while not too_long:
            try:
                piece = answer.read1(PIECE)  # what is there: `read` would wait for all of it
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise _Failed(_reason(error)) from None
            if not piece:
                break
            _written(part, lambda piece=piece: file.write(piece))  # type: ignore[misc]
            done += len(piece)
            too_long = done > most_bytes
            report(done, total)
    if too_long:
        _written(part, part.unlink)
        raise _Failed(f"it sends more than {most_bytes} bytes")
    if total is not None and done != total:
        raise _Failed(f"the connection closed after {done} of {total} bytes")


def _written(part: Path, action: Callable[[], Any]) -> Any:
    """Do something to the disk; its errors are not the mirror's, and end the download."""
    try:
        return action()
    except OSError as error:
        raise FileError(f"{part}: cannot be written ({error.strerror or error}).") from None


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _begins_at(content_range: str | None, offset: int) -> bool:
    found = re.match(r"bytes (\d+)-", content_range or "")
    return found is not None and int(found[1]) == offset


def _total(content_range: str | None) -> int | None:
    found = re.search(r"/(\d+)$", content_range or "")
    return int(found[1]) if found else None


def _reason(error: Exception) -> str:
    """urllib wraps what went wrong in one exception or another."""
    inner = getattr(error, "reason", error)
    if isinstance(inner, (TimeoutError, socket.timeout)):
        return f"no answer within {TIMEOUT:g} seconds"
    return str(getattr(inner, "strerror", None) or inner) or type(inner).__name__
