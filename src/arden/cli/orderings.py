"""`arden orderings NAME HxW`: the path of an ordering through an image, in numbers and drawn."""

from __future__ import annotations

import json as json_module
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from arden.cli.whole_number import WHOLE
from arden.errors import InputError, suggestion

if TYPE_CHECKING:
    from arden.core.ordering import Ordering

__all__ = ["orderings"]

_ALL = "all"
_MOST_SCALARS = 2**24
_GRID = 16  # pixels a side, up to which the steps are printed as a grid


def orderings(
    name: str,
    size: str,
    /,
    *sizes: str,
    out: Path | None = None,
    seed: Annotated[int | None, WHOLE] = None,
    overwrite: bool = False,
    json: bool = False,
) -> int:
    """Show an ordering of an image: its path, and how near its steps are to each other.

    Parameters
    ----------
    name
        An ordering: raster, zigzag, column, diagonal, spiral, hilbert or shuffled; or all.
    size
        Height and width, and channels if there are any: 28x28, 32x32x3.
    sizes
        More sizes.
    out
        A .png, .pdf or .svg; several orderings or sizes become one sheet.
    seed
        Names a shuffled ordering; 0 when not given.
    overwrite
        Replace the file that is there.
    json
        Print JSON, and nothing else, on standard output.
    """
    # Imported here, so that --help does not wait for torch.
    from rich.console import Console

    from arden.cli.outputs import claim_output, say_where
    from arden.plots.ordering_map import ordering_map
    from arden.plots.ordering_sheet import OrderingPanel, ordering_sheet
    from arden.plots.style import FORMATS

    claim_output(out, tuple(f".{ending}" for ending in FORMATS), overwrite)
    shapes = [_shape(word) for word in (size, *sizes)]
    rules = [(known, rule) for shape in shapes for known, rule in _rules(name, shape, seed)]
    described = [_describe(known, rule) for known, rule in rules]
    if out and len(rules) == 1:
        [(known, rule)] = rules
        ordering_map(rule.order(), rule.event_shape, out, _title(known, rule))
    elif out:
        ordering_sheet(
            [OrderingPanel(_title(k, rule), rule.order(), rule.event_shape) for k, rule in rules],
            out,
        )
    if json:
        print(json_module.dumps(described))
        return 0
    console = Console()
    console.print(_table(described))
    if len(rules) == 1:
        _print_steps(console, rules[0][1])
    if out:
        say_where("Written", out)
    return 0


def _shape(word: str) -> tuple[int, ...]:
    """HxW or HxWxC -> (H, W) or (H, W, C)."""
    if not re.fullmatch(r"[1-9]\d{0,8}([x×][1-9]\d{0,8}){1,2}", word, re.ASCII):
        raise InputError(f"size: expected HxW or HxWxC, such as 28x28 or 32x32x3, got {word!r}")
    shape = tuple(int(number) for number in re.split("[x×]", word))
    if math.prod(shape) > _MOST_SCALARS:
        raise InputError(f"size: expected at most {_MOST_SCALARS:,} scalars, got {word}")
    return shape


def _rules(name: str, shape: tuple[int, ...], seed: int | None) -> list[tuple[str, Ordering]]:
    """A name or "all", a shape, the seed of shuffled ones -> names and orderings."""
    from dataclasses import MISSING, fields
    from typing import get_args, get_type_hints

    from arden.orderings import ORDERINGS
    from arden.storage.recipe import find_class
    from arden.systems import LayoutOptions

    # A given one needs more than the shape of an image: a list of steps.
    classes: dict[str, Any] = {}
    for known in get_args(get_type_hints(LayoutOptions)["ordering"]):
        cls = find_class(ORDERINGS, known, "ordering")
        needed = {field.name for field in fields(cls) if field.default is MISSING}
        if needed == {"event_shape"}:
            classes[known] = cls
    if name not in (*classes, _ALL):
        raise InputError(
            f"name: expected {', '.join(classes)} or {_ALL}, got {name!r}."
            + suggestion(name, [*classes, _ALL])
        )
    chosen = classes if name == _ALL else {name: classes[name]}
    seeded = {known for known, cls in classes.items() if "seed" in cls.__dataclass_fields__}
    if seed is not None and not seeded & set(chosen):
        raise InputError(f"seed: only {', '.join(seeded)} takes one, {name} does not")
    return [
        (known, cls(shape, seed or 0) if known in seeded else cls(shape))
        for known, cls in chosen.items()
    ]


def _title(known: str, rule: Ordering) -> str:
    size = "×".join(map(str, rule.event_shape))
    seed = getattr(rule, "seed", None)
    return f"{known}, {size}" if seed is None else f"{known}, seed {seed}, {size}"


def _describe(known: str, rule: Ordering) -> dict[str, Any]:
    """A name, an ordering -> what there is to say of it; distances are between pixels' centres."""
    import numpy as np

    from arden.plots.ordering_panel import ordering_path

    order = rule.order()
    channels = rule.event_shape[2] if len(rule.event_shape) == 3 else 1
    hops = np.diff(ordering_path(order, rule.event_shape)[0][::channels], axis=0)
    distances = np.hypot(*hops.T)
    return {
        "ordering": known,
        "event_shape": list(rule.event_shape),
        **({"seed": rule.seed} if hasattr(rule, "seed") else {}),
        "steps": rule.num_steps,
        # An image of one pixel has nowhere to go.
        "neighbour_share": float((distances == 1).mean()) if len(hops) else None,
        "mean_distance": float(distances.mean()) if len(hops) else None,
        "longest": float(distances.max()) if len(hops) else None,
        "order": order.tolist(),
    }


def _table(described: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table(title="From each pixel to the next")
    for column in ("ordering", "image", "steps", "to a neighbour", "mean distance", "longest"):
        table.add_column(column, justify="left" if column in ("ordering", "image") else "right")
    for row in described:
        seed = f" (seed {row['seed']})" if "seed" in row else ""
        known = row["mean_distance"] is not None
        table.add_row(
            row["ordering"] + seed,
            "×".join(map(str, row["event_shape"])),
            f"{row['steps']:,}",
            f"{row['neighbour_share']:.1%}" if known else "–",
            f"{row['mean_distance']:.2f}" if known else "–",
            f"{row['longest']:.1f}" if known else "–",
        )
    return table


def _print_steps(console: Any, rule: Ordering) -> None:
    """The step (from 0) at which each pixel is reached, as a grid, where it is small."""
    from arden.plots.ordering_panel import ordering_path

    steps = ordering_path(rule.order(), rule.event_shape)[1]
    if max(steps.shape) > _GRID:
        return
    wide = len(str(steps.max()))
    lines = [" ".join(f"{step:{wide}}" for step in row) for row in steps.tolist()]
    if len(lines[0]) > console.width:
        return
    about = "pixel's first step" if len(rule.event_shape) == 3 else "pixel's step"
    console.print(f"Every {about} (from 0):\n")
    print("\n".join(lines))
