"""`arden decompress FILE.arden -m RUN -o OUT`: exactly what `arden compress` was given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

__all__ = ["decompress"]


def decompress(
    file: Path,
    /,
    *,
    model: Annotated[Path, Parameter(name=["--model", "-m"])],
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    overwrite: bool = False,
) -> int:
    """Give back exactly what `arden compress` was given.

    Parameters
    ----------
    file
        A file written by arden compress.
    model
        The run directory it was written with.
    out
        A .txt (a text or strings, byte for byte), .wav (one sound), .npy (an array), .csv (rows) or
        .npz (anything: values x, and what else there was: labels y, which are observed).
    overwrite
        Replace the file that is there.
    """
    # Imported here, so that --help does not wait for torch.
    from arden.cli.decompress_outputs import ENDINGS, check_ending, write_unpacked
    from arden.cli.outputs import claim_output, say_where
    from arden.cli.reading import ReadingDisplay
    from arden.cli.runs import open_run
    from arden.errors import FileError
    from arden.tasks.decompress import coding_model
    from arden.tasks.decompress import decompress as read

    claim_output(out, ENDINGS, overwrite)
    opened, schema = open_run(model, "cpu", "decompress")
    coding_model(opened, "decompress")
    check_ending(schema, out)
    if not file.is_file():
        raise FileError(f"{file}: no such file; expected one written by arden compress")
    word = "lane" if schema.is_sequence else "string" if schema.kind == "strings" else "row"
    with ReadingDisplay("decompress", word) as display:
        found = read(opened, file, report=display.show)
    print(write_unpacked(found, schema, out, str(file)))
    say_where("Written", out)
    return 0
