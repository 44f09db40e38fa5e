"""Catalogue of families over one scalar: name -> "module:Class", loaded when asked for."""

__all__ = ["CONDITIONALS"]

CONDITIONALS: dict[str, str] = {
    "bernoulli": "arden.conditionals.bernoulli:Bernoulli",
    "categorical": "arden.conditionals.categorical:Categorical",
    "gaussian_mixture": "arden.conditionals.gaussian_mixture:GaussianMixture",
    "integer_mixture": "arden.conditionals.integer_mixture:IntegerMixture",
    "logistic_mixture": "arden.conditionals.logistic_mixture:LogisticMixture",
    "mixed": "arden.conditionals.mixed:Mixed",
    "quantile_mapped": "arden.conditionals.quantile_mapped:QuantileMapped",
    "standardised": "arden.conditionals.standardised:Standardised",
    "tempered": "arden.conditionals.tempered:Tempered",
}
