"""Damaged files of every format that is read: each is read or refused in one sentence.

python tests/fuzz.py                         # a minute for every format
python tests/fuzz.py csv npz --seconds 600 --seed 7

Files are made whole, then damaged: bits turned, pieces left out, put in, doubled or moved, numbers
made huge. Whatever is not an `ArdenError`, and whatever needs more memory or seconds than a file of
that size may, is kept in the folder that is named, with the trace, and ends this program with 1.
"""

from __future__ import annotations

import argparse
import gzip
import random
import resource
import shutil
import sys
import tempfile
import time
import traceback
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # a script finds what lies beside it alone
from arden.errors import ArdenError

MOST_SECONDS = 10.0
"""Of processor time."""
MOST_MEMORY = 4 * 2**30
"""Bytes of address space beyond what is in use when the first file is damaged."""


def _numbers(seed: int = 0, rows: int = 40, columns: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 5, (rows, columns))


def csv(path: Path) -> None:
    """A table of words, numbers, dates, quotes and gaps."""
    rows = ["kind,age,weight,born,note"]
    for k in range(40):
        note = '"a, ""b"""' if k % 5 else ""
        rows.append(
            f"{['dog', 'cat', 'owl'][k % 3]},{k},{k / 7:.3f},2020-01-{k % 28 + 1:02},{note}"
        )
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def plain_csv(path: Path) -> None:
    """Numbers without a header."""
    np.savetxt(path, _numbers(), fmt="%d", delimiter=",")


def npy(path: Path) -> None:
    """An array."""
    np.save(path, _numbers().astype(np.uint8))


def npz(path: Path) -> None:
    """An archive with splits and labels."""
    x, y = _numbers(1).astype(np.uint8), np.arange(40) % 3
    np.savez_compressed(path, x_train=x, y_train=y, x_test=x[:10], y_test=y[:10])


def amat(path: Path) -> None:
    """Rows of bits, as Larochelle's files are."""
    np.savetxt(path, _numbers() > 2, fmt="%d", delimiter=" ")


def amat_gz(path: Path) -> None:
    """The same, packed."""
    plain = path.with_suffix("")
    amat(plain)
    path.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()


def schema_toml(path: Path) -> None:
    """How a table is read, as a user may change it."""
    from arden.data import load_data
    from arden.data.schema_files import schema_as_toml

    table = path.with_name("table.csv")
    csv(table)
    path.write_text(schema_as_toml(load_data(table).schema), encoding="utf-8")


def idx(path: Path) -> None:
    """An IDX file, as MNIST's are."""
    from arden.data.readers.idx_file import idx_bytes

    path.write_bytes(idx_bytes(_numbers(2, 40, 16).astype(np.uint8).reshape(40, 4, 4)))


def idx_gz(path: Path) -> None:
    """The same, packed."""
    plain = path.with_suffix("")
    idx(plain)
    path.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()


def txt(path: Path) -> None:
    """A text."""
    path.write_text("Was ist das? That is that, und so weiter …\n" * 40, encoding="utf-8")


def wav(path: Path) -> None:
    """A sound of 16 bits."""
    tone = (9000 * np.sin(np.arange(4000) / 20)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        file.writeframes(tone.tobytes())


def png(path: Path) -> None:
    """A folder of pictures, of which one is damaged."""
    from PIL import Image

    path.mkdir()
    for k in range(12):
        Image.fromarray((_numbers(k, 6, 6) * 60).astype(np.uint8)).save(path / f"{k:02}.png")


def parquet(path: Path) -> None:
    """A table with types."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kind = pa.array(["dog", "cat", None, "owl"] * 10).dictionary_encode()
    pq.write_table(pa.table({"kind": kind, "age": list(range(40))}), path)


def run(path: Path) -> None:
    """A run directory, of which config.json or the weights are damaged."""
    import arden

    if not _MADE:
        model = arden.fit("nade", "digits", hidden=3, epochs=1, progress=False)
        arden.save(model, path)
        _MADE.append(Path(tempfile.mkdtemp()) / "run")
        shutil.copytree(path, _MADE[0])
        return
    shutil.copytree(_MADE[0], path)


def coded(path: Path) -> None:
    """An .arden file of the same model."""
    import arden
    from arden.data import load_data

    if not _MADE:
        run(Path(tempfile.mkdtemp()) / "first")
    if len(_MADE) == 1:
        model = arden.load(_MADE[0])
        rows = load_data("digits").test.values[:40]
        _MADE.append(_MADE[0].with_name("rows.arden"))
        arden.compress(model, rows, out=_MADE[1])
    shutil.copy(_MADE[1], path)


_MADE: list[Path] = []


def _load(path: Path) -> None:
    from arden.data import load_data

    load_data(path)


def _load_by_schema(path: Path) -> None:
    from arden.data import load_data

    load_data(path.with_name("table.csv"), schema=path)


def _load_run(path: Path) -> None:
    import arden
    from arden.data import load_data

    arden.score(arden.load(path), load_data("digits").test.values[:8])


def _decode(path: Path) -> None:
    import arden

    arden.decompress(arden.load(_MADE[0]), path)


Make = Callable[[Path], None]
FORMATS: dict[str, tuple[str, Make, Make]] = {
    "csv": ("x.csv", csv, _load),
    "plain-csv": ("x.csv", plain_csv, _load),
    "npy": ("x.npy", npy, _load),
    "npz": ("x.npz", npz, _load),
    "amat": ("x.amat", amat, _load),
    "amat-gz": ("x.amat.gz", amat_gz, _load),
    "idx": ("x-idx3-ubyte", idx, _load),
    "idx-gz": ("x-idx3-ubyte.gz", idx_gz, _load),
    "txt": ("x.txt", txt, _load),
    "wav": ("x.wav", wav, _load),
    "png": ("x", png, _load),
    "schema": ("x.toml", schema_toml, _load_by_schema),
    "parquet": ("x.parquet", parquet, _load),
    "run": ("x", run, _load_run),
    "arden": ("x.arden", coded, _decode),
}
"""A format -> the name of a file of it, what makes one, what reads it."""


def damaged(whole: bytes, source: random.Random) -> bytes:
    """Bytes -> the same, damaged once to four times."""
    content = bytearray(whole)
    for _ in range(source.choice([1, 1, 1, 2, 4])):
        at = source.randrange(len(content) + 1)
        length = min(source.choice([1, 2, 4, 8, 64, 1024]), len(content) - at)
        kind = source.randrange(8)
        if kind == 0 and at < len(content):
            content[at] ^= 1 << source.randrange(8)
        elif kind == 1:
            del content[at:]
        elif kind == 2:
            del content[at : at + length]
        elif kind == 3:
            content[at:at] = source.randbytes(source.choice([1, 3, 50]))
        elif kind == 4:
            content[at:at] = content[at : at + length]
        elif kind == 5:
            content[at : at + length] = source.choice([b"\xff", b"\x00", b"\x7f"]) * length
        elif kind == 6:
            content[at : at + length] = source.choice(_WORDS)
        else:
            content[at:at] = source.choice(_WORDS)
    return bytes(content)


_WORDS = [
    *(b'"', b"\n", b"\r", b",", b"\x00", b"nan", b"inf", b"-1", b"1e309", b"9" * 40, b"null"),
    *(b"{}", b"[[[[", b"\xef\xbb\xbf", b"\xff\xfe", b"../../x", b"true", b"0x", b"1,5", b"e"),
]


def victim(path: Path, source: random.Random) -> Path:
    """What was made -> the file of it that is damaged."""
    if path.is_file():
        return path
    return source.choice(sorted(file for file in path.iterdir() if file.stat().st_size))


def attempt(name: str, seed: int, folder: Path) -> tuple[str, Exception | None]:
    """A format, a seed, an empty folder -> read, refused or wrong; what was raised then."""
    file_name, make, read = FORMATS[name]
    path = folder / file_name
    make(path)
    source = random.Random(f"{name} {seed}")
    hurt = victim(path, source)
    hurt.write_bytes(damaged(hurt.read_bytes(), source))
    began = time.process_time()
    try:
        read(path)
    except ArdenError as error:
        sentence = str(error).strip()
        if not sentence or "\n" in sentence or len(sentence) > 1500:
            return "wrong", error
        verdict = "refused"
    except Exception as error:
        return "wrong", error
    else:
        verdict = "read"
    seconds = time.process_time() - began
    if seconds > MOST_SECONDS:
        return "wrong", TimeoutError(f"{seconds:.0f} s")
    return verdict, None


def fuzz(name: str, tries: int, seed: int, seconds: float = float("inf")) -> dict[str, int]:
    """A format, the most tries and seconds, the first seed -> how many were read and refused.

    RuntimeError: one was neither; the folder with it is named.
    """
    counts = {"read": 0, "refused": 0}
    began = time.monotonic()
    for number in range(seed, seed + tries):
        if time.monotonic() - began > seconds:
            break
        folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-{number}-"))
        verdict, error = attempt(name, number, folder)
        if error is not None:
            trace = "".join(traceback.format_exception(error))
            raise RuntimeError(f"{name}, seed {number}, kept in {folder}\n{trace}")
        counts[verdict] += 1
        shutil.rmtree(folder)
    return counts


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("formats", nargs="*", help=f"of {', '.join(FORMATS)}; all without one")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each format")
    parser.add_argument("--tries", type=int, default=10**9)
    parser.add_argument("--seed", type=int, default=0)
    words = parser.parse_args()
    import arden  # what it takes is no file's doing

    assert arden
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_MEMORY,) * 2)
    failed = False
    for name in words.formats or FORMATS:
        try:
            counts = fuzz(name, words.tries, words.seed, words.seconds)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            failed = True
            continue
        print(f"{name:10} " + ", ".join(f"{count} {what}" for what, count in counts.items()))
    sys.exit(failed)


if __name__ == "__main__":
    main()
