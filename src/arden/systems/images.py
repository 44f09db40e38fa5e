"""Systems over the raster of an image."""

from arden.systems.system import System

__all__ = ["IMAGES"]

IMAGES: dict[str, System] = {
    "pixelcnn": System(
        title="PixelCNN",
        network="pixelcnn",
        options="arden.networks.options.images:PixelCNNOptions",
        formula="masked convolutions over the pixels above and to the left, R → G → B in a pixel",
        paper="van den Oord, Kalchbrenner, Kavukcuoglu, Pixel recurrent neural networks, 2016",
        data=("discrete", "real"),
        needs=("image",),
        small={"channels": 12, "blocks": 1, "kernel": 3},
    ),
}
