"""The command line called from a test: what it printed, what it exited with, how it refused."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import arden
from arden.cli import main
from arden.data import Schema, load_data
from arden.storage.model_files import read_card
from arden.systems import SYSTEMS

SOURCE = str(Path(arden.__file__).parents[1])


def twin(run: Path) -> Path:
    """A run -> another one of the same model."""
    other = run.with_name(f"{run.name}-twin")
    if not other.exists():
        shutil.copytree(run, other)
    return other


def brief(run: Path, data: object, out: Path) -> object:
    """A run, its data, a folder -> data of its kind that are coded soon: of texts, sounds and large
    images one that the run draws, as whole sets would take minutes."""
    schema = Schema.from_dict(read_card(run)["schema"])
    ending = {"text": ".txt", "audio": ".wav"}.get(schema.kind)
    if ending is None and math.prod(schema.event_shape) > 1000:
        ending = ".npz"
    if ending is None:
        return data
    file = out.with_name(f"{out.name}-drawn{ending}")
    if not file.exists():
        with pytest.raises(SystemExit):
            main(["sample", str(run), "-n", "1", "--out", str(file)])
    return file


def coded(run: Path, data: object, out: Path) -> Path:
    """A run, its data, a folder -> the path of an .arden file, which no refused model makes."""
    file = out.with_name(f"{out.name}.arden")
    words = [
        "compress",
        brief(run, data, out),
        "-m",
        run,
        "-o",
        file,
        "--overwrite",
        "--no-compare",
    ]
    with pytest.raises(SystemExit):
        main([str(word) for word in words])
    return file


def with_classes(run: Path, data: object) -> list[object]:
    """A run and its data -> one of the same system given a class, and data that have classes.

    Their classes are made up: whether the sum of a row is odd. A model without a likelihood is left
    as it is, to be refused.
    """
    system = read_card(run)["system"]
    if "classify" not in SYSTEMS[system].verbs:
        return [run, data]
    other, labelled = run.with_name(f"{run.name}-classes"), run.with_name(f"{run.name}.npz")
    if not other.exists():
        values = load_data(data).train.values[:48]
        parity = values.flatten(1).double().sum(dim=1).round().long() % 2
        np.savez(labelled, x=values.numpy(), y=parity.numpy())
        found, small = load_data(labelled), {**SYSTEMS[system].small, "epochs": 1}
        model = arden.fit(system, found, condition="label", progress=False, **small)
        arden.save(model, other, card={"system": system, "schema": found.schema.to_dict()})
    return [other, labelled]


def first_condition(run: Path) -> str:
    """A run -> a condition on the first value of its rows, real or not."""
    columns = read_card(run)["schema"]["columns"]
    return f'"{columns[0]["name"]}" > 0' if columns else "x0 > 0"


VERBS: dict[str, Callable[[Path, object, Path], list[object]]] = {
    "verify": lambda run, data, out: [run],
    "score": lambda run, data, out: [run, data, "--out", out / "scores.csv"],
    "sample": lambda run, data, out: [run, "-n", 2, "--out", out / "samples.npz"],
    "classify": lambda run, data, out: [
        *with_classes(run, data),
        *("--out", out / "classes.csv"),
    ],
    "compare": lambda run, data, out: [run, twin(run), data],
    "detect": lambda run, data, out: [
        *[run, data, "--calibrate", data, "--false-alarms", 0.1, "--out", out / "found.csv"]
    ],
    "ensemble": lambda run, data, out: [run, twin(run), "--out", out / "both", "--data", data],
    "complete": lambda run, data, out: [
        *(run, data, "--mask", "random:0.5", "--rows", 3, "--out", out / "completed.npz")
    ],
    "query": lambda run, data, out: [run, first_condition(run)],
    "represent": lambda run, data, out: [run, data, "--out", out / "features.csv"],
    "compress": lambda run, data, out: [
        *[brief(run, data, out), "-m", run, "-o", out / "data.arden"]
    ],
    "decompress": lambda run, data, out: [coded(run, data, out), "-m", run, "-o", out / "data.npz"],
    "bound": lambda run, data, out: [run, data, "--samples", 2, "--out", out / "bounds.csv"],
}
"""A verb -> what is said after it, of a run, its data (file or name) and a folder to write to."""


def call(capfd: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Words -> exit code, standard output, standard error."""
    capfd.readouterr()
    with pytest.raises(SystemExit) as exited:
        main([str(word) for word in words])
    assert isinstance(exited.value.code, int)
    printed = capfd.readouterr()
    return exited.value.code, printed.out, printed.err


def done(capfd: pytest.CaptureFixture[str], *words: object) -> str:
    """Words that must work -> what they printed; nothing went to standard error."""
    code, out, err = call(capfd, *words)
    assert (code, err) == (0, "")
    return out


def refused(capfd: pytest.CaptureFixture[str], *words: object) -> str:
    """Words that must be refused -> the sentence, after "arden: "."""
    code, _, err = call(capfd, *words)
    assert code == 1
    return sentence(err)


def sentence(err: str) -> str:
    """What stood on standard error -> the one sentence it must be."""
    assert err.startswith("arden: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err.removeprefix("arden: ").rstrip("\n")


def environment(**more: str) -> dict[str, str]:
    """() -> the environment of a new process that finds this very package, on one thread."""
    return {
        **os.environ,
        "PYTHONPATH": SOURCE,
        "ARDEN_KERNELS": "0",
        "PYTHONUNBUFFERED": "",  # output waits in a buffer, as it does for most users
        "OMP_NUM_THREADS": "1",
        **more,
    }


def natural_file(name: str, files: Path) -> Path:
    """A system's name, the folder of the fixture `files` -> a file in it that the system takes."""
    if "image" in SYSTEMS[name].needs:
        return files / "images.npz"
    return files / ("bits.csv" if "discrete" in SYSTEMS[name].data else "reals.csv")
