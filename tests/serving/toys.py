"""Small served models of every kind of data, and a real server around them."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import torch

from arden.core.latent import AnyModel
from arden.core.mixture import Mixture
from arden.data import Column, Schema
from arden.serving.app import make_app
from arden.serving.limits import Limits
from arden.serving.served import Served
from arden.serving.server import opened, serve_app
from arden.tasks.detect import Detector
from tests.core.models import build, shake
from tests.training.toys import bits, fresh, fresh_any, reals

LETTERS = ("\n", "a", "b", "c")
STRINGS = Schema("strings", (5,), 4, symbols=LETTERS)
TEXT = Schema("text", (6,), 4, symbols=LETTERS, stride=3)
SOUND = Schema("audio", (4,), 256, sample_rate=8000, stride=2)
PETS = Schema(
    "table",
    (4,),
    None,
    (
        Column("pet", "categorical", 3, levels=("cat", "dog", "owl"), dtype="string"),
        Column("age", "integer", 9, low=1, dtype="int64"),
        Column("weight", "real", decimals=2, dtype="double"),
        Column("tame", "binary", 2, levels=(False, True), dtype="bool"),
    ),
    missing=("?",),
)


def _shaken(model: AnyModel) -> AnyModel:
    model = model.double()
    shake(model, 0.3)
    return model


def _pets() -> AnyModel:
    from arden.conditionals.bernoulli import Bernoulli
    from arden.conditionals.categorical import Categorical
    from arden.conditionals.gaussian_mixture import GaussianMixture
    from arden.conditionals.mixed import Mixed
    from arden.networks.orderless_nade import OrderlessNADE, OrderlessNADEOptions
    from arden.orderings.raster import Raster

    family = Mixed((Categorical(3), Categorical(9), GaussianMixture(2), Bernoulli()))
    return build(OrderlessNADE, OrderlessNADEOptions((6,), "tanh"), family, Raster((4,)))


def _sequence(end: int | None, length: int = 6, symbols: int = 4) -> AnyModel:
    from arden.conditionals.categorical import Categorical
    from arden.networks.gru import GRU, GRUOptions
    from arden.orderings.raster import Raster
    from arden.orderings.until_end import UntilEnd

    ordering = Raster((length,)) if end is None else UntilEnd(end)
    return build(GRU, GRUOptions(5), Categorical(symbols), ordering)


def _of_orders() -> AnyModel:
    from arden.conditionals.bernoulli import Bernoulli
    from arden.networks.nade import NADE, NADEOptions
    from arden.orderings.raster import Raster
    from arden.orderings.shuffled import Shuffled

    orders = (Raster((2, 3)), Shuffled((2, 3), 1))
    return Mixture([build(NADE, NADEOptions(4), Bernoulli(), order) for order in orders])


MODELS: dict[str, tuple[Callable[[], AnyModel], Schema]] = {
    "bits": (lambda: _shaken(fresh("nade", bits())), bits().schema),
    "classes": (lambda: _shaken(fresh("nade", bits(), 2)), bits().schema),
    "orders": (_of_orders, bits().schema),
    "reals": (lambda: _shaken(fresh("rnade", reals())), reals().schema),
    "pets": (_pets, PETS),
    "strings": (lambda: _sequence(0), STRINGS),
    "text": (lambda: _sequence(None), TEXT),
    "sound": (lambda: _sequence(None, 4, 256), SOUND),
    "vae": (lambda: _shaken(fresh_any("vae", bits())), bits().schema),
}


def serve_toy(name: str, limits: Limits | None = None) -> Served:
    """The name of a toy -> it, served; bits have normal rows, by which detection is calibrated."""
    make, schema = MODELS[name]
    model = make()
    detector = None
    if name in ("bits", "classes"):
        detector = Detector.calibrated(model, bits().valid.values, classes="mixture")  # type: ignore[arg-type]
    return Served(name, model, schema, limits or Limits(), detector, "there are no normal rows")


@dataclass
class Running:
    """A server that runs: its models, a client of it, what it wrote to its log."""

    served: dict[str, Served]
    client: httpx.Client
    address: str
    log: io.StringIO

    def ask(self, path: str, model: str | None = None, **told: Any) -> dict[str, Any]:
        """What is asked -> what is answered; it must be."""
        response = self.post(path, model, **told)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def post(self, path: str, model: str | None = None, **told: Any) -> httpx.Response:
        """What is asked -> the response."""
        body = told if model is None else {"model": model, **told}
        return self.client.post(path, json=body)

    def refused(self, path: str, status: int, model: str | None = None, **told: Any) -> str:
        """What must be refused with that status -> the sentence."""
        return sentence(self.post(path, model, **told), status)

    def line(self, **wanted: Any) -> dict[str, Any]:
        """What a line of the log must hold -> the last such line, written once it was answered."""
        for _ in range(500):
            lines = map(json.loads, reversed(self.log.getvalue().splitlines()))
            for line in lines:
                if wanted.items() <= line.items():
                    return dict(line)
            time.sleep(0.01)
        raise AssertionError(f"no line with {wanted}")


def sentence(response: httpx.Response, status: int) -> str:
    """A response that must be a refusal -> its one sentence."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    told = response.json()
    assert list(told) == ["error"]
    assert "\n" not in told["error"]
    assert "Traceback" not in told["error"]
    return str(told["error"])


@contextmanager
def running(
    names: list[str], limits: Limits | None = None, token: str | None = None
) -> Iterator[Running]:
    """Names of toys -> a real server of them on a free port, in a thread; stopped at the end."""
    limits = limits or Limits()
    served = [serve_toy(name, limits) for name in names]
    log, servers = io.StringIO(), []
    listening = opened("127.0.0.1", 0)
    address = "http://{}:{}".format(*listening.getsockname())
    app = make_app(served, limits, token, log)
    arguments = (app, listening, limits.max_time, servers.append)
    thread = threading.Thread(target=serve_app, args=arguments)
    thread.start()
    try:
        with httpx.Client(base_url=address, timeout=30) as client:
            for _ in range(200):
                if servers and servers[0].started:
                    break
                time.sleep(0.02)
            yield Running({one.name: one for one in served}, client, address, log)
    finally:
        servers[0].should_exit = True
        thread.join(timeout=30)
    assert not thread.is_alive()


def events(name: str, count: int, seed: int = 0) -> torch.Tensor:
    """The name of a toy of fixed length -> that many draws of it."""
    from arden.tasks.sample import sample

    return sample(MODELS[name][0](), count, seed=seed)
