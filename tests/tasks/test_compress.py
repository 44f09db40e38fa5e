"""What was compressed comes back, and takes as many bits as the model says."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import arden
from arden.coding.container import read_chunks, read_header
from arden.coding.portable import portable_twins
from arden.coding.twins import float_twins
from arden.coding.walks import code_document, code_events
from arden.conditionals.bernoulli import Bernoulli
from arden.conditionals.categorical import Categorical
from arden.conditionals.integer_mixture import IntegerMixture
from arden.conditionals.logistic_mixture import LogisticMixture
from arden.conditionals.mixed import Mixed
from arden.core.mixture import Mixture
from arden.core.model import AutoregressiveModel
from arden.data.dataset import Split
from arden.data.windows import scoring_windows
from arden.errors import InputError
from arden.networks.any_order_transformer import AnyOrderTransformer, AnyOrderTransformerOptions
from arden.networks.gru import GRU, GRUOptions
from arden.networks.lstm import LSTM, LSTMOptions
from arden.networks.made import MADE, MADEOptions
from arden.networks.nade import NADE, NADEOptions
from arden.networks.orderless_nade import OrderlessNADE, OrderlessNADEOptions
from arden.networks.pixelcnn import PixelCNN, PixelCNNOptions
from arden.orderings.observed_first import ObservedFirst
from arden.orderings.raster import Raster
from arden.orderings.shuffled import Shuffled
from arden.orderings.until_end import UntilEnd
from arden.systems import SYSTEMS
from arden.tasks.compress import LANE, Packing, pack_rows
from arden.tasks.decompress import Unpacked
from arden.tasks.sample_document import sample_document
from tests.core.models import build, generator, shake
from tests.training.toys import bits, fresh_any, mixed, reals

DISCRETE = [name for name, system in SYSTEMS.items() if "compress" in system.verbs]


class Counting:
    """A coder that only counts: −log2 of the share that every symbol has, row by row."""

    def __init__(self) -> None:
        self.bits: list[Tensor] = []

    def code(self, frequencies: Tensor, symbols: Tensor | None) -> Tensor:
        assert symbols is not None
        share = frequencies.gather(1, symbols[:, None])[:, 0].double() / 2**24
        self.bits.append(-share.log2())
        return symbols

    @property
    def total(self) -> float:
        return float(torch.cat(self.bits).sum()) if self.bits else 0.0


def through(model: AutoregressiveModel | Mixture, x: object, **more: object) -> Unpacked:
    """A model, rows -> what came back of them."""
    return arden.decompress(model, arden.compress(model, x, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("name", DISCRETE)
def test_every_system_gives_back_what_it_was_given(name: str, labelled: bool) -> None:
    data = bits(40)
    try:
        model = fresh_any(name, data, context_size=2 if labelled else 0)
    except InputError:
        if not labelled:
            raise
        pytest.skip("it takes no classes")
    shake(model)
    split = data.train
    read = through(model, split, batch_size=7)
    assert torch.equal(read.values, split.values)
    assert read.values.dtype == split.values.dtype
    assert (read.labels is None) == (not labelled)
    if labelled:
        assert torch.equal(read.labels, split.labels)


_LONG = IntegerMixture(9000.0, 2000.0, 20_500, components=3, spikes=(0, 20_499))

MODELS = {
    "nade": build(NADE, NADEOptions(5), Bernoulli(), Shuffled((2, 3), 3)),
    "made, levels": build(MADE, MADEOptions((6,)), Categorical(3), Raster((4,))),
    "made, levels shown as numbers": build(
        MADE, MADEOptions((6,)), Categorical(3, "scalar"), Raster((4,))
    ),
    "logistics in colour": build(
        PixelCNN, PixelCNNOptions(6, 1, 3), LogisticMixture(4, 2), Raster((2, 2, 3))
    ),
    "any order": build(OrderlessNADE, OrderlessNADEOptions((5,)), Bernoulli(), Raster((5,))),
    "one variable": build(NADE, NADEOptions(3), Bernoulli(), Raster((1,))),
    "one symbol": build(NADE, NADEOptions(3), Categorical(1), Raster((3,))),
    "mixed columns": build(
        MADE, MADEOptions((5,)), Mixed((Bernoulli(), Categorical(4), Categorical(2))), Raster((3,))
    ),
    "a long range": build(
        MADE,
        MADEOptions((5,)),
        Mixed((_LONG, Bernoulli(), IntegerMixture(0.0, 900.0, 5000, components=1))),
        Raster((3,)),
    ),
    "a long range alone": build(NADE, NADEOptions(3), _LONG, Raster((2,))),
    "a long range twice": Mixture(
        [build(MADE, MADEOptions((4,)), _LONG, Raster((2,)), seed=s) for s in (1, 2)]
    ),
    "one order twice": Mixture(
        [
            build(NADE, NADEOptions(5), Bernoulli(), Shuffled((4,), 1), seed=1),
            build(MADE, MADEOptions((5,)), Bernoulli(), Shuffled((4,), 1), seed=2),
        ],
        [0.3, 0.7],
    ),
}


def events_of(model: AutoregressiveModel | Mixture, rows: int = 9) -> Tensor:
    """A model -> some events of it."""
    first = model.models[0] if isinstance(model, Mixture) else model
    length = math.prod(first.event_shape)
    values = torch.zeros(rows, length, dtype=torch.int64)
    for dim in range(length):
        count = first.conditional.at(torch.tensor([dim])).num_symbols or 1
        family = first.conditional.at(torch.full((count,), dim))
        inside = family.contains(torch.arange(count)).nonzero()[:, 0]
        values[:, dim] = inside[torch.randint(len(inside), (rows,), generator=generator(dim))]
    return values.reshape(rows, *first.event_shape)


@pytest.mark.parametrize("name", MODELS)
def test_an_event_takes_as_many_bits_as_the_model_says(name: str) -> None:
    model = MODELS[name]
    # Of twenty thousand levels most are so unlikely that the least share of all decides.
    long = "long" in name
    x = arden.sample(model, 9, seed=0) if long else events_of(model)
    (twin,) = float_twins(model)
    with torch.no_grad():
        expected = -model.log_prob(x) / math.log(2)
    for row in range(len(x)):
        counted = Counting()
        flat = x[row : row + 1].reshape(1, -1).long()
        assert torch.equal(code_events(twin, counted, flat, 1, flat.shape[1]), flat)
        # A symbol's share is off by no more than K of 2⁻²⁴.
        off = 2e-3 if long else 2e-4
        assert counted.total == pytest.approx(expected[row].item(), abs=off)
    read = through(model, x, batch_size=4)
    assert torch.equal(read.values, x)


def test_a_long_range_of_rows_with_gaps_comes_back_in_any_order() -> None:
    families = Mixed((_LONG, Bernoulli(), IntegerMixture(3e5, 1e5, 10**6, components=2)))
    model = build(OrderlessNADE, OrderlessNADEOptions((5,)), families, Raster((3,)))
    x = torch.tensor([[0, 1, 999_999], [20_499, 0, 0], [7, 1, 1024], [1023, 0, 5]])
    known = torch.tensor([[1, 1, 1], [1, 0, 1], [0, 1, 1], [0, 0, 0]]).bool()
    read = through(model, x, observed=known)
    assert torch.equal(read.values[known], x[known])
    assert torch.equal(read.observed, known)
    assert read.values.dtype == x.dtype


DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "float16", "float32"]


@pytest.mark.parametrize("dtype", [*DTYPES, "uint32", "uint64", "bfloat16", "float64"])
def test_the_dtype_comes_back(dtype: str) -> None:
    x = events_of(MODELS["nade"]).to(getattr(torch, dtype))
    read = through(MODELS["nade"], x)
    assert read.values.dtype == x.dtype
    assert torch.equal(read.values.long(), x.long())


def test_arrays_of_numpy_are_taken() -> None:
    x = np.asfortranarray(events_of(MODELS["nade"]).numpy().astype(">i4"))
    x.setflags(write=False)
    read = through(MODELS["nade"], x).values.numpy()
    assert read.dtype == np.dtype("i4")
    assert np.array_equal(read, x)


@pytest.mark.parametrize("rows", [1, 2, 5, 6])
def test_batches_of_every_size(rows: int) -> None:
    x = events_of(MODELS["nade"], rows)
    for size in (1, 2, 5, 100):
        assert torch.equal(through(MODELS["nade"], x, batch_size=size).values, x)


def test_chunks_of_any_size_make_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = MODELS["nade"], events_of(MODELS["nade"], 23)
    monkeypatch.setattr("arden.coding.chunks.MOST_SCALARS", 5 * 6)
    pieces = [Split(x[:2]), Split(x[2:15]), Split(x[15:])]
    parts = list(pack_rows(model, pieces, Packing(batch_size=3)))
    assert [part.rows for part in parts] == [0, 2, 5, 5, 3, 5, 3, 0]
    told = -arden.score(model, x).sum().item() / math.log(2)
    assert sum(part.bits for part in parts) == pytest.approx(told, rel=1e-6)
    read = arden.decompress(model, b"".join(part.content for part in parts))
    assert torch.equal(read.values, x)


def test_written_on_two_threads_read_on_one_and_three() -> None:
    model, x = MODELS["made, levels"], events_of(MODELS["made, levels"], 20)
    packed = arden.compress(model, x, threads=2, batch_size=8)
    before = torch.get_num_threads()
    for threads in (1, 3):
        torch.set_num_threads(threads)
        try:
            assert torch.equal(arden.decompress(model, packed).values, x)
            assert torch.get_num_threads() == threads
        finally:
            torch.set_num_threads(before)


def test_nothing_of_the_caller_is_changed() -> None:
    model = build(NADE, NADEOptions(5), Bernoulli(), Raster((4,)), dtype=torch.float32).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    x = events_of(model)
    packed = arden.compress(model, x, portable=True)
    arden.decompress(model, packed)
    assert model.training
    assert model.dtype == torch.float32
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


STRINGS = build(GRU, GRUOptions(5), Categorical(3), UntilEnd(2), 2)


def test_strings_of_any_length() -> None:
    x = torch.tensor(
        [[0, 1, 0, 2, 2, 2], [2, 2, 2, 2, 2, 2], [1, 1, 1, 1, 0, 2], [0, 0, 0, 1, 0, 1]]
    )
    labels = torch.tensor([0, 1, 1, 0])
    for width in (6, 9):  # what is padding everywhere is not coded, and comes back
        wide = torch.nn.functional.pad(x[:3], (0, width - 6), value=2)
        read = through(STRINGS, wide, labels=labels[:3], batch_size=2)
        assert torch.equal(read.values, wide)
        assert torch.equal(read.labels, labels[:3])
    unended = x.to(torch.uint8)
    assert torch.equal(through(STRINGS, unended, labels=labels).values, unended)
    counted = Counting()
    (twin,) = float_twins(STRINGS)
    context = torch.eye(2, dtype=torch.float64)[labels]
    code_events(twin, counted, x, 4, 6, context)
    with torch.no_grad():
        expected = -STRINGS.log_prob(x, context).sum().item() / math.log(2)
    assert counted.total == pytest.approx(expected, abs=1e-4)
    with pytest.raises(InputError, match="nothing but the end symbol behind the end"):
        arden.compress(STRINGS, torch.tensor([[0, 2, 1]]), labels=labels[:1])


def test_missing_values_cost_a_mask_and_come_back_as_missing() -> None:
    for name in ("nade", "any order", "made, levels", "mixed columns", "one order twice"):
        model = MODELS[name]
        x = events_of(model, 12)
        observed = torch.rand(x.shape, generator=generator(7)) < 0.6
        observed[0], observed[1] = True, False
        junk = torch.where(observed, x.double(), torch.nan)
        read = through(model, junk, observed=observed, batch_size=5)
        assert torch.equal(read.observed, observed)
        assert torch.equal(read.values, torch.where(observed, x, 0).double())
        assert through(model, x, observed=torch.ones_like(observed)).observed is None


def test_what_is_observed_is_coded_under_the_order_that_visits_it_first() -> None:
    options = AnyOrderTransformerOptions(8, 2, 1)
    model = build(AnyOrderTransformer, options, Categorical(3), Raster((5,)))
    x = events_of(model, 6)
    observed = torch.rand(x.shape, generator=generator(3)) < 0.5
    (twin,) = float_twins(model)
    for row in range(6):
        counted = Counting()
        some = slice(row, row + 1)
        code_events(twin, counted, x[some], 1, 5, coded=observed[some])
        order = ObservedFirst((5,), tuple(observed[row].tolist())).order()
        with torch.no_grad():
            expected = -model.log_prob(x[some], order=order, observed=observed[some])
        assert counted.total == pytest.approx(expected.item() / math.log(2), abs=1e-4)


@pytest.mark.parametrize("portable", [False, True])
def test_a_mixture_of_several_orders_takes_its_best_component_for_every_chunk(
    monkeypatch: pytest.MonkeyPatch, portable: bool
) -> None:
    parts = [
        build(NADE, NADEOptions(5), Bernoulli(), Shuffled((6,), seed), seed=seed)
        for seed in (1, 2, 3)
    ]
    mixture = Mixture(parts)
    x = torch.cat([arden.sample(part, 10, seed=0) for part in parts])
    monkeypatch.setattr("arden.coding.chunks.MOST_SCALARS", 60)
    packed = arden.compress(mixture, x, portable=portable)
    assert torch.equal(arden.decompress(mixture, packed).values, x)
    each = torch.stack([arden.score(part, x) for part in parts]).reshape(3, 3, 10).sum(dim=2)
    assert len(set(each.argmax(dim=0).tolist())) > 1  # or the choice would not be seen
    _, check, place = read_header(io.BytesIO(packed), "data")
    chosen = [chunk.component for chunk, what in read_chunks(place, check) if what != "the end"]
    assert chosen == each.argmax(dim=0).tolist()
    observed = torch.rand(x.shape, generator=generator(1)) < 0.7
    read = through(mixture, x, observed=observed)
    assert torch.equal(read.values, torch.where(observed, x, 0))


def test_masks_of_one_made_are_a_mixture_too() -> None:
    model = fresh_any("made", bits(40), masks=2)
    shake(model)
    x = bits(40).train.values
    for portable in (False, True):
        assert torch.equal(through(model, x, portable=portable).values, x)
    # Their weights are shared, and must be made whole once for each of them.
    for whole, part in zip(portable_twins(model), model.models, strict=True):  # type: ignore[arg-type,union-attr]
        counted = Counting()
        code_events(whole, counted, x.flatten(1).long(), len(x), 6)
        expected = -arden.score(part, x).sum().item() / math.log(2)
        assert counted.total == pytest.approx(expected, rel=1e-3)


def test_a_file_is_hardly_larger_than_the_model_says_labels_and_all() -> None:
    model = build(NADE, NADEOptions(5), Bernoulli(), Raster((40,)), 2)
    labels = torch.arange(640) % 2
    context = torch.nn.functional.one_hot(labels, 2).double()
    x = arden.sample(model, 640, seed=0, context=context)
    bits = -arden.score(model, x, context).sum().item() / math.log(2)
    other = -arden.score(model, x, context.flip(1)).sum().item() / math.log(2)
    assert other > bits + 8 * 250  # or coding under the wrong class would not be seen
    for portable in (False, True):
        size = len(arden.compress(model, x, labels=labels, portable=portable))
        assert bits / 8 < size < bits / 8 + 640 / 8 + 140
    document = build(MADE, MADEOptions((9,)), Categorical(4), Raster((6,)), 2)
    symbols = sample_document(document, 2, 400, 3, seed=0, context=torch.eye(2).double())
    each = []
    for classes in (torch.tensor([0, 1]), torch.tensor([1, 0])):
        each.append(len(arden.compress(document, list(symbols), stride=3, labels=classes)))
    assert each[0] + 20 < each[1]


def test_the_walk_is_laid_out_as_the_file_says(monkeypatch: pytest.MonkeyPatch) -> None:
    from arden.coding import chunks
    from arden.core.dispatch import FORWARD_KERNELS
    from arden.kernels import register

    seen: list[tuple[int, int, int]] = []
    plain = chunks.code_events

    def watched(*arguments: object, **more: object) -> Tensor:
        seen.append((torch.get_num_threads(), len(FORWARD_KERNELS), arguments[3]))  # type: ignore[arg-type]
        return plain(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(chunks, "code_events", watched)
    model, x = MODELS["nade"], events_of(MODELS["nade"], 5)
    packed = arden.compress(model, x, threads=2, batch_size=3, verify=False)
    register()
    assert torch.equal(arden.decompress(model, packed).values, x)
    assert seen == 2 * [(2, 0, 3), (2, 0, 2)]
    assert torch.get_num_threads() == 1


WINDOWS = build(LSTM, LSTMOptions(6), Categorical(4), Raster((6,)))


@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize("lengths", [(1,), (6,), (7, 0, 1), (20, 33)])
def test_documents_are_coded_in_the_windows_they_are_scored_in(
    lengths: tuple[int, ...], stride: int
) -> None:
    documents = [torch.randint(4, (length,), generator=generator(length)) for length in lengths]
    packed = arden.compress(WINDOWS, documents, stride=stride)
    read = arden.decompress(WINDOWS, packed)
    assert isinstance(read.values, list)
    assert all(map(torch.equal, read.values, documents))
    longest = max(lengths)
    padded = torch.stack([torch.nn.functional.pad(d, (0, longest - len(d))) for d in documents])
    held = torch.tensor(lengths) > 0
    (twin,) = float_twins(WINDOWS)
    counted = Counting()
    code_document(twin, counted, padded[held], torch.tensor(lengths)[held], 6, stride)
    windows = scoring_windows([d.numpy() for d in documents], 6, stride).take()
    with torch.no_grad():
        terms = WINDOWS.log_conditionals(windows.values, observed=windows.observed)
    expected = -terms[windows.scored].sum().item() / math.log(2)
    assert counted.total == pytest.approx(expected, abs=1e-4)


def test_lanes_of_a_long_document_are_joined_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANE", "_LANES"):
        monkeypatch.setattr(f"arden.tasks.compress.{name}", {"LANE": 10, "_LANES": 2}[name])
    model = build(LSTM, LSTMOptions(4), Categorical(4), Raster((6,)), 2)
    documents = [
        torch.randint(4, (length,), generator=generator(length)).to(torch.uint8)
        for length in (25, 10, 0, 3)
    ]
    labels = torch.tensor([1, 0, 0, 1])
    packed = arden.compress(model, documents, stride=3, labels=labels)
    read = arden.decompress(model, packed)
    assert all(map(torch.equal, read.values, documents))
    assert read.values[0].dtype == torch.uint8
    assert torch.equal(read.labels[[0, 1, 3]], labels[[0, 1, 3]])
    assert LANE == 16_384


def test_refusals_name_what_is_wrong(tmp_path: Path) -> None:
    model, x = MODELS["nade"], events_of(MODELS["nade"])
    for given, more, told in (
        (x.reshape(9, 6), {}, "x: expected shape (B, 2, 3)"),
        (x + 1, {}, "outside the support"),
        (x.double() + 0.5, {}, "outside the support"),
        (x[:0], {}, "at least one row"),
        (np.array(["a"]), {}, "x: expected whole numbers"),
        (x.to(torch.complex64), {}, "x: expected one of the dtypes"),
        (x, {"labels": torch.zeros(9)}, "labels: this model takes none"),
        (x, {"batch_size": 0}, "batch_size: expected 1 … 1,048,576, got 0"),
        (x, {"threads": 0}, "threads: expected 1 … 4,096, got 0"),
        (
            x,
            {"observed": torch.ones(9, 6, dtype=torch.bool)},
            "observed must have the shape (9, 2, 3)",
        ),
        (x, {"stride": 2}, "x: expected documents of shape (L,)"),
        (x[0, 0], {"stride": 2}, "stride: expected a model of windows"),
        (Split(x, scored=x > 0), {}, "windows that overlap"),
    ):
        with pytest.raises(InputError) as error:
            arden.compress(model, given, **more)
        assert told in str(error.value)
    for labels, told in (
        (None, "expected 4, which a model of 2 classes needs"),
        (torch.tensor([0, 1, 2, 0]), "labels: expected 0 … 1, got 0 … 2"),
        (torch.tensor([0, 1]), "labels must have shape (4,)"),
    ):
        with pytest.raises(InputError) as error:
            arden.compress(STRINGS, torch.full((4, 2), 2), labels=labels)
        assert told in str(error.value)
    shuffled = build(LSTM, LSTMOptions(4), Categorical(4), Shuffled((6,), 1))
    with pytest.raises(InputError, match="reads its window from first to last"):
        arden.compress(shuffled, torch.tensor([0, 1]), stride=3)
    with pytest.raises(InputError, match="portable: expected a network whose sums"):
        arden.compress(WINDOWS, torch.tensor([0, 1]), stride=3, portable=True)


def test_a_density_is_refused_with_the_reason() -> None:
    for data, dim in ((reals(40), 0), (mixed(40), 2)):
        model = fresh_any("made", data)
        with pytest.raises(InputError, match=f"compress: variable {dim} is real; its density"):
            arden.compress(model, data.test.values)


def test_a_model_that_went_wrong_is_not_coded_with() -> None:
    model = build(NADE, NADEOptions(5), Bernoulli(), Raster((4,)))
    with torch.no_grad():
        model.network.outputs[2].fill_(torch.nan)  # type: ignore[union-attr,operator,index]
    with pytest.raises(InputError, match="model: expected probabilities that sum to 1"):
        arden.compress(model, torch.zeros(2, 4))


def test_a_walk_that_is_not_repeated_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from arden.errors import ArdenError
    from arden.networks.nade import NADE as Walked

    model, x = MODELS["nade"], events_of(MODELS["nade"], 200)
    plain = Walked.params_at
    source = generator(0)

    def uncertain(self: Walked, *arguments: object) -> Tensor:
        params = plain(self, *arguments)  # type: ignore[arg-type]
        noise = torch.randn(params.shape, generator=source, dtype=torch.float64)
        return params + 1e-4 * noise.to(params.dtype)

    monkeypatch.setattr(Walked, "params_at", uncertain)
    with pytest.raises(ArdenError, match="could not be read back"):
        arden.compress(model, x)
    packed = arden.compress(model, x, verify=False)
    with pytest.raises(arden.FileError, match="other data came out of it: it was written by Arden"):
        arden.decompress(model, packed)


def test_files_are_written_and_read(tmp_path: Path) -> None:
    model, x = MODELS["nade"], events_of(MODELS["nade"])
    packed = arden.compress(model, x, out=tmp_path / "x.arden")
    assert (tmp_path / "x.arden").read_bytes() == packed
    assert torch.equal(arden.decompress(model, tmp_path / "x.arden").values, x)
    with pytest.raises(arden.FileError, match="cannot be read"):
        arden.decompress(model, tmp_path / "none.arden")
    assert [path.name for path in tmp_path.iterdir()] == ["x.arden"]
