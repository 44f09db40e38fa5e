"""Texts and sounds as they were read: documents of any length, before windows are cut."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from arden.errors import InputError

__all__ = ["Document", "DocumentSource"]


@dataclass
class Document:
    """One text or recording: its name and its values (L,).

    A text holds code points, uint32, whatever the alphabet of a model; a sound holds its μ-law
    symbols, uint8. `label` is the class it came with.
    """

    name: str
    values: np.ndarray
    label: str | None = None


@dataclass
class DocumentSource:
    """One file, folder or named set: documents by split ("all" when it brought none).

    `kind` is "text" or "audio"; `sample_rate` is that of all its sounds. `notes` go into the
    protocol: what the reader took for granted, said where it can be seen.
    """

    name: str
    kind: str
    parts: dict[str, list[Document]]
    sample_rate: int | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def unit(self) -> str:
        """What one symbol is called: "character" or "sample"."""
        return {"text": "character", "audio": "sample"}[self.kind]

    def chosen(self, split: str | None = None) -> list[Document]:
        """The name of a split or None -> its documents: all of a source without splits, or test."""
        if split is None:
            split = "all" if "all" in self.parts else "test"
        if split not in self.parts:
            known = [part for part in self.parts if part != "all"]
            brought = f"only {', '.join(known)}" if known else "no splits, only documents"
            raise InputError(f'{self.name}: there is no split "{split}" in it, {brought}.')
        return self.parts[split]
