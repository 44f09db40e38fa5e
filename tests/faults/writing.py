"""Every command that writes a file, in words: of a run, its data and a folder to write to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cli.words import coded

__all__ = ["WRITERS", "fit_words"]

WRITERS: dict[str, Callable[[Path, Path, Path], list[object]]] = {
    "score csv": lambda run, data, out: ["score", run, data, "--out", out / "x.csv"],
    "score npz": lambda run, data, out: ["score", run, data, "--out", out / "x.npz"],
    "score picture": lambda run, data, out: ["score", run, data, "--picture", out / "x.png"],
    "sample npz": lambda run, data, out: ["sample", run, "-n", 2, "--out", out / "x.npz"],
    "sample csv": lambda run, data, out: ["sample", run, "-n", 2, "--out", out / "x.csv"],
    "sample png": lambda run, data, out: ["sample", run, "-n", 2, "--out", out / "x.png"],
    "complete": lambda run, data, out: [
        *("complete", run, data, "--mask", "random:0.5", "--rows", 3, "--seed", 0),
        *("--out", out / "x.npz"),
    ],
    "compress": lambda run, data, out: ["compress", data, "-m", run, "-o", out / "x.arden"],
    "decompress": lambda run, data, out: [
        *("decompress", coded(run, data, out), "-m", run, "-o", out / "x.npz")
    ],
    "detect": lambda run, data, out: [
        *("detect", run, data, "--calibrate", data, "--false-alarms", 0.1, "--out", out / "x.csv")
    ],
    "represent": lambda run, data, out: ["represent", run, data, "--out", out / "x.csv"],
    "query": lambda run, data, out: ["query", run, "x0 > 0", "--out", out / "x.csv"],
    "publish": lambda run, data, out: ["publish", run, "--out", out / "hub"],
}


def fit_words(data: Path, folder: Path, system: str = "nade") -> list[object]:
    """A file, a folder -> a fit that writes all that a fit can write."""
    return [
        *("fit", system, data, "--hidden", 40, "--epochs", 3, "--batch-size", 16, "--out", folder),
        *("--checkpoint-seconds", 0),
    ]
