"""What a server can be asked, one operation a file."""

from __future__ import annotations

from typing import Any

from arden.serving.operations.complete import COMPLETE
from arden.serving.operations.detect import DETECT
from arden.serving.operations.operation import Operation
from arden.serving.operations.sample import SAMPLE
from arden.serving.operations.score import SCORE

__all__ = ["COMPLETE", "DETECT", "OPERATIONS", "Operation", "SAMPLE", "SCORE"]

OPERATIONS: dict[str, Operation[Any, Any]] = {
    operation.name: operation for operation in (SCORE, SAMPLE, COMPLETE, DETECT)
}
"""The name of an endpoint -> how it is answered."""
