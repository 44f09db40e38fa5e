"""Catalogue of families over one scalar: name -> "module:Class", loaded when asked for."""

__all__ = ["CONDITIONALS"]

CONDITIONALS: dict[str, str] = {
    "bernoulli": "arden.conditionals.bernoulli:Bernoulli",
    "categorical": "arden.conditionals.categorical:Categorical",
    "gaussian_mixture": "arden.conditionals.gaussian_mixture:GaussianMixture",
    "logistic_mixture": "arden.conditionals.logistic_mixture:LogisticMixture",
    "mixed": "arden.conditionals.mixed:Mixed",
    "standardised": "arden.conditionals.standardised:Standardised",
    "tempered": "arden.conditionals.tempered:Tempered",
}
