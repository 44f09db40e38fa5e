"""Table: a file is uploaded, fitted while one watches, asked, and downloaded."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import gradio as gr

from arden.errors import InputError
from arden.studio.markup import progress_bar
from arden.studio.pages.choosing import lead
from arden.studio.spoken import spoken
from arden.studio.tabling import (
    FittedTable,
    UploadedTable,
    fill_gaps,
    fit_table,
    make_rows,
    read_table,
    show_columns,
    show_surprising,
    tell_fit,
)
from arden.training.outcome import Progress

__all__ = ["table_page"]


class _Wish:
    """Whether somebody wants the fit of their session to end; plain, so that it can be copied."""

    def __init__(self) -> None:
        self.stop = False


def table_page() -> None:
    """() -> the page, within a tab."""
    lead(
        "Upload a table with a line of names. A small any-order model is fitted to it here, in a "
        "minute at most; then see which rows and cells are surprising, fill gaps, or draw rows."
    )
    upload = gr.File(
        label="A .csv or .parquet file, up to 5 MB", elem_id="upload", height=130, type="filepath"
    )
    columns = gr.HTML(elem_id="columns", apply_default_css=False)
    with gr.Row():
        fit = gr.Button("Fit", variant="primary", elem_id="fit", interactive=False)
        stop = gr.Button("Stop early", elem_id="stop", interactive=False)
    progress = gr.HTML(elem_id="fit-progress", apply_default_css=False)
    with gr.Column(visible=False) as asked, gr.Tabs():
        with gr.Tab("Surprising rows and cells"):
            find = gr.Button("Find them", elem_id="find")
            surprising = gr.HTML(elem_id="surprising", apply_default_css=False)
        with gr.Tab("Fill gaps"):
            fill = gr.Button("Fill the gaps", elem_id="fill")
            filled = gr.HTML(elem_id="filled", apply_default_css=False)
            filled_file = gr.DownloadButton(
                "Download the filled table", visible=False, elem_id="filled-file"
            )
        with gr.Tab("Synthetic rows"):
            number = gr.Slider(10, 5000, value=200, step=10, label="How many rows")
            make = gr.Button("Draw rows", elem_id="make")
            made = gr.HTML(elem_id="made", apply_default_css=False)
            made_file = gr.DownloadButton("Download the rows", visible=False, elem_id="made-file")
    table, fitted = gr.State(None), gr.State(None)
    wish, seed = gr.State(_Wish()), gr.State(0)
    private: dict[str, Any] = {"api_visibility": "private"}
    hidden = gr.update(visible=False)

    def take(path: str | None) -> tuple[Any, ...]:
        emptied = ("", None, hidden, "", "", hidden, "", hidden)
        if path is None:
            return None, "", gr.update(interactive=False), *emptied
        found = read_table(path)
        return found, show_columns(found), gr.update(interactive=True), *emptied

    def run_fit(uploaded: UploadedTable | None, wanted: _Wish) -> Iterator[tuple[Any, ...]]:
        if uploaded is None:
            raise InputError("file: expected an uploaded table, got none")
        wanted.stop = False
        on, off = gr.update(interactive=True), gr.update(interactive=False)
        yield progress_bar(0.0, "Beginning…"), None, hidden, off, on
        for told in _fitting(uploaded, wanted):
            if isinstance(told, FittedTable):
                yield tell_fit(told), told, gr.update(visible=True), on, off
            else:
                yield _bar(told), None, hidden, off, on

    def ask_to_stop(wanted: _Wish) -> None:
        wanted.stop = True

    def filled_in(model: FittedTable, at: int) -> tuple[Any, ...]:
        shown, path = fill_gaps(model, Path(mkdtemp()), at)
        return shown, gr.update(value=str(path), visible=True), at + 1

    def drawn(model: FittedTable, many: float, at: int) -> tuple[Any, ...]:
        shown, path = make_rows(model, int(many), Path(mkdtemp()), at)
        return shown, gr.update(value=str(path), visible=True), at + 1

    cleared = [progress, fitted, asked, surprising, filled, filled_file, made, made_file]
    upload.change(spoken(take), upload, [table, columns, fit, *cleared], **private)
    fit.click(
        spoken(run_fit),
        [table, wish],
        [progress, fitted, asked, fit, stop],
        show_progress="hidden",
        **private,
    ).failure(
        lambda: (gr.update(interactive=True), gr.update(interactive=False), ""),
        outputs=[fit, stop, progress],
        **private,
    )
    stop.click(spoken(ask_to_stop), wish, None, queue=False, **private)
    find.click(spoken(show_surprising), fitted, surprising, **private)
    fill.click(spoken(filled_in), [fitted, seed], [filled, filled_file, seed], **private)
    make.click(spoken(drawn), [fitted, number, seed], [made, made_file, seed], **private)


def _fitting(uploaded: UploadedTable, wanted: _Wish) -> Iterator[Progress | FittedTable]:
    """A table -> how its fit stands, again and again, and at last the fitted table."""
    told: queue.Queue[Progress | FittedTable | Exception] = queue.Queue()

    def report(progress: Progress) -> None:
        if wanted.stop:
            raise KeyboardInterrupt  # heard by the fit as Ctrl-C would be
        told.put(progress)

    def work() -> None:
        try:
            told.put(fit_table(uploaded, report))
        except Exception as error:
            told.put(error)

    threading.Thread(target=work, daemon=True).start()
    while True:
        last = told.get()
        while isinstance(last, Progress) and not told.empty():
            last = told.get()  # only the newest is worth showing
        if isinstance(last, Exception):
            raise last
        yield last
        if isinstance(last, FittedTable):
            return


def _bar(progress: Progress) -> str:
    done = (progress.epoch - 1) * progress.rows_per_epoch + progress.rows
    rate = done / max(progress.seconds, 1e-9)
    left = (progress.epochs * progress.rows_per_epoch - done) / max(rate, 1e-9)
    best = "" if progress.best_valid is None else f", best {progress.best_valid:.2f} nats / row"
    words = (
        f"Epoch {progress.epoch} of at most {progress.epochs}{best}; {rate:,.0f} rows/s, "
        f"at most {min(left, 60 - min(60, progress.seconds)):.0f} s left"
    )
    return progress_bar(done / (progress.epochs * progress.rows_per_epoch), words)
