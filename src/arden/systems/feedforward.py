"""Systems over events of one fixed length: logistic regressions, NADE and its relatives, MADE."""

from arden.systems.system import HIDDEN_VERBS, System

__all__ = ["FEEDFORWARD"]

FEEDFORWARD: dict[str, System] = {
    "fvsbn": System(
        title="Fully visible sigmoid belief net",
        network="fvsbn",
        options="arden.networks.options.feedforward:FVSBNOptions",
        formula="x̂_i = σ(b_i + Σ_{j<i} α_ij x_j)",
        paper="Neal, Connectionist learning of belief networks, 1992",
        training={"learning_rate": 1e-2, "weight_decay": 0.1},
        needs=("fixed length",),
    ),
    "untied-nade": System(
        title="Untied NADE: one small network for every conditional",
        network="untied_nade",
        options="arden.networks.options.feedforward:UntiedNADEOptions",
        verbs=HIDDEN_VERBS,
        formula="h_i = σ(A_i x_<i + c_i), x̂_i = σ(v_i·h_i + b_i)",
        paper="Bengio, Bengio, Modeling high-dimensional discrete data with multi-layer neural "
        "networks, 2000",
        training={"learning_rate": 1e-2, "weight_decay": 0.1},
        needs=("fixed length",),
        small={"hidden": 4},
    ),
    "nade": System(
        title="Neural autoregressive distribution estimator",
        network="nade",
        options="arden.networks.options.feedforward:NADEOptions",
        verbs=HIDDEN_VERBS,
        formula="h_i = σ(W_{·,<i} x_<i + c), x̂_i = σ(v_i·h_i + b_i)",
        paper="Larochelle, Murray, The neural autoregressive distribution estimator, 2011",
        training={"learning_rate": 3e-3, "weight_decay": 0.1},
        needs=("fixed length",),
        small={"hidden": 4},
    ),
    "categorical-nade": System(
        title="NADE over K symbols, each shown one-hot",
        network="nade",
        options="arden.networks.options.feedforward:NADEOptions",
        verbs=HIDDEN_VERBS,
        formula="h_i = σ(Σ_{j<i} W_{j,x_j} + c), p(x_i | x_<i) = softmax(V_i h_i + b_i)",
        paper="Larochelle, Murray, The neural autoregressive distribution estimator, 2011",
        data=("discrete",),
        needs=("fixed length",),
        layout={"encoding": "one_hot"},
        training={"learning_rate": 3e-3, "weight_decay": 0.1},
        small={"hidden": 4},
        example="digits-17",
    ),
    "rnade": System(
        title="Real-valued NADE: a mixture of Gaussians for every conditional",
        network="nade",
        options="arden.networks.options.feedforward:NADEOptions",
        verbs=HIDDEN_VERBS,
        formula="p(x_i | x_<i) = Σ_k π_ik N(x_i; μ_ik, σ_ik²), all linear in h_i = g(W x_<i + c)",
        paper="Uria, Murray, Larochelle, RNADE: the real-valued neural autoregressive "
        "density-estimator, 2013",
        data=("real", "mixed"),
        needs=("fixed length",),
        network_options={"hidden": 50, "activation": "tanh"},
        training={
            "learning_rate": 1e-2,
            "weight_decay": 0.3,
            "schedule": "cosine",
            "epochs": 40,
        },
        small={"hidden": 4},
        example="red-wine",
    ),
    "made": System(
        title="Masked autoencoder for distribution estimation",
        network="made",
        options="arden.networks.options.feedforward:MADEOptions",
        verbs=HIDDEN_VERBS,
        formula="h = g((W ∘ M_W) x + b), x̂ = σ((V ∘ M_V) h + c)",
        paper="Germain, Gregor, Murray, Larochelle, MADE, 2015",
        training={"weight_decay": 0.1},
        needs=("fixed length",),
        small={"hidden": (6,)},
    ),
    "orderless-nade": System(
        title="Deep orderless NADE, for every order at once",
        network="orderless_nade",
        options="arden.networks.options.feedforward:OrderlessNADEOptions",
        verbs=HIDDEN_VERBS,
        formula="h = g(W (x ∘ m) + M m + c), layer by layer, x̂_i = σ(v_i·h + b_i), m what is seen",
        paper="Uria, Murray, Larochelle, A deep and tractable density estimator, 2014",
        # Random masks make gradients noisy: averaged weights gain half a nat on the digits.
        training={"epochs": 400, "patience": 30, "weight_decay": 0.1, "average": 0.99},
        needs=("fixed length",),
        small={"hidden": (6, 5)},
    ),
}
