"""Catalogue of networks: name -> "module:Class", loaded when asked for."""

__all__ = ["NETWORKS"]

NETWORKS: dict[str, str] = {
    "any_order_transformer": "arden.networks.any_order_transformer:AnyOrderTransformer",
    "fvsbn": "arden.networks.fvsbn:FVSBN",
    "gru": "arden.networks.gru:GRU",
    "independent": "arden.networks.independent:Independent",
    "lstm": "arden.networks.lstm:LSTM",
    "made": "arden.networks.made:MADE",
    "markov": "arden.networks.markov:Markov",
    "nade": "arden.networks.nade:NADE",
    "pixelcnn": "arden.networks.pixelcnn:PixelCNN",
    "rnn": "arden.networks.rnn:RNN",
    "table": "arden.networks.table:Table",
    "transformer": "arden.networks.transformer:Transformer",
    "untied_nade": "arden.networks.untied_nade:UntiedNADE",
    "wavenet": "arden.networks.wavenet:WaveNet",
}
