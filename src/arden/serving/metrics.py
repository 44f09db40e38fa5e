"""What the server counts of itself, in the text format that Prometheus reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from arden.serving.served import Served

__all__ = ["Metrics"]

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Requests, rows and seconds by path; only ever touched by the event loop."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.rows: Counter[str] = Counter()
        self.running = 0
        self._buckets: Counter[tuple[str, float]] = Counter()
        self._seconds: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()

    def add(self, path: str, status: int, rows: int, seconds: float) -> None:
        """One request that was answered -> (): it is counted."""
        self.requests[path, status] += 1
        self.rows[path] += rows
        self._answered[path] += 1
        self._seconds[path] += seconds  # type: ignore[assignment]  # a Counter may hold floats
        for bound in _BOUNDS:
            self._buckets[path, bound] += seconds <= bound

    def text(self, models: Iterable[Served]) -> str:
        """() -> all of it, and how busy every model is."""
        lines = _head("requests_total", "counter", "Requests answered, by path and status.")
        for (path, status), count in sorted(self.requests.items()):
            lines.append(f'arden_requests_total{{path="{path}",status="{status}"}} {count}')
        lines += _head("rows_total", "counter", "Rows asked about or drawn, by path.")
        lines += [f'arden_rows_total{{path="{path}"}} {n}' for path, n in sorted(self.rows.items())]
        lines += _head("request_seconds", "histogram", "Seconds until the answer, by path.")
        for path, count in sorted(self._answered.items()):
            name = f'arden_request_seconds_bucket{{path="{path}",le='
            lines += [f'{name}"{bound:g}"}} {self._buckets[path, bound]}' for bound in _BOUNDS]
            lines.append(f'{name}"+Inf"}} {count}')
            seconds = float(self._seconds[path])
            lines.append(f'arden_request_seconds_sum{{path="{path}"}} {seconds:.6f}')
            lines.append(f'arden_request_seconds_count{{path="{path}"}} {count}')
        lines += _head("running", "gauge", "Requests that are being answered.")
        lines.append(f"arden_running {self.running}")
        models = list(models)
        for name, kind, about in (
            ("waiting", "gauge", "Requests that wait for a model."),
            ("passes_total", "counter", "Passes made through a model."),
            ("passed_requests_total", "counter", "Requests answered by those passes."),
        ):
            lines += _head(name, kind, about)
            for served in models:
                batcher = served.batcher
                value = {
                    "waiting": batcher.waiting,
                    "passes_total": batcher.passes,
                    "passed_requests_total": batcher.shared,
                }[name]
                lines.append(f'arden_{name}{{model="{_quoted(served.name)}"}} {value}')
        resident = _resident_bytes()
        if resident is not None:
            lines.append("# HELP process_resident_memory_bytes Memory that is in use.")
            lines.append("# TYPE process_resident_memory_bytes gauge")
            lines.append(f"process_resident_memory_bytes {resident}")
        return "\n".join(lines) + "\n"


def _head(name: str, kind: str, about: str) -> list[str]:
    return [f"# HELP arden_{name} {about}", f"# TYPE arden_{name} {kind}"]


def _quoted(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _resident_bytes() -> int | None:
    """() -> the memory of this process, where the system tells it."""
    import os

    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
