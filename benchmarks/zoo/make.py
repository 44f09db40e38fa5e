"""The zoo: small models of finished runs, stored in half precision, their figures measured again.

arden reproduce nade-digits --seeds 0                   # a run, in runs/reproduced
python benchmarks/zoo/make.py                           # all of models.toml whose runs are there
python benchmarks/zoo/make.py nade-digits --fit         # fits it first if its run is not there
python benchmarks/zoo/make.py my-model --run runs/nade  # of any finished run
python benchmarks/zoo/make.py --table                   # the table of docs/zoo.md

The figures of a card are those of the weights that lie there, never those before they were rounded.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script finds what lies beside it alone
from benchmarks.provenance import ROOT, provenance
from benchmarks.reporting import write_between

if TYPE_CHECKING:
    from arden.core.latent import AnyModel
    from arden.data.dataset import Dataset

HERE = Path(__file__).parent
FOLDER = ROOT / "zoo"
RUNS = ROOT / "runs" / "reproduced"
PAGE = ROOT / "docs" / "zoo.md"
MARKS = ("<!-- models: made by benchmarks/zoo/make.py --table -->", "<!-- end of models -->")
MOST_BYTES, MOST_BYTES_IN_ALL = 4_000_000, 40_000_000
_OF_THE_FIT = ("best_epoch", "epochs", "seconds", "ended")


Made = str | dict[str, Any]
"""What a model is made from: the name of a recipe, or what is fitted."""


def models() -> dict[str, Made]:
    """() -> the name of every model of the zoo, and what it is made from."""
    return tomllib.loads((HERE / "models.toml").read_text(encoding="utf-8"))


def add(run: Path, name: str, folder: Path, data_dir: str | None = None) -> dict[str, Any]:
    """A finished run, a name, the zoo's folder -> what the index says of the model, now there."""
    from arden.reproduction.catalogue import judged_by
    from arden.runs.folder import CHECKPOINT
    from arden.runs.model_card import model_card
    from arden.runs.pictures import draw_pictures
    from arden.storage.folders import write_atomically
    from arden.storage.model_files import fingerprint, load, read_card, save
    from arden.storage.zoo import ZOO
    from arden.training.outcome import FitResult

    card = read_card(run)
    if "figures" not in card or (run / CHECKPOINT).exists():
        sys.exit(f"make.py: {run} is not finished")
    whole, data = load(run), data_of(card, data_dir)
    place = save(whole, folder / name, card=card, overwrite=True, half=True)
    halved = load(place)
    before, old = rows_nats(whole, data), card["figures"]
    figures = measured(halved, data) | {what: old[what] for what in _OF_THE_FIT}
    rounding = paired(rows_nats(halved, data), before)
    origin = provenance(f"python benchmarks/zoo/make.py {name}")
    about = {"stored": "float16", "rounding": rounding, "made": origin}
    save(whole, place, card={**card, "figures": figures, "zoo": about}, overwrite=True, half=True)
    pictures = [
        path.name for path in draw_pictures(load(place), data, FitResult(), place, card["system"])
    ]
    text = model_card(name, read_card(place), pictures, where=f"{ZOO}{name}") + _told(rounding)
    write_atomically(place / "README.md", text.encode())
    size = sum(path.stat().st_size for path in place.iterdir())
    if size > MOST_BYTES:
        sys.exit(f"make.py: {name} has {size:,} bytes; expected at most {MOST_BYTES:,}")
    figure = judged_by(figures)
    told = {
        "system": card["system"],
        "data": card["data"],
        "figure": figure.name,
        "value": figures[figure.name],
        "standard_error": figures[figure.error],
        "unit": figures["unit"],
        "rounding": rounding["mean"],
        "num_parameters": figures["num_parameters"],
        "conditional": bool(halved.context_size),
        "bytes": (place / "model.safetensors").stat().st_size,
        "fingerprint": fingerprint(load(place)),
    }
    _note(folder, name, told)
    return told


def data_of(card: dict[str, Any], data_dir: str | None = None) -> Dataset:
    """A card -> the data set of its run, under the same protocol."""
    from arden.data import Schema, load_data

    schema = Schema.from_dict(card["schema"])
    windows = schema.is_sequence and schema.end is None
    how = {"window": schema.event_shape[0], "stride": schema.stride} if windows else {}
    data = load_data(card["data"], data_dir=data_dir, **how)
    if data.protocol != card["protocol"]:
        sys.exit(f"make.py: the run is of other rows than {card['data']}: {card['protocol']}")
    return data


def measured(model: AnyModel, data: Dataset) -> dict[str, Any]:
    """A model, its data -> the figures of a run, those of its fit left out."""
    from arden.core.latent import LatentModel
    from arden.runs import measure
    from arden.runs.latent_figures import measure_latent
    from arden.storage.plain import without_nan
    from arden.training.outcome import FitResult
    from arden.training.validation import mean_nats
    from arden.training.world import world

    if isinstance(model, LatentModel):
        return without_nan(asdict(measure_latent(model, data, FitResult())))
    found = asdict(measure(model, data)) | {"valid_nats": mean_nats(model, data, "valid", world())}
    return without_nan(found)


def rows_nats(model: AnyModel, data: Dataset) -> Any:
    """A model, its data -> (N,): −ln p of every test row, or what takes its place."""
    from arden.training.validation import nats_of_rows

    return nats_of_rows(model, data.test, slice(0, len(data.test))).detach()


def paired(after: Any, before: Any) -> dict[str, float]:
    """(N,), (N,) -> by how much a row is dearer after rounding, with the error of that mean."""
    apart = after - before
    error = apart.std().item() / len(apart) ** 0.5 if len(apart) > 1 else 0.0
    return {"mean": apart.mean().item(), "standard_error": error, "most": apart.abs().max().item()}


def table(folder: Path = FOLDER) -> str:
    """The zoo's folder -> its models as Markdown."""
    from arden.storage.zoo import zoo_index

    names = {"test_nats": "{:.3f}", "bound": "≤ {:.3f}", "reconstruction_error": "error {:.4f}"}
    lines = [
        "| name | system | data | nats per row or symbol ± standard error | rounding to float16 | "
        "parameters | kB |",
        "|---" * 7 + "|",
    ]
    for name, told in sorted(zoo_index(folder).items(), key=lambda each: _order(*each)):
        value = -told["value"] if told["figure"] == "bound" else told["value"]
        shown = names[told["figure"]].format(value)
        given = ", given the class" if told["conditional"] else ""
        lines.append(
            f"| `zoo:{name}` | {told['system']}{given} | {told['data']} | "
            f"{shown} ± {told['standard_error']:.3f} | {round(told['rounding'], 5) or 0:+.5f} | "
            f"{told['num_parameters']:,} | {told['bytes'] / 1000:,.0f} |"
        )
    return "\n".join(lines)


def _order(name: str, told: dict[str, Any]) -> tuple[str, bool, float]:
    return told["data"], told["figure"] != "test_nats", abs(told["value"])


def _note(folder: Path, name: str, told: dict[str, Any]) -> None:
    """A zoo, a name, what is known of it -> (): in the index, which knows only what is there."""
    from arden.storage.folders import write_atomically
    from arden.storage.zoo import INDEX, zoo_index

    known = {**zoo_index(folder), name: told}
    known = {one: known[one] for one in sorted(known) if (folder / one).is_dir()}
    text = json.dumps(known, indent=1, ensure_ascii=False) + "\n"
    write_atomically(folder / INDEX, text.encode())


def _told(rounding: dict[str, float]) -> str:
    return (
        "\n## Weights\n\nStored in float16 and loaded as float32. The figures above are those of "
        f"the stored weights; before they were rounded a test row had {-rounding['mean']:+.5f} ± "
        f"{rounding['standard_error']:.5f} nats beside them (no row more than "
        f"{rounding['most']:.4f}).\n"
    )


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="of models.toml; all whose runs are there if none")
    parser.add_argument("--runs", type=Path, default=RUNS, help="where arden reproduce wrote them")
    parser.add_argument("--run", type=Path, help="a run of another name, for one model")
    parser.add_argument("--fit", action="store_true", help="what has no run yet")
    parser.add_argument("--table", action="store_true", help="write docs/zoo.md")
    parser.add_argument("--data-dir", help="where named data sets lie; ARDEN_DATA when not given")
    words = parser.parse_args()
    known = models()
    if words.run:
        if len(words.names) != 1:
            parser.error("--run: expected the name of one model")
        _add(words.run, words.names[0], words.data_dir)
    else:
        for name in words.names:
            if name not in known:
                parser.error(f"expected names of models.toml, got {name!r}")
        chosen = words.names or ([] if words.table else list(known))
        for name in chosen:
            run = _run_of(name, known[name], words.runs)
            if not run.exists() and words.fit:
                _fit(known[name], run, words.data_dir)
            if run.exists():
                _add(run, name, words.data_dir)
            else:
                print(f"{name}: no run {run}")
    if words.table:
        write_between(PAGE, MARKS, table())
    total = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    if total > MOST_BYTES_IN_ALL:
        sys.exit(f"make.py: the zoo has {total:,} bytes; expected at most {MOST_BYTES_IN_ALL:,}")


def _add(run: Path, name: str, data_dir: str | None) -> None:
    told = add(run, name, FOLDER, data_dir)
    print(f"{name}: {told['figure']} {told['value']:.4f}, {told['rounding']:+.5f} by rounding")


def _run_of(name: str, made: Made, runs: Path) -> Path:
    """A name, what it is made from, where runs lie -> its run."""
    return runs / (f"{made}-{_seed(made)}" if isinstance(made, str) else name)


def _fit(made: Made, run: Path, data_dir: str | None) -> None:
    """What a model is made from, where its run is to lie -> (): fitted."""
    if isinstance(made, str):
        from arden.reproduction.measuring import reproduce

        reproduce(made, run.parent, run.parent, data_dir, (_seed(made),))
        return
    from arden.assembly import split_options
    from arden.data import load_data
    from arden.reproduction.measuring import fit_and_tell

    data = load_data(made["data"], data_dir=data_dir, window=made.get("window"))
    options = split_options(made["system"], made.get("options", {}))
    fit_and_tell(run.name, made["system"], data, options, run)


def _seed(recipe: str) -> int:
    from arden.reproduction import find_recipe

    return int(find_recipe(recipe).get("seeds", [0])[0])


if __name__ == "__main__":
    main()
