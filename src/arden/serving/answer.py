"""What a request is answered with, before it is written as JSON or Arrow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

__all__ = ["Answer"]


@dataclass(eq=False)
class Answer:
    """``facts`` hold for the whole answer, ``columns`` have one value (or list) for every row.

    ``rows`` are events (N, *event), or ``per_row`` of them for every row of the request,
    (N, n, *event).
    """

    facts: dict[str, Any]
    columns: dict[str, list[Any]] = field(default_factory=dict)
    rows: Tensor | None = None
    per_row: int | None = None
