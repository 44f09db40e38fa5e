"""The README of a published model: what it is, how it was measured, how it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from arden.data import Schema
from arden.systems import SYSTEMS

__all__ = ["model_card"]

_FIGURES = {
    "test_nats": "−ln p of a test {unit}, nats",
    "standard_error": "standard error of that",
    "bits_per_dim": "bits per scalar",
    "elbo": "ln p of a test {unit} is at least (one draw), nats",
    "bound": "ln p of a test {unit} is at least (64 draws), nats",
    "bound_error": "standard error of that",
    "reconstruction_error": "error of a reconstruction",
    "valid_nats": "−ln p of a validation {unit}, nats",
    "test_rows": "test rows",
    "num_parameters": "free parameters",
    "full_table": "numbers in a table over all configurations",
    "best_epoch": "epoch chosen by the validation rows",
    "seconds": "seconds of the fit",
    "ended": "the fit ended after",
}
"""A figure -> what it is called; those that a model does not have are left out."""
_WORDS = {
    "image": "images of shape {shape}",
    "table": "rows of {count} columns",
    "text": "windows of {count} characters",
    "audio": "windows of {count} samples",
    "strings": "strings that end",
}
_MOST_COLUMNS = 40


def model_card(
    name: str,
    card: Mapping[str, Any],
    pictures: Sequence[str],
    *,
    licence: str | None = None,
    address: str | None = None,
    where: str | None = None,
) -> str:
    """The name of a model, what is stored beside it, its pictures -> Markdown with a head of YAML.

    ``address`` is where it will lie on the hub, ``where`` any other place that is no folder;
    without them the example loads a folder.
    """
    schema = Schema.from_dict(card["schema"])
    system = SYSTEMS.get(str(card.get("system")))
    where = where or (f"hf:{address}" if address else f"path/to/{name}")
    parts = [_head(schema, licence), f"# {name}", "", _about(card, schema, system), ""]
    for picture in sorted(pictures, key=lambda one: not one.startswith("samples")):
        parts += [f"![{picture.rpartition('.')[0].replace('_', ' ')}]({picture})", ""]
    parts += _figures(card, schema)
    parts += ["## Use", "", *_use(where, schema, system.verbs if system else ())]
    parts += _columns(schema) + _options(card)
    return "\n".join(parts)


def _head(schema: Schema, licence: str | None) -> str:
    tags = ["arden", "autoregressive", "density-estimation", schema.kind]
    lines = ["---", "library_name: arden", "tags:", *(f"- {tag}" for tag in tags)]
    if licence:
        lines.append(f"license: {licence}")
    return "\n".join([*lines, "---", ""])


def _about(card: Mapping[str, Any], schema: Schema, system: Any) -> str:
    events = _WORDS[schema.kind].format(
        shape=" × ".join(map(str, schema.event_shape)), count=schema.num_variables
    )
    about = f"An exact probability model of {events}, fitted with Arden to {card.get('data')}."
    if system is not None:
        if "score" not in system.verbs:
            about = about.replace("An exact probability model", "A model through hidden features")
        about += f"\n\n{system.title}: `{system.formula}`" if system.formula else ""
        about += f"  \n{system.paper}" if system.paper else ""
    return about


def _figures(card: Mapping[str, Any], schema: Schema) -> list[str]:
    found = card.get("figures")
    if not isinstance(found, Mapping):
        return ["No figures were stored with this model: it is as it was saved.", ""]
    lines = ["## Figures", "", "| figure | value |", "|---|---:|"]
    for figure, words in _FIGURES.items():
        value = found.get(figure)
        if value is None:
            continue
        form = {float: "{:,.4f}", int: "{:,}"}.get(type(value), "{}")
        shown = f"{value:,.0f}" if figure == "seconds" else form.format(value)
        lines.append(f"| {words.format(unit=schema.unit)} | {shown} |")
    floors = found.get("floors")
    if floors:
        told = ", ".join(f"{column} {least:.3g}" for column, least in list(floors.items())[:8])
        more = " …" if len(floors) > 8 else ""
        lines += ["", f"The least standard deviation a Gaussian may have: {told}{more}."]
    return [*lines, "", f"Protocol: {card.get('protocol', 'unknown')}", ""]


def _use(where: str, schema: Schema, verbs: Sequence[str]) -> list[str]:
    lines = ["```python", "import arden", "", f'model = arden.load("{where}")']
    draws = ", max_steps=100" if schema.end is not None else ""
    if "sample" in verbs or not verbs:
        lines.append(f"x = arden.sample(model, 4, seed=0{draws})")
        if "score" in verbs or not verbs:
            lines += ["arden.score(model, x)  # ln p of every row, exact, in nats"]
            lines += ["arden.verify(model)  # the audit that its numbers are right"]
    elif "represent" in verbs:
        lines.append("arden.represent(model, x)  # the features of rows x")
    return [*lines, "```", ""]


def _columns(schema: Schema) -> list[str]:
    if not schema.by_column:
        return []
    lines = ["## Columns", "", "| column | kind | values |", "|---|---|---|"]
    for column in schema.columns[:_MOST_COLUMNS]:
        cells = (column.name, column.kind, column.range_in_words)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    left = len(schema.columns) - _MOST_COLUMNS
    return [*lines, *([f"\nand {left} more."] if left > 0 else []), ""]


def _options(card: Mapping[str, Any]) -> list[str]:
    told = [
        f"{name} = {value}"
        for part in card.get("options", [])
        if isinstance(part, Mapping)
        for name, value in part.items()
        if not (value is None or value is False or value in ("", []))
    ]
    if not told:
        return []
    return ["## Options of the fit", "", "```", *told, "```", ""]
