"""Directives that say what is known of a system: its entry, its parameters, its figures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from arden.reproduction import RESULTS
from benchmarks.density.run import table as density_table
from benchmarks.likelihood.run import DENSITIES
from benchmarks.likelihood.table import read_results, table
from benchmarks.systems import parameters, takes


class _Told(SphinxDirective):
    """A directive that writes Markdown in its own place."""

    optional_arguments, final_argument_whitespace = 100, True

    def told(self, names: list[str]) -> str:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """-> what the Markdown becomes."""
        return self.parse_text_to_nodes(self.told(" ".join(self.arguments).split()))

    def results(self, folder: Path) -> list[dict[str, Any]]:
        """A folder of results -> them; the page is built again when one of them changes."""
        for path in folder.glob("*.json"):
            self.env.note_dependency(str(path))
        return read_results(folder)


class Systems(_Told):
    """`{systems} rnn gru`: of each, its formula, what it takes, its free parameters, its paper."""

    def told(self, names: list[str]) -> str:
        from arden.systems import SYSTEMS

        return "\n".join(_entry(name, SYSTEMS[name]) for name in names)


class Measured(_Told):
    """`{measured} rnn gru`: their likelihoods, protocol by protocol, beside published ones."""

    def told(self, names: list[str]) -> str:
        found = [told for told in self.results(RESULTS) if told["recipe"]["system"] in names]
        parts = [table(found, [])]
        if "rnade" in names:
            self.results(DENSITIES)
            parts += [density_table(only=1e-3)]
        parts += [_errors(told) for told in found if "reconstruction_error" in told["runs"][0]]
        return "\n\n".join(filter(None, parts)) or "*Not measured yet.*"


class Public(_Told):
    """`{public}`: every public function of arden; `{public} module:Name …`: these classes."""

    def told(self, names: list[str]) -> str:
        import arden

        if names:
            return "\n".join(map(_class, names))
        functions = [name for name in arden.__all__ if name[0].islower()]
        return "\n".join(_documented(f".. autofunction:: arden.{name}") for name in functions)


def _entry(name: str, system: Any) -> str:
    count = parameters(name)
    lines = [f"`{name}`: {system.title}", f":   `{system.formula}`  "]
    free = f"{count} free parameters on 64 bits" if count[0].isdigit() else ""
    facts: Iterable[str] = (f"Takes {takes(system)}", free, f"*{system.paper}*")
    lines.append("    " + ". ".join(fact for fact in facts if fact.strip("*")) + ".")
    return "\n".join(lines) + "\n"


def _errors(told: dict[str, Any]) -> str:
    each = [run["reconstruction_error"] for run in told["runs"]]
    error = told["runs"][0]["standard_error"]
    return (
        f"**{told['recipe']['data']}**: {told['recipe']['system']}, reconstruction error "
        f"{sum(each) / len(each):.2f} ± {error:.2f} per test row (mean of {len(each)} seeds). "
        "It is no likelihood and stands in no table with one."
    )


def _class(name: str) -> str:
    return _documented(f".. autoclass:: {name.replace(':', '.')}\n   :members:")


def _documented(text: str) -> str:
    return f"```{{eval-rst}}\n{text}\n```"


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx -> what it should know of this extension."""
    app.add_directive("systems", Systems)
    app.add_directive("measured", Measured)
    app.add_directive("public", Public)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
