"""Systems that are counted."""

from arden.systems.system import System

__all__ = ["TABLES"]

TABLES: dict[str, System] = {
    "independent": System(
        title="Fully independent variables",
        network="independent",
        options="arden.networks.options.tables:IndependentOptions",
        formula="p(x) = ∏ p(x_i)",
        paper="",
        needs=("fixed length",),
    ),
    "markov": System(
        title="Markov chain AR(m), by table",
        network="markov",
        options="arden.networks.options.tables:MarkovOptions",
        formula="p(x) = ∏ p(x_i | x_{i−m} … x_{i−1})",
        paper="",
        data=("discrete",),
    ),
    "table": System(
        title="Full joint table",
        network="table",
        options="arden.networks.options.tables:TableOptions",
        formula="one number for every configuration: Kⁿ − 1 of them",
        paper="",
        data=("discrete",),
        needs=("fixed length",),
        example="nltcs",
    ),
}
