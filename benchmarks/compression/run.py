"""What compressing comes to, against the model's own −log₂ p and general-purpose programs.

python benchmarks/compression/run.py --runs DIRECTORY                 # every case, fits included
python benchmarks/compression/run.py --runs DIRECTORY --only binarized-mnist-nade
python benchmarks/compression/run.py --table                          # docs/compression.md, picture

A run that DIRECTORY lacks is fitted first. What has a result is measured again only with --only.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.compression.table import write_page
from benchmarks.provenance import provenance

if TYPE_CHECKING:
    from torch import Tensor

    from arden.core.mixture import Mixture
    from arden.core.model import AutoregressiveModel

HERE = Path(__file__).parent
RESULTS = HERE / "results"

_MNIST = ["binarized-mnist", "--batch-size", "256", "--epochs", "30", "--schedule", "cosine"]
FORMS = ("float64", "portable")
CASES: dict[str, dict[str, Any]] = {
    "binarized-mnist-nade": {
        "fit": ["nade", *_MNIST, "--hidden", "200"],
        "portable": True,
    },
    "binarized-mnist-made": {
        "fit": ["made", *_MNIST, "--hidden", "500", "--learning-rate", "2e-3"],
        "portable": True,
    },
    "tinyshakespeare-lstm": {
        "fit": [
            *("lstm", "tinyshakespeare", "--hidden", "256", "--window", "128", "--epochs", "1"),
            *("--learning-rate", "5e-3", "--schedule", "cosine"),
        ],
    },
    "digits-independent": {"fit": ["independent", "digits"]},
    "digits-fvsbn": {"fit": ["fvsbn", "digits", "--epochs", "20"], "portable": True},
    "digits-nade": {
        "fit": ["nade", "digits", "--hidden", "100", "--epochs", "30"],
        "portable": True,
    },
    "digits-lstm": {"fit": ["lstm", "digits", "--hidden", "32", "--epochs", "10"]},
    "digits-pixelcnn": {
        "fit": ["pixelcnn", "digits", "--channels", "16", "--blocks", "2", "--epochs", "10"]
    },
    "digits-17-made": {
        "fit": ["made", "digits-17", "--hidden", "200", "--epochs", "30"],
        "portable": True,
    },
    "digits-17-pixelcnn++": {
        "fit": ["pixelcnn++", "digits-17", "--channels", "16", "--blocks", "1", "--epochs", "4"]
    },
}
"""A name -> the words after `arden fit`, and whether it can be portable. Digits are coded all."""


def main() -> None:
    """The command line above."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=Path, help="where the fits are, or go")
    parser.add_argument("--only", choices=[*CASES, "corruption"])
    parser.add_argument("--form", choices=FORMS, help="one form alone; what was measured stays")
    parser.add_argument("--table", action="store_true")
    chosen = parser.parse_args()
    if chosen.table:
        write_page(RESULTS)
        return
    torch.set_num_threads(1)
    RESULTS.mkdir(exist_ok=True)
    forms = [form for form in FORMS if chosen.form in (None, form)]
    for name, case in CASES.items():
        if chosen.only not in (None, name) or (not chosen.only and _path(name).exists()):
            continue
        run = fitted(chosen.runs / name, case["fit"])
        possible = forms if case.get("portable") else ["float64"]
        _write(name, {"fit": " ".join(case["fit"]), **measure(run, case, possible)})
    if chosen.only == "corruption" or (not chosen.only and not _path("corruption").exists()):
        run = fitted(chosen.runs / "digits-nade", CASES["digits-nade"]["fit"])
        _write("corruption", corruption(run, forms))


def fitted(run: Path, words: list[str]) -> Path:
    """A run directory, the words after `arden fit` -> the same, fitted if it was not there."""
    if not (run / "config.json").exists():
        command = [sys.executable, "-m", "arden", "fit", *words, "--out", str(run)]
        subprocess.run(command, check=True)
    return run


def measure(run: Path, case: dict[str, Any], forms: list[str]) -> dict[str, Any]:
    """A run -> sizes and rates of the whole of what it is tested on; digits are coded all."""
    import arden
    from arden.coding.general_purpose import GeneralPurpose
    from arden.data import Schema
    from arden.storage.model_files import read_card

    model, card = arden.load(run), read_card(run)
    schema = Schema.from_dict(card["schema"])
    source = case["fit"][1]
    others = GeneralPurpose(
        schema.num_symbols, schema.event_shape if schema.kind == "image" else None
    )
    documents = None
    if schema.is_sequence:
        from arden.coding.escapes import text_bytes
        from arden.data.alphabets import symbols_of
        from arden.data.reading import read_documents

        found = read_documents(source, schema, split="test")
        assert found is not None
        documents = [torch.from_numpy(symbols_of(d, schema.symbols)) for d in found[1]]
        others = GeneralPurpose()
        for document in found[1]:
            others.add_bytes(text_bytes(document.values))
        x: Any = documents
        protocol = f"{source}, test part, {sum(map(len, documents)):,} characters"
        bits, dims, rows = _document_bits(model, schema, documents), sum(map(len, documents)), 1
    else:
        data = arden.load_data(source)
        splits = ("train", "valid", "test") if source.startswith("digits") else ("test",)
        x = torch.cat([data.split(split).values for split in splits])
        others.add(x.numpy())
        bits = -arden.score(model, x).sum().item() / math.log(2)
        dims, rows = x.numel(), len(x)
        protocol = f"{data.protocol} Coded: {', '.join(splits)}."
    told: dict[str, Any] = {
        "run": run.name, "data": source, "protocol": protocol, "rows": rows, "dims": dims,
        "model_bits": bits, "others": others.sizes(), "forms": {},
    }  # fmt: skip
    for form in forms:
        told["forms"][form] = _round_trip(model, x, schema.stride, form == "portable", rows, bits)
        print(run.name, form, json.dumps(told["forms"][form]), flush=True)
    return {**told, **provenance(f"python benchmarks/compression/run.py --only {run.name}")}


def _round_trip(
    model: AutoregressiveModel | Mixture,
    x: Any,
    stride: int | None,
    portable: bool,
    rows: int,
    bits: float,
) -> dict[str, Any]:
    """Written on one thread, read on two with the caller's batches forgotten; must be equal."""
    import arden

    more = {"stride": stride} if isinstance(x, list) else {}
    started = time.perf_counter(), time.process_time()
    packed = arden.compress(model, x, portable=portable, verify=False, **more)
    written = time.perf_counter(), time.process_time()
    torch.set_num_threads(2)
    read = arden.decompress(model, packed).values
    torch.set_num_threads(1)
    ended = time.perf_counter(), time.process_time()
    same = all(map(torch.equal, read, x)) if isinstance(read, list) else torch.equal(read, x)
    assert same, "what came back is not what was given"
    return {
        "bytes": len(packed),
        "overhead": 8 * len(packed) / bits - 1,
        "write_seconds": written[0] - started[0],
        "read_seconds": ended[0] - written[0],
        "write_cpu_seconds": written[1] - started[1],
        "read_cpu_seconds": ended[1] - written[1],
    }


def _document_bits(model: Any, schema: Any, documents: list[Tensor]) -> float:
    """−log₂ p of whole documents, in their windows: the lanes of a file begin anew besides."""
    import arden
    from arden.data.windows import scoring_windows

    rows = scoring_windows(
        [d.numpy() for d in documents], schema.event_shape[0], schema.stride
    ).take()
    nats = arden.score(model, rows.values, observed=rows.observed, scored=rows.scored)
    return -nats.sum().item() / math.log(2)


def corruption(run: Path, forms: list[str], tries: int = 5_000, seed: int = 0) -> dict[str, Any]:
    """A run -> for each form how many of 5,000 damaged files were refused, by kind of damage, and
    how many were no different; anything else than these two is an error."""
    import arden
    from arden.errors import FileError

    model = arden.load(run)
    x = arden.load_data("digits").test.values[:64]
    source = torch.Generator().manual_seed(seed)

    def below(most: int) -> int:
        return int(torch.randint(most, (), generator=source))

    every: dict[str, Any] = {}
    for form in forms:
        found: dict[str, dict[str, int]] = {}
        whole = arden.compress(model, x, portable=form == "portable")
        for _ in range(tries):
            kind = list(DAMAGE)[below(len(DAMAGE))]
            damaged = DAMAGE[kind](bytearray(whole), below)
            counts = found.setdefault(kind, {"tried": 0, "refused": 0, "unchanged": 0})
            counts["tried"] += 1
            if damaged == whole:  # a byte replaced by itself, a block moved to where it was
                counts["unchanged"] += 1
                continue
            try:
                arden.decompress(model, damaged)
            except FileError:
                counts["refused"] += 1
        every[form] = {"file_bytes": len(whole), "kinds": found}
        print(form, json.dumps(every[form]), flush=True)
    command = "python benchmarks/compression/run.py --only corruption"
    return {"seed": seed, "forms": every, **provenance(command)}


def _flip(content: bytearray, below: Any) -> bytes:
    place = below(8 * len(content))
    content[place // 8] ^= 1 << place % 8
    return bytes(content)


def _replace(content: bytearray, below: Any) -> bytes:
    for _ in range(1 + below(8)):
        content[below(len(content))] = below(256)
    return bytes(content)


def _cut(content: bytearray, below: Any) -> bytes:
    return bytes(content[: below(len(content))])


def _insert(content: bytearray, below: Any) -> bytes:
    place = below(len(content) + 1)
    return bytes(content[:place] + bytes(below(256) for _ in range(1 + below(4))) + content[place:])


def _delete(content: bytearray, below: Any) -> bytes:
    place = below(len(content))
    return bytes(content[:place] + content[place + 1 + below(4) :])


def _move(content: bytearray, below: Any) -> bytes:
    a, b, size = below(len(content)), below(len(content)), 1 + below(16)
    block = content[a : a + size]
    rest = content[:a] + content[a + size :]
    return bytes(rest[:b] + block + rest[b:])


def _zero(content: bytearray, below: Any) -> bytes:
    place, size = below(len(content)), 1 + below(32)
    content[place : place + size] = bytes(len(content[place : place + size]))
    return bytes(content)


DAMAGE = {
    "one bit flipped": _flip,
    "bytes replaced": _replace,
    "cut short": _cut,
    "bytes inserted": _insert,
    "bytes deleted": _delete,
    "a block moved": _move,
    "a block zeroed": _zero,
}


def _path(name: str) -> Path:
    return RESULTS / f"{name}.json"


def _write(name: str, told: dict[str, Any]) -> None:
    """A case's result -> (): beside the forms of it that were measured before."""
    if _path(name).exists():
        before = json.loads(_path(name).read_text(encoding="utf-8"))["forms"]
        told["forms"] = {**before, **told["forms"]}
    _path(name).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
