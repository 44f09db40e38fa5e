"""`arden compress DATA -m RUN -o FILE.arden`: −log₂ p(x) bits for x, and a few more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from arden.cli.whole_number import WHOLE

__all__ = ["compress"]


def compress(
    data: str,
    /,
    *,
    model: Annotated[Path, Parameter(name=["--model", "-m"])],
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    split: Literal["train", "valid", "test"] | None = None,
    picture: Path | None = None,
    portable: bool = False,
    verify: bool = True,
    compare: bool = True,
    batch_size: Annotated[int | None, WHOLE] = None,
    threads: Annotated[int, WHOLE] = 1,
    overwrite: bool = False,
    data_dir: Path | None = None,
    json: bool = False,
) -> int:
    """Compress rows, strings, a text or sounds without loss, by a fitted model of discrete values.

    Parameters
    ----------
    data
        A data set or file that follows the schema stored with the model. Of a .txt file every byte
        comes back, of a .npy or .npz file the array and its dtype, of a .wav file its symbols.
    model
        A run directory written by arden fit. Only the very same model reads the file again.
    out
        The .arden file to write.
    split
        Which rows of a data set that has splits; test when not given.
    picture
        Draw the sizes beside those that others make to this .png.
    portable
        Compute with whole numbers alone, so that the file can be read on any machine (FVSBN, NADE
        and MADE); otherwise reading needs the same PyTorch on the same kind of processor.
    verify
        Read every chunk back at once and compare.
    compare
        Say what gzip, bzip2, xz, zstd and PNG make of the same values.
    batch_size
        Rows side by side; stored in the file. Chosen by what the model needs when not given.
    threads
        Of the computation; stored in the file. Several gain little, and what they compute may
        depend on the machine.
    overwrite
        Replace the file that is there.
    data_dir
        Where named data sets lie; ARDEN_DATA when not given.
    json
        Print JSON, and nothing else, on standard output.
    """
    # Imported here, so that --help does not wait for torch.
    import time

    from arden.cli.compress_report import Told, tell
    from arden.cli.compress_sources import packed_source
    from arden.cli.outputs import claim_output
    from arden.cli.reading import ReadingDisplay
    from arden.cli.runs import open_run
    from arden.storage.folders import written_whole
    from arden.tasks.compress import Packing

    claim_output(out, (".arden",), overwrite)
    claim_output(picture, (".png",), overwrite, "picture")
    opened, schema = open_run(model, "cpu", "compress")
    how = Packing(portable, verify, batch_size, threads)
    source = packed_source(
        opened, schema, data, how, split=split, data_dir=data_dir, compare=compare
    )
    rows = scalars = size = 0
    bits = 0.0
    started = time.monotonic()
    word = {"text": "lane", "audio": "lane", "strings": "string"}.get(schema.kind, "row")
    with written_whole(out) as file, ReadingDisplay("compress", word) as display:
        for part, share in source.parts:
            file.write(part.content)
            size += len(part.content)
            rows, scalars, bits = rows + part.rows, scalars + part.scalars, bits + part.bits
            display.show(share, rows)
    seconds = time.monotonic() - started - (source.others.seconds if source.others else 0.0)
    tell(Told(source, word, rows, scalars, size, bits, seconds), data, out, picture, json)
    return 0
