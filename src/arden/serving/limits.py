"""How much one request may ask for; each limit is an option, and named in the refusal."""

from __future__ import annotations

from dataclasses import dataclass

from arden.serving.refusal import Refusal

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """What a request may ask for at most, and how requests are put together."""

    max_body: float = 8.0
    """Megabytes of a request's body (413 beyond)."""
    max_rows: int = 1024
    """Rows of a request (413 beyond)."""
    max_samples: int = 1024
    """Draws of a request, and completions or candidates of a row (422 beyond)."""
    max_steps: int = 2_000_000
    """Scalars that a request visits: rows × variables (or symbols) × completions (422 beyond)."""
    max_time: float = 30.0
    """Seconds until a request is given up (504)."""
    max_waiting: int = 256
    """Requests that wait for the model; more are turned away (503)."""
    max_batch: int = 256
    """Rows that are put together into one pass."""
    max_wait: float = 2.0
    """Milliseconds that a small request waits for others to share its pass."""

    @property
    def max_bytes(self) -> int:
        """The body's limit in bytes."""
        return round(self.max_body * 1_000_000)

    def check_body(self, size: int) -> None:
        """The bytes so far -> (), or a refusal."""
        if size > self.max_bytes:
            raise Refusal(
                413, f"body: expected at most {self.max_body:g} MB (--max-body), got more"
            )

    def check_rows(self, rows: int) -> None:
        """How many rows -> (), or a refusal."""
        if rows > self.max_rows:
            raise Refusal(413, f"rows: expected at most {self.max_rows} (--max-rows), got {rows}")

    def check_samples(self, name: str, number: int) -> None:
        """The name of an option that says how many draws, what it says -> (), or a refusal."""
        if number > self.max_samples:
            raise Refusal(
                422, f"{name}: expected at most {self.max_samples} (--max-samples), got {number}"
            )

    def check_steps(self, steps: int) -> None:
        """How many scalars are visited -> (), or a refusal."""
        if steps > self.max_steps:
            raise Refusal(
                422,
                f"steps: expected at most {self.max_steps} scalars to visit in a request "
                f"(--max-steps), got {steps}: rows × variables × completions",
            )
