"""How a step is computed: products as exact as asked, networks compiled, nothing left behind."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from arden.storage.model_files import fingerprint
from arden.training import products
from arden.training.fit import fit_model
from arden.training.products import Compiled, matmul_precision
from tests.training.toys import bits, fresh, fresh_any, quick


@pytest.mark.parametrize("name", ["highest", "high", "medium"])
def test_products_are_as_exact_as_asked_in_a_step_alone(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Figures are computed in full precision, and what was set before the fit is set after it."""
    seen: dict[str, set[str]] = {"step": set(), "figures": set()}
    model, data = fresh("made", bits()), bits()
    forward = model.network.forward

    def watched(*arguments: Any) -> Any:
        seen["step" if torch.is_grad_enabled() else "figures"].add(
            torch.get_float32_matmul_precision()
        )
        return forward(*arguments)

    monkeypatch.setattr(model.network, "forward", watched)
    fit_model(model, data, quick(epochs=1, matmul_precision=name))
    assert seen == {"step": {name}, "figures": {"highest"}}
    assert torch.get_float32_matmul_precision() == "highest"


def test_what_was_set_before_is_set_again_after_an_error() -> None:
    convolutions = torch.backends.cudnn.allow_tf32
    with pytest.raises(ZeroDivisionError), matmul_precision("high"):
        _ = 1 / (not torch.backends.cudnn.allow_tf32)  # TF32 is on: a division by zero
    with matmul_precision("highest"):
        assert not torch.backends.cudnn.allow_tf32
    assert torch.get_float32_matmul_precision() == "highest"
    assert torch.backends.cudnn.allow_tf32 == convolutions


@pytest.fixture
def quickly_compiled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """() -> what was compiled, by everything of the compiler but its last, slow stage."""
    made: list[Any] = []
    compile_ = torch.compile

    def quickly(function: Any, **options: Any) -> Any:
        made.append(options)
        return compile_(function, backend="eager", **options)

    monkeypatch.setattr(products.torch, "compile", quickly)
    return made


@pytest.mark.parametrize("system", ["made", "nade", "vae"])
def test_a_compiled_fit_is_the_plain_one(system: str, quickly_compiled: list[Any]) -> None:
    data, plain, compiled = bits(), fresh_any(system, bits()), fresh_any(system, bits())
    fit_model(plain, data, quick(epochs=2))
    assert not quickly_compiled
    fit_model(compiled, data, quick(epochs=2, compile=True))
    assert quickly_compiled
    assert all(options == {"dynamic": False} for options in quickly_compiled)
    for ours, theirs in zip(compiled.parameters(), plain.parameters(), strict=True):
        # NADE's kernel gives way to the plain path, which adds in another order.
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    assert not any("forward" in vars(module) for module in compiled.modules())


def test_compiled_networks_are_used_in_a_step_and_not_for_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, data = fresh("made", bits()), bits()
    calls = {True: 0, False: 0}

    def counted(function: Any, **options: Any) -> Any:
        def forward(*arguments: Any) -> Any:
            calls[torch.is_grad_enabled()] += 1
            return function(*arguments)

        return forward

    monkeypatch.setattr(products.torch, "compile", counted)
    fit_model(model, data, quick(epochs=2, compile=True))
    assert calls[True] > 0
    assert calls[False] == 0
    with Compiled(model):
        assert "forward" in vars(model.network)
    assert "forward" not in vars(model.network)


def test_the_fit_is_the_same_when_made_again(quickly_compiled: list[Any]) -> None:
    data, first, second = bits(), fresh("made", bits()), fresh("made", bits())
    for model in (first, second):
        fit_model(model, data, quick(epochs=2, compile=True, matmul_precision="medium"))
    assert fingerprint(first) == fingerprint(second)
