"""Whatever is wrong with a saved model is told in one sentence, and nothing of it is executed."""

from __future__ import annotations

import json
import pickle
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from arden.conditionals.bernoulli import Bernoulli
from arden.core.mixture import Mixture
from arden.errors import FileError
from arden.latent.vae import VAE, VAEOptions
from arden.networks.fvsbn import FVSBN, FVSBNOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.orderings.raster import Raster
from arden.orderings.zigzag import Zigzag
from arden.storage.model_files import (
    CONFIG,
    WEIGHTS,
    _recipe_digest,
    load,
    read_card,
    save,
    weights_digest,
)
from tests.core.models import build
from tests.storage.models import made_of_masks

SHAPE = (2, 2)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """() -> the folder of a small NADE."""
    model = build(NADE, NADEOptions(hidden=3), Bernoulli(), Raster(SHAPE))
    return save(model, tmp_path / "run", card={"data": "bits"})


def refusal(folder: Path) -> str:
    """A folder -> the sentence with which it is refused."""
    with pytest.raises(FileError) as caught:
        load(folder)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert str(folder) in sentence
    return sentence


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None], marks: bool = False) -> None:
    """A folder, a change of its config -> (): written; with ``marks`` the weights agree to it."""
    config = json.loads((folder / CONFIG).read_text())
    change(config)
    (folder / CONFIG).write_text(json.dumps(config))
    if marks:
        replace_weights(folder, lambda state: None)


def replace_weights(folder: Path, change: Callable[[dict[str, Tensor]], None]) -> None:
    """A folder, a change of its weights -> (): written with a checksum that is right."""
    state = load_file(folder / WEIGHTS)
    change(state)
    recipe = json.loads((folder / CONFIG).read_text())["model"]
    right = {"recipe": _recipe_digest(recipe), "weights": weights_digest(state)}
    save_file(state, folder / WEIGHTS, metadata=right)


def test_the_tools_of_this_file_leave_a_model_loadable(run: Path) -> None:
    rewrite(run, lambda config: None)
    replace_weights(run, lambda state: None)
    load(run)


def test_no_folder_no_model_a_file(tmp_path: Path, run: Path) -> None:
    assert "no such folder" in refusal(tmp_path / "nowhere")
    assert "no such folder" in refusal(run / WEIGHTS)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"meow")
    assert "not an Arden model, it has no config.json" in refusal(tmp_path / "photos")
    (run / WEIGHTS).unlink()
    assert "config.json lies there without its weights" in refusal(run)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not valid JSON"),
        (b'{"format": 1, "mod', "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[1, 2]", "not the config of an Arden model"),
        (b'{"architectures": ["GPT2"]}', "not the config of an Arden model"),
        (b'{"format": 2, "model": {}}', "format 2; this version of Arden reads 1"),
        (b'{"format": "1", "model": {}}', "format '1'"),
    ],
)
def test_config_that_is_none(run: Path, content: bytes, told: str) -> None:
    (run / CONFIG).write_bytes(content)
    assert told in refusal(run)
    with pytest.raises(FileError):
        read_card(run)


@pytest.mark.parametrize("kept", [0, 4, 8, 100, 0.5, 0.99])
def test_truncated_weights(run: Path, kept: float) -> None:
    whole = (run / WEIGHTS).read_bytes()
    (run / WEIGHTS).write_bytes(whole[: int(kept * len(whole)) if kept < 1 else int(kept)])
    assert "was it cut short?" in refusal(run)


def test_every_flipped_byte_is_noticed(run: Path) -> None:
    whole = bytearray((run / WEIGHTS).read_bytes())
    start = int.from_bytes(whole[:8], "little") + 8
    for at in range(start, len(whole), 37):
        flipped = bytearray(whole)
        flipped[at] ^= 1  # one bit of one weight: still a finite number
        (run / WEIGHTS).write_bytes(flipped)
        assert "the weights do not match their checksum" in refusal(run)


def test_weights_without_marks_are_foreign(run: Path) -> None:
    save_file(load_file(run / WEIGHTS), run / WEIGHTS)
    assert "do not match their checksum" in refusal(run)


def test_config_and_weights_of_two_models(run: Path, tmp_path: Path) -> None:
    same_sizes = build(NADE, NADEOptions(hidden=3), Bernoulli(), Zigzag(SHAPE))
    other = save(same_sizes, tmp_path / "other")
    shutil.copy(other / WEIGHTS, run / WEIGHTS)
    assert "config.json and model.safetensors do not belong together" in refusal(run)


def test_config_that_was_edited(run: Path) -> None:
    rewrite(run, lambda config: config["model"]["network"]["options"].update(hidden=4))
    assert "do not belong together" in refusal(run)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda m: m["network"]["options"].update(hidden=4), "inputs has shape (3, 1, 3)"),
        (lambda m: m["network"]["options"].update(hidden="3"), "hidden: expected whole number"),
        (lambda m: m["network"]["options"].update(hiden=3), 'Did you mean "hidden"?'),
        (lambda m: m["network"]["options"].update(hidden=0), "hidden: expected at least 1"),
        (lambda m: m["network"].update(options=[]), "options: expected a dictionary"),
        (lambda m: m["network"].update(name="nad"), 'Did you mean "nade"?'),
        (lambda m: m["network"].update(name=["nade"]), "network: expected one of"),
        (lambda m: m["network"].pop("name"), "network: expected one of"),
        (lambda m: m["network"].update(context_size=-1), "context_size: expected a number ≥ 0"),
        (lambda m: m["network"].update(context_size=2), "hidden_context.weight is missing"),
        (lambda m: m.pop("network"), "network: expected a dictionary, got None"),
        (lambda m: m.pop("ordering"), "ordering: expected a dictionary, got None"),
        (lambda m: m["ordering"].update(name="sideways"), "ordering: expected one of"),
        (lambda m: m["ordering"].pop("event_shape"), "expected a value for event_shape"),
        (lambda m: m["ordering"].update(event_shape=[2, -2]), "event_shape"),
        (lambda m: m["ordering"].update(event_shape=[2.0, 2]), "event_shape"),
        (lambda m: m["ordering"].update(event_shape=[2, 3]), "has shape"),
        (lambda m: m["conditional"].update(name="gaussian"), 'Did you mean "gaussian_mixture"?'),
        (lambda m: m["conditional"].update(num_symbols=2), "no option 'num_symbols'"),
        (lambda m: m.update(mixture=[]), "components: expected at least one model"),
        (lambda m: m.update(mixture={}), "mixture: expected a list"),
    ],
)
def test_config_that_asks_for_another_model(
    run: Path, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    """The checksums agree here: somebody wrote this on purpose."""
    rewrite(run, lambda config: change(config["model"]), marks=True)
    assert told in refusal(run)


@pytest.mark.parametrize("part", ["ordering", "conditional", "network"])
@pytest.mark.parametrize("name", ["os:system", "arden.networks.nade:NADE", "this", "antigravity"])
def test_names_outside_the_catalogue_are_never_imported(run: Path, part: str, name: str) -> None:
    before = set(sys.modules)
    rewrite(run, lambda config: config["model"][part].update(name=name), marks=True)
    assert f"{part}: expected one of" in refusal(run)
    assert set(sys.modules) - before == set()


def poisoned(name: str) -> Callable[[dict[str, Tensor]], None]:
    """A number's name -> a change that puts it into one weight."""
    return lambda state: state["network.inputs"].view(-1)[:1].fill_(float(name))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: s.pop("network.inputs"), "network.inputs is missing"),
        (lambda s: s.update(more=torch.zeros(1)), "more is not part of the model"),
        (lambda s: s.update({"network.inputs": torch.zeros(3, 1, 4)}), "has shape (3, 1, 4)"),
        (poisoned("nan"), "network.inputs holds NaN or infinite numbers"),
        (poisoned("inf"), "network.inputs holds NaN or infinite numbers"),
    ],
)
def test_weights_that_do_not_fit(
    run: Path, change: Callable[[dict[str, Tensor]], None], told: str
) -> None:
    replace_weights(run, change)
    assert told in refusal(run)


@pytest.mark.parametrize(
    ("network", "options"), [(FVSBN, FVSBNOptions()), (MADE, MADEOptions(hidden=(3,)))]
)
def test_a_weight_where_there_is_no_connection(network: Any, options: Any, tmp_path: Path) -> None:
    model = build(network, options, Bernoulli(), Raster(SHAPE))
    save(model, tmp_path)
    masked = {name: m for name, m in model.named_buffers() if name.endswith("weight_mask")}
    assert masked
    for name, mask in masked.items():
        weight = name.removesuffix("_mask")
        row, column = (mask == 0).nonzero()[0].tolist()
        replace_weights(tmp_path, lambda s, w=weight, r=row, c=column: s[w][r, c].fill_(1e-30))
        assert f"{weight} is not zero where its mask says there is no connection" in refusal(
            tmp_path
        )
        replace_weights(tmp_path, lambda s, w=weight, r=row, c=column: s[w][r, c].fill_(0.0))
    load(tmp_path)


@pytest.mark.parametrize(
    "ties",
    [
        3,
        {"components.1.network.output.weight": "nowhere"},
        {"nowhere": "components.0.network.output.weight"},
        {"components.1.network.output.weight": ["components.0.network.output.weight"]},
        {"components.1.network.output.weight": "components.1.network.output.weight"},
    ],
)
def test_ties_that_were_edited(tmp_path: Path, ties: object) -> None:
    save(made_of_masks(), tmp_path)
    rewrite(tmp_path, lambda config: config.update(ties=ties))
    assert "ties names weights that this model does not have" in refusal(tmp_path)


def test_ties_that_were_left_out(tmp_path: Path) -> None:
    save(made_of_masks(), tmp_path)
    rewrite(tmp_path, lambda config: config.pop("ties"))
    assert "is missing" in refusal(tmp_path)


@pytest.mark.parametrize("number", ["nan", "inf"])
def test_a_mixture_without_weights(tmp_path: Path, number: str) -> None:
    parts = [build(NADE, NADEOptions(hidden=2), Bernoulli(), Raster(SHAPE), seed=i) for i in (0, 1)]
    save(Mixture(parts), tmp_path)
    replace_weights(tmp_path, lambda state: state["log_weights"].fill_(float(number)))
    assert "log_weights holds NaN or infinite numbers" in refusal(tmp_path)


class Bomb:
    """Unpickling it is an explosion."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("loading executed what it read",)


@pytest.mark.parametrize("content", [pickle.dumps(Bomb()), pickle.dumps({"network": Bomb()})])
def test_a_pickle_is_refused_and_never_opened(run: Path, content: bytes) -> None:
    with pytest.raises(pytest.fail.Exception):  # it would have worked
        pickle.loads(content)
    (run / WEIGHTS).write_bytes(content)
    assert "not a whole safetensors file" in refusal(run)
    torch.save(Bomb(), run / WEIGHTS)
    assert "not a whole safetensors file" in refusal(run)


def test_marks_are_in_the_file(run: Path) -> None:
    with safe_open(run / WEIGHTS, framework="pt") as file:
        assert set(file.metadata()) == {"recipe", "weights"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"name": "vea"},
            "latent: expected one of autoencoder, vae, got 'vea'. Did you mean \"vae\"",
        ),
        ({"event_shape": [2, 0]}, "event_shape: expected a list of sizes ≥ 1, got [2, 0]"),
        ({"event_shape": [2, True]}, "event_shape: expected a list of sizes ≥ 1"),
        ({"event_shape": []}, "event_shape: expected sizes of at least one scalar, got ()"),
        ({"event_shape": "ab"}, "event_shape: expected a list of sizes ≥ 1, got 'ab'"),
        ({"context_size": -1}, "context_size: expected a number ≥ 0, got -1"),
        ({"options": {"latents": 0}}, "latents: expected at least 1, got 0"),
        ({"options": {"latent": 3}}, "latent"),
    ],
)
def test_a_latent_model_that_cannot_be(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    model = VAE(SHAPE, Bernoulli(), 0, VAEOptions(latents=2, hidden=(3,)))
    folder = save(model, tmp_path / "run")
    rewrite(folder, lambda config: config["model"]["latent"].update(change), marks=True)
    assert told in refusal(folder)


def test_a_latent_model_that_is_no_dictionary(tmp_path: Path) -> None:
    folder = save(VAE(SHAPE, Bernoulli(), 0, VAEOptions(2, (3,))), tmp_path / "run")
    rewrite(folder, lambda config: config["model"].update(latent=3), marks=True)
    assert "latent: expected a dictionary, got 3" in refusal(folder)
