"""Contract probe: a GRU over strings with an end symbol, scored, sampled, coded by one walk."""

from __future__ import annotations

import math

import constriction
import numpy as np
import pytest
import torch
from torch import Tensor

from arden.conditionals.categorical import Categorical
from arden.core.conditional import Discrete
from arden.core.draw import draw, uniform_noise
from arden.core.model import AutoregressiveModel, spec_for
from arden.core.walker import Step
from arden.networks.gru import GRU, GRUOptions
from arden.orderings.until_end import UntilEnd
from tests.core.models import chi_square, every_event, generator
from tests.probes.training import train

# What restriction enzymes recognise (AatII, AccI, AclI, …): short DNA, 4 to 8 bases long.
SITES = (  # noqa: SIM905  # a paragraph reads better than a list
    "GACGTC GTAGAC AACGTT AGCGCT AGCT CTTAAG ACCGGT AGCT GGGCCC GGCGCGCC ATTAAT CCTAGG GGATCC "
    "AGATCT GCTCAGC TGATCA ATCGAT TTCGAA CGCG CTAG GTGCAC CTCGAG GATC CGGCCG GAATTC GATATC "
    "GGCC GGCGCC GCGC AAGCTT GTTAAC GGTACC ACGCGT CAATTG GATC CCATGG CATATG GCTAGC GCGGCCGC "
    "TCGCGA ATGCAT TTAATTAA GTTTAAAC CACGTG CAGCTG CTGCAG CGATCG GAGCTC CCGCGG GTCGAC AGTACT "
    "GGCCGGCC TACGTA ACTAGT GCATGC AATATT AGGCCT ATTTAAAT CCCGGG TCGA TCTAGA CTCGAG TTATAA"
).split()
# The compiled package has these as attributes, not as modules that can be imported.
EntropyModel = constriction.stream.model.Categorical
AnsCoder = constriction.stream.stack.AnsCoder

BASES, END = "ACGT", 4
LONGEST = 9  # eight bases and the end


def tensor_of(strings: list[str]) -> Tensor:
    """N strings -> (N, LONGEST) int64, filled up with the end symbol."""
    rows = [[BASES.index(base) for base in string] for string in strings]
    return torch.tensor([row + [END] * (LONGEST - len(row)) for row in rows])


@pytest.fixture(scope="module")
def model() -> AutoregressiveModel:
    """A small GRU, trained on all sites."""
    ordering, family = UntilEnd(END), Categorical(5)
    torch.manual_seed(0)
    trained = AutoregressiveModel(ordering, GRU(spec_for(ordering, family), GRUOptions(24)), family)
    data = tensor_of(SITES)
    train(trained, lambda rows, _: -trained.log_prob(data[rows]), len(data), 200, batch_size=32)
    return trained.double()


def test_all_strings_and_the_unfinished_ones_sum_to_one(model: AutoregressiveModel) -> None:
    limit, total = 5, 0.0
    for length in range(limit):
        stems = every_event((length,), len(BASES))
        ended = torch.cat([stems, torch.full((len(stems), limit - length), END)], dim=1)
        total += model.log_prob(ended).exp().sum().item()
    unfinished = model.log_prob(every_event((limit,), len(BASES))).exp().sum().item()
    assert 0.1 < unfinished < 0.999
    assert abs(total + unfinished - 1) < 1e-10


def test_it_learnt_the_sites(model: AutoregressiveModel) -> None:
    """A uniform choice among five symbols costs ln 5 nats each; the trained model far less."""
    data = tensor_of(SITES)
    symbols = model.ordering.valid(data).sum(1)
    gain = (model.log_prob(data) + symbols * math.log(5)).mean().item()
    assert gain > 2.0, f"{gain:.2f} nats a string"


def test_samples_follow_the_density(model: AutoregressiveModel) -> None:
    """First two symbols of 20 000 strings, an ended one counted once."""
    drawn = draw(model, uniform_noise(generator(), (20_000, LONGEST, 1)))
    assert torch.equal(drawn, torch.where(model.ordering.valid(drawn), drawn, END))
    pairs = torch.tensor([[a, b] for a in range(4) for b in range(5)] + [[END, END]])
    mass = model.log_prob(pairs).exp().detach()
    assert abs(mass.sum().item() - 1) < 1e-10
    counts = (drawn[:, None, :2] == pairs[None]).all(dim=2).sum(dim=0)
    assert chi_square(counts, mass) < 6.5
    lengths = model.ordering.valid(drawn).sum(dim=1)
    assert len(lengths.unique()) >= 5


def integer_table(step: Step, row: int) -> np.ndarray:
    """A step's row -> (K,) integers of sum 2²⁴, none zero: what the coder is given, exactly."""
    assert isinstance(step.family, Discrete)
    mass = step.family.log_pmf(step.params.double())[row].exp().numpy()
    table = 1 + np.floor(mass * (2**24 - len(mass) - 1)).astype(np.int64)
    table[table.argmax()] += 2**24 - table.sum()
    assert table.min() >= 1
    assert table.sum() == 2**24
    return table


def encode(model: AutoregressiveModel, strings: Tensor) -> tuple[np.ndarray, int]:
    """(N, L) -> compressed words, number of coded symbols: one walk, pushed in reverse."""
    coded: list[tuple[int, np.ndarray]] = []

    def choose(step: Step) -> Tensor:
        values = strings[:, step.index]
        for row in step.active.nonzero()[:, 0].tolist():
            coded.append((int(values[row]), integer_table(step, row)))
        return values

    model.walk(choose, len(strings), max_steps=LONGEST)
    coder = AnsCoder()
    for symbol, table in reversed(coded):
        coder.encode_reverse(symbol, EntropyModel(table / 2.0**24, perfect=False))
    return coder.get_compressed(), len(coded)


def decode(model: AutoregressiveModel, words: np.ndarray, count: int) -> Tensor:
    """Words, N -> (N, L'): the same walk, whose choices come off the stack."""
    coder = AnsCoder(words)

    def choose(step: Step) -> Tensor:
        values = torch.full((count,), -1)  # nobody looks at an inactive row
        for row in step.active.nonzero()[:, 0].tolist():
            entropy_model = EntropyModel(integer_table(step, row) / 2.0**24, perfect=False)
            values[row] = int(coder.decode(entropy_model))
        return values

    decoded = model.walk(choose, count, max_steps=LONGEST)
    assert coder.is_empty()
    return decoded


def test_one_walk_codes_and_the_same_walk_decodes(model: AutoregressiveModel) -> None:
    strings = tensor_of(SITES)
    words, coded = encode(model, strings)
    decoded = decode(model, words, len(strings))
    assert torch.equal(decoded, strings[:, : decoded.shape[1]])
    valid = model.ordering.valid(strings)
    assert coded == int(valid.sum()) < strings.numel()  # no symbol after an end
    bits = -model.log_prob(strings).sum().item() / math.log(2)
    assert bits < words.size * 32 <= 1.01 * bits + 3 * 32
    # And a decoder with other weights reads nonsense: the model is the key.
    fresh = AutoregressiveModel(
        model.ordering, GRU(model.network.spec, GRUOptions(24)), Categorical(5)
    )
    with pytest.raises(AssertionError):
        assert torch.equal(decode(fresh.double(), words, len(strings)), strings)
