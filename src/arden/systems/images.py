"""Systems over the raster of an image."""

from arden.systems.system import System

__all__ = ["IMAGES"]

IMAGES: dict[str, System] = {}
