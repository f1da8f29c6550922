"""Why a similarity is not computed."""


class Refusal(ValueError):
    """The statistic would say nothing of these activations; the message gives the counts."""
