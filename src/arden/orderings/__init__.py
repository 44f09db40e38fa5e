"""Catalogue of orderings: name -> "module:Class", loaded when asked for."""

__all__ = ["ORDERINGS"]

ORDERINGS: dict[str, str] = {
    "column": "arden.orderings.column:Column",
    "given": "arden.orderings.given:Given",
    "observed_first": "arden.orderings.observed_first:ObservedFirst",
    "raster": "arden.orderings.raster:Raster",
    "shuffled": "arden.orderings.shuffled:Shuffled",
    "until_end": "arden.orderings.until_end:UntilEnd",
    "zigzag": "arden.orderings.zigzag:Zigzag",
}
