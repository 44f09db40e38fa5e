"""Catalogue of orderings: name -> "module:Class", loaded when asked for."""

__all__ = ["ORDERINGS"]

ORDERINGS: dict[str, str] = {
    "column": "arden.orderings.column:Column",
    "diagonal": "arden.orderings.diagonal:Diagonal",
    "given": "arden.orderings.given:Given",
    "hilbert": "arden.orderings.hilbert:Hilbert",
    "observed_first": "arden.orderings.observed_first:ObservedFirst",
    "raster": "arden.orderings.raster:Raster",
    "shuffled": "arden.orderings.shuffled:Shuffled",
    "spiral": "arden.orderings.spiral:Spiral",
    "until_end": "arden.orderings.until_end:UntilEnd",
    "zigzag": "arden.orderings.zigzag:Zigzag",
}
