"""The theory: short files that everything else stands on. Read these first.

`ordering` lays an event out as steps, `network` turns what was seen into parameters, `conditional`
turns parameters into a distribution, `model` is those three. `walker` and `draw` go through a model
one step at a time, `mixture` averages models, `blend` is one step of a mixture, and `dispatch` is
where fused kernels are looked up. Import from the files by name; nothing is loaded here.
"""

__all__: list[str] = []
