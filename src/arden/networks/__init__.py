"""Catalogue of networks: name -> "module:Class", loaded when asked for."""

__all__ = ["NETWORKS"]

NETWORKS: dict[str, str] = {
    "any_order_transformer": "arden.networks.any_order_transformer:AnyOrderTransformer",
    "diagonal_bilstm": "arden.networks.diagonal_bilstm:DiagonalBiLSTM",
    "fvsbn": "arden.networks.fvsbn:FVSBN",
    "gru": "arden.networks.gru:GRU",
    "independent": "arden.networks.independent:Independent",
    "lstm": "arden.networks.lstm:LSTM",
    "made": "arden.networks.made:MADE",
    "markov": "arden.networks.markov:Markov",
    "nade": "arden.networks.nade:NADE",
    "pixelcnn": "arden.networks.pixelcnn:PixelCNN",
    "pixelcnn_plus_plus": "arden.networks.pixelcnn_plus_plus:PixelCNNPlusPlus",
    "rnn": "arden.networks.rnn:RNN",
    "row_lstm": "arden.networks.row_lstm:RowLSTM",
    "table": "arden.networks.table:Table",
    "transformer": "arden.networks.transformer:Transformer",
    "wavenet": "arden.networks.wavenet:WaveNet",
}
