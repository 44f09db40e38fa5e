"""Systems over the raster of an image."""

from arden.systems.system import HIDDEN_VERBS, System

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
    "row-lstm": System(
        title="PixelRNN with Row LSTM",
        network="row_lstm",
        options="arden.networks.options.images:RowLSTMOptions",
        verbs=HIDDEN_VERBS,
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
        verbs=HIDDEN_VERBS,
        formula="LSTMs along both diagonals, the right one shifted down a row: all pixels before",
        paper="van den Oord, Kalchbrenner, Kavukcuoglu, Pixel recurrent neural networks, 2016",
        data=("discrete", "real"),
        training=_LSTM_TRAINING,
        needs=("image",),
        small={"hidden": 9, "layers": 1, "kernel": 3},
    ),
    "pixelcnn": System(
        title="PixelCNN",
        network="pixelcnn",
        options="arden.networks.options.images:PixelCNNOptions",
        verbs=HIDDEN_VERBS,
        formula="masked convolutions over the pixels above and to the left, R → G → B in a pixel",
        paper="van den Oord, Kalchbrenner, Kavukcuoglu, Pixel recurrent neural networks, 2016",
        data=("discrete", "real"),
        needs=("image",),
        training={"learning_rate": 3e-3},
        small={"channels": 12, "blocks": 1, "kernel": 3},
    ),
    "gated-pixelcnn": System(
        title="Gated PixelCNN",
        network="gated_pixelcnn",
        options="arden.networks.options.images:GatedPixelCNNOptions",
        verbs=HIDDEN_VERBS,
        formula="tanh(W_f ∗ x) · σ(W_g ∗ x) in a stack of the rows above and one of the row so far",
        paper="van den Oord et al., Conditional image generation with PixelCNN decoders, 2016",
        training={"learning_rate": 3e-3, "weight_decay": 0.1},
        data=("discrete", "real"),
        needs=("image",),
        small={"channels": 12, "layers": 2, "kernel": 3},
    ),
    "pixelcnn++": System(
        title="PixelCNN++",
        network="pixelcnn_plus_plus",
        options="arden.networks.options.images:PixelCNNPlusPlusOptions",
        verbs=HIDDEN_VERBS,
        formula="Σ_m π_m p_m(r) p_m(g | r) p_m(b | r, g) of logistics, given all pixels before",
        paper="Salimans, Karpathy, Chen, Kingma, PixelCNN++, 2017",
        data=("discrete",),
        needs=("image",),
        layout={"family": "logistics"},
        training={"learning_rate": 3e-3},
        small={"channels": 4, "blocks": 1, "kernel": 3},
        example="dcss-tiles",
    ),
    "pixelsnail": System(
        title="PixelSNAIL: convolutions and attention over an image",
        network="pixelsnail",
        options="arden.networks.options.images:PixelSNAILOptions",
        verbs=HIDDEN_VERBS,
        formula="x + a · σ(b), softmax(Q Kᵀ / √d) V over the pixels before, R → G → B in a pixel",
        paper="Chen, Mishra, Rohaninejad, Abbeel, PixelSNAIL, 2018",
        training={"learning_rate": 3e-3},
        data=("discrete", "real"),
        needs=("image",),
        small={"channels": 4, "blocks": 1, "residuals": 1, "attention": 4},
    ),
}
