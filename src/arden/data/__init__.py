"""Raw rows in, tensors under a schema out. Importing this folder imports no torch."""

from arden.data.catalogue import DATASETS, DatasetEntry
from arden.data.dataset import SPLIT_NAMES, Dataset, Split
from arden.data.fetching.fetch import fetch
from arden.data.loading import load_data
from arden.data.reading import read_rows
from arden.data.schema import Column, Schema
from arden.data.splits import SPLIT_SEED

__all__ = [
    "Column",
    "DATASETS",
    "Dataset",
    "DatasetEntry",
    "SPLIT_NAMES",
    "SPLIT_SEED",
    "Schema",
    "Split",
    "fetch",
    "load_data",
    "read_rows",
]
