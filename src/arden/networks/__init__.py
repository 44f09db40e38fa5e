"""Catalogue of networks: name -> "module:Class", loaded when asked for."""

__all__ = ["NETWORKS"]

NETWORKS: dict[str, str] = {
    "any_order_made": "arden.networks.any_order_made:AnyOrderMADE",
    "any_order_transformer": "arden.networks.any_order_transformer:AnyOrderTransformer",
    "attention_rnn": "arden.networks.attention_rnn:AttentionRNN",
    "diagonal_bilstm": "arden.networks.diagonal_bilstm:DiagonalBiLSTM",
    "fvsbn": "arden.networks.fvsbn:FVSBN",
    "gated_pixelcnn": "arden.networks.gated_pixelcnn:GatedPixelCNN",
    "gru": "arden.networks.gru:GRU",
    "independent": "arden.networks.independent:Independent",
    "lstm": "arden.networks.lstm:LSTM",
    "made": "arden.networks.made:MADE",
    "markov": "arden.networks.markov:Markov",
    "nade": "arden.networks.nade:NADE",
    "orderless_nade": "arden.networks.orderless_nade:OrderlessNADE",
    "pixelcnn": "arden.networks.pixelcnn:PixelCNN",
    "pixelcnn_plus_plus": "arden.networks.pixelcnn_plus_plus:PixelCNNPlusPlus",
    "pixelsnail": "arden.networks.pixelsnail:PixelSNAIL",
    "rnn": "arden.networks.rnn:RNN",
    "row_lstm": "arden.networks.row_lstm:RowLSTM",
    "table": "arden.networks.table:Table",
    "transformer": "arden.networks.transformer:Transformer",
    "untied_nade": "arden.networks.untied_nade:UntiedNADE",
    "wavenet": "arden.networks.wavenet:WaveNet",
}
