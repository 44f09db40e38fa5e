"""What is hidden of a row, by a name or from a file: masks to be completed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from arden.errors import FileError, InputError, suggestion

if TYPE_CHECKING:
    import torch

    from arden.data.schema import Schema

__all__ = ["HALVES", "hidden_cells"]

HALVES = ("lower-half", "upper-half", "left-half", "right-half")
_FORMS = (*HALVES, "random:SHARE", "after:COUNT", "columns:NAME,NAME", "a .npy, .npz or .png file")


def hidden_cells(
    name: str, schema: Schema, shape: tuple[int, ...], generator: torch.Generator
) -> torch.Tensor:
    """A mask's name, the shape (N, *event) of rows -> (N, *event) bool: what is hidden of them.

    "lower-half" and its like are of images, the odd line on the side that is hidden;
    "random:0.5" hides that share of the values of every row, others in each, rounded to a whole
    number of them; "after:20" all but the first 20 values; "columns:age,sex" columns of a table.
    A file holds one mask for all rows (*event) or one for each (N, *event): what is true, not zero,
    or lighter than mid-grey is hidden.

    Raises:
        InputError: an unknown name, one that does not fit the rows, a share outside 0 … 1.
        FileError: a file that cannot be read.

    >>> import torch
    >>> from arden.data.schema import Schema
    >>> bits = Schema("image", (2, 2), 2)
    >>> hidden_cells("lower-half", bits, (1, 2, 2), torch.Generator())[0].tolist()
    [[False, False], [True, True]]
    """
    import torch

    head, colon, tail = name.partition(":")
    if name in HALVES:
        if schema.kind != "image":
            raise InputError(f"mask: {name} is of images, but these are {schema.kind} rows")
        return _half(name, shape)
    if colon and head == "random":
        return _random(tail, shape, generator)
    if colon and head == "after":
        length = torch.Size(shape[1:]).numel()
        if not tail.isdecimal() or int(tail) > length:
            raise InputError(f"mask: expected after:COUNT with 0 … {length}, got {name!r}")
        hidden = torch.arange(length) >= int(tail)
        return hidden.reshape(shape[1:]).expand(shape).clone()
    if colon and head == "columns":
        return _columns(tail, schema, shape)
    path = Path(name).expanduser()
    if path.suffix.lower() in (".npy", ".npz", ".png"):
        return _from_file(path, shape)
    raise InputError(f"mask: expected one of {', '.join(_FORMS)}, got {name!r}.{_meant(name)}")


def _meant(name: str) -> str:
    return suggestion(name, HALVES)


def _half(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    import torch

    height, width = shape[1:3]
    hidden = torch.zeros(shape, dtype=torch.bool)
    if name == "lower-half":
        hidden[:, height // 2 :] = True
    elif name == "upper-half":
        hidden[:, : (height + 1) // 2] = True
    elif name == "left-half":
        hidden[:, :, : (width + 1) // 2] = True
    else:
        hidden[:, :, width // 2 :] = True
    return hidden


def _random(told: str, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    import torch

    try:
        share = float(told)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InputError(f"mask: expected random:SHARE with a share in 0 … 1, got random:{told}")
    length = torch.Size(shape[1:]).numel()
    # Row by row, so that the first rows are hidden alike however many there are.
    places = torch.rand(shape[0], length, generator=generator).argsort(dim=1).argsort(dim=1)
    return (places < round(share * length)).reshape(shape)


def _columns(told: str, schema: Schema, shape: tuple[int, ...]) -> torch.Tensor:
    import torch

    if schema.kind != "table":
        raise InputError(f"mask: columns:… is of tables, but these are {schema.kind} rows")
    known = [column.name for column in schema.columns]
    hidden = torch.zeros(shape, dtype=torch.bool)
    for name in told.split(","):
        if name not in known:
            raise InputError(f'mask: there is no column "{name}".{suggestion(name, known)}')
        hidden[:, known.index(name)] = True
    return hidden


def _from_file(path: Path, shape: tuple[int, ...]) -> torch.Tensor:
    import torch

    mask = torch.from_numpy(_read(path))
    if tuple(mask.shape) in (shape, shape[1:]):
        return mask.expand(shape).clone()
    if mask.dim() + 1 == len(shape) - 1 and tuple(mask.shape) == shape[1:-1]:
        return mask[..., None].expand(shape).clone()  # of all channels of a pixel
    raise InputError(
        f"mask: expected shape {shape[1:]} or {shape} in {path}, got {tuple(mask.shape)}"
    )


def _read(path: Path):  # type: ignore[no-untyped-def]  # numpy is imported inside
    import numpy as np

    if not path.is_file():
        raise FileError(f"mask: there is no file {path}")
    try:
        if path.suffix.lower() == ".png":
            from PIL import Image

            with Image.open(path) as picture:
                return np.asarray(picture.convert("L")) > 127
        found = np.load(path, allow_pickle=False)
        arrays = [found] if path.suffix.lower() == ".npy" else [found[name] for name in found.files]
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        raise FileError(f"mask: {path} cannot be read ({error})") from None
    if len(arrays) != 1:
        raise InputError(f"mask: expected one array in {path}, got {len(arrays)}")
    [found] = arrays
    if found.dtype.kind not in "buif":
        raise InputError(f"mask: expected numbers or booleans in {path}, got {found.dtype}")
    return found != 0
