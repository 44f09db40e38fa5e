"""Systems for sequences: recurrent, attending, dilated."""

from arden.systems.system import System

__all__ = ["SEQUENCES"]

SEQUENCES: dict[str, System] = {
    "rnn": System(
        title="Recurrent network",
        network="rnn",
        options="arden.networks.options.sequences:RNNOptions",
        formula="h_{t+1} = tanh(W_hh h_t + W_xh x_{t+1}), o_t = W_hy h_t, h_0 = b_0",
        paper="Elman, Finding structure in time, 1990",
        training={"learning_rate": 3e-3, "clip": 1.0},
        small={"hidden": 5},
        example="tinyshakespeare",
    ),
    "lstm": System(
        title="Long short-term memory",
        network="lstm",
        options="arden.networks.options.sequences:LSTMOptions",
        formula="c_{t+1} = f c_t + i g, h_{t+1} = o tanh(c_{t+1}), x̂_t = σ(V h_t + b)",
        paper="Hochreiter, Schmidhuber, Long short-term memory, 1997",
        training={"learning_rate": 1e-2},
        small={"hidden": 5},
        example="tinyshakespeare",
    ),
    "gru": System(
        title="Gated recurrent network",
        network="gru",
        options="arden.networks.options.sequences:GRUOptions",
        formula="h_{t+1} = (1 − z) n + z h_t, n = tanh(W x + r U h_t + c), x̂_t = σ(V h_t + b)",
        paper="Cho et al., Learning phrase representations using RNN encoder-decoder, 2014",
        training={"learning_rate": 1e-2},
        small={"hidden": 5},
        example="tinyshakespeare",
    ),
    "attention-rnn": System(
        title="Recurrent network with attention over its own past states",
        network="attention_rnn",
        options="arden.networks.options.sequences:AttentionRNNOptions",
        formula="a_tj = softmax_{j<t}(h_t · W m_j / √H), x̂_t = σ(V [h_t, Σ_j a_tj m_j] + b)",
        paper="Cheng, Dong, Lapata, Long short-term memory-networks for machine reading, 2016",
        training={"learning_rate": 5e-3, "clip": 1.0, "warmup": 100},
        small={"hidden": 5},
        example="tinyshakespeare",
    ),
    "transformer": System(
        title="Causal Transformer",
        network="transformer",
        options="arden.networks.options.sequences:TransformerOptions",
        formula="softmax(Q Kᵀ / √d) V over the steps before, then a perceptron, layer by layer",
        paper="Vaswani et al., Attention is all you need, 2017",
        small={"width": 8, "heads": 2, "layers": 1},
        example="tinyshakespeare",
    ),
    "wavenet": System(
        title="WaveNet: gated dilated causal convolutions",
        network="wavenet",
        options="arden.networks.options.sequences:WaveNetOptions",
        formula="z = tanh(W_f ∗ x) · σ(W_g ∗ x), dilations 1, 2, 4 …",
        paper="van den Oord et al., WaveNet: a generative model for raw audio, 2016",
        training={"learning_rate": 3e-3},
        small={"channels": 4, "skip": 4, "layers": 2, "stacks": 1},
        example="spoken-digits",
    ),
    "any-order-transformer": System(
        title="Transformer that is told which variable is asked for next: every order at once",
        network="any_order_transformer",
        options="arden.networks.options.sequences:AnyOrderTransformerOptions",
        formula="a Transformer over pairs (value seen and whose it is, variable asked for)",
        paper="Uria, Murray, Larochelle, A deep and tractable density estimator, 2014",
        training={"learning_rate": 3e-3, "batch_size": 16, "warmup": 50},
        needs=("fixed length",),
        small={"width": 8, "heads": 2, "layers": 1},
    ),
}
