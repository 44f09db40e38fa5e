"""The named data sets: where each is loaded and what it is. All strings, no torch."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DATASETS", "DatasetEntry"]


@dataclass(frozen=True)
class DatasetEntry:
    """One named data set: where it is loaded ("module:function"), and what it is, in one line.

    The function is called with the name and the data directory; for the kinds text and audio it
    returns documents, of which windows are made, else a Dataset. `file` is the file it needs in
    that directory, None for a set that is embedded; `download` is the name in DOWNLOADS of the
    published files it can be made of instead, None where nothing can be fetched.
    """

    loader: str
    summary: str
    kind: str
    file: str | None = None
    download: str | None = None

    @property
    def embedded(self) -> bool:
        """Whether the set needs no data directory."""
        return self.file is None


def _table(summary: str, file: str = "binary_tables.npz") -> DatasetEntry:
    return DatasetEntry("arden.data.sets.benchmarks:load_binary_table", summary, "table", file)


def _grey(summary: str, file: str, download: str) -> DatasetEntry:
    return DatasetEntry(
        "arden.data.sets.benchmarks:load_grey_images", summary, "image", file, download
    )


DATASETS: dict[str, DatasetEntry] = {
    "digits": DatasetEntry(
        "arden.data.sets.digits:load_digits",
        "1797 handwritten digits 8 x 8, binary, labels",
        "image",
    ),
    "digits-17": DatasetEntry(
        "arden.data.sets.digits:load_digits", "the same digits, 17 grey levels, labels", "image"
    ),
    "binarized-mnist": DatasetEntry(
        "arden.data.sets.benchmarks:load_binarized_mnist",
        "MNIST 28 x 28 in the static binarization of papers, no labels",
        "image",
        "binarized_mnist.npz",
        "binarized-mnist",
    ),
    "mnist": _grey("MNIST 28 x 28, 256 grey levels, labels", "mnist.npz", "mnist"),
    "mnist-binary": _grey("MNIST cut at grey level 128, labels", "mnist.npz", "mnist"),
    "dynamic-mnist": DatasetEntry(
        "arden.data.sets.benchmarks:load_dynamic_mnist",
        "MNIST binarized anew each time it is trained on, labels",
        "image",
        "mnist.npz",
        "mnist",
    ),
    "fashion-mnist": _grey(
        "Fashion-MNIST 28 x 28, 256 grey levels, labels", "fashion_mnist.npz", "fashion-mnist"
    ),
    "fashion-mnist-binary": _grey(
        "Fashion-MNIST cut at grey level 128, labels", "fashion_mnist.npz", "fashion-mnist"
    ),
    "dcss-tiles": DatasetEntry(
        "arden.data.sets.tiles:load_dcss_tiles",
        "game tiles 32 x 32 of Dungeon Crawl Stone Soup, RGB",
        "image",
        "dcss_tiles32.npz",
    ),
    "adult": _table("census records, 123 binary columns, split of the NADE papers"),
    "dna": _table("gene splice junctions, 180 binary columns, split 1600/400/1186"),
    "dna-nade-split": _table(
        "the same rows, split 1400/600/1186 of the NADE papers", "dna_nade_split.npz"
    ),
    "jester": _table("ratings of jokes, 100 binary columns"),
    "msweb": _table("visits to a web site, 294 binary columns"),
    "mushrooms": _table("mushroom descriptions, 112 binary columns"),
    "nips": _table("words in papers, 500 binary columns"),
    "nltcs": _table("disability survey, 16 binary columns"),
    "plants": _table("plants and the regions they grow in, 69 binary columns"),
    "pumsb_star": _table("census records, 163 binary columns"),
    "red-wine": DatasetEntry(
        "arden.data.sets.continuous:load_red_wine",
        "1599 red wines, 11 real columns, fold 1 of the RNADE authors",
        "table",
        "uci_continuous.zip",
    ),
    "parkinsons": DatasetEntry(
        "arden.data.sets.continuous:load_parkinsons",
        "5875 voice recordings, 15 real columns, fold 1 of 10",
        "table",
        "uci_continuous.zip",
    ),
    "uci-adult": DatasetEntry(
        "arden.data.sets.uci_adult:load_uci_adult",
        "48842 census records, 14 columns of words and numbers, some cells missing",
        "table",
        "uci_adult.zip",
    ),
    "tinyshakespeare": DatasetEntry(
        "arden.data.sets.sequence_sets:load_tiny_shakespeare",
        "plays of Shakespeare, 1.1 million characters, 65 different ones",
        "text",
        "text.zip",
    ),
    "names": DatasetEntry(
        "arden.data.sets.sequence_sets:load_names",
        "32033 first names in small letters, strings that end with their lines",
        "strings",
        "text.zip",
    ),
    "spoken-digits": DatasetEntry(
        "arden.data.sets.sequence_sets:load_spoken_digits",
        "1500 clips of spoken digits, 8 kHz, 256 μ-law symbols, labels",
        "audio",
        "fsdd.npz",
    ),
}
"""Every named set. A new one is a function of (name, data directory) and a line here."""
