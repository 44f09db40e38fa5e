"""Systems over the raster of an image."""

from arden.systems.system import System

__all__ = ["IMAGES"]

# Gradients through many rows are now and then very long: they are cut short.
_LSTM_TRAINING = {
    "epochs": 40,
    "batch_size": 32,
    "learning_rate": 1e-2,
    "schedule": "cosine",
    "clip": 1.0,
}

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
    "row-lstm": System(
        title="PixelRNN with Row LSTM",
        network="row_lstm",
        options="arden.networks.options.images:RowLSTMOptions",
        formula="o, f, i, g = σ(Kˢ ∗ h_{y−1} + Kⁱ ∗ x_y), row by row: the triangle above a pixel",
        paper="van den Oord, Kalchbrenner, Kavukcuoglu, Pixel recurrent neural networks, 2016",
        data=("discrete", "real"),
        training=_LSTM_TRAINING,
        needs=("image",),
        small={"hidden": 9, "layers": 1, "kernel": 3},
    ),
    "diagonal-bilstm": System(
        title="PixelRNN with Diagonal BiLSTM",
        network="diagonal_bilstm",
        options="arden.networks.options.images:DiagonalBiLSTMOptions",
        formula="LSTMs along both diagonals, the right one shifted down a row: all pixels before",
        paper="van den Oord, Kalchbrenner, Kavukcuoglu, Pixel recurrent neural networks, 2016",
        data=("discrete", "real"),
        training=_LSTM_TRAINING,
        needs=("image",),
        small={"hidden": 9, "layers": 1, "kernel": 3},
    ),
}
