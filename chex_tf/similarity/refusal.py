"""Why a similarity is not computed."""


class Refusal(ValueError):
    """The statistic would say nothing of these activations: the counts in a few words, and why in general."""

    def __init__(self, counts: str, why: str) -> None:
        super().__init__(f"{counts}: {why}")
        self.counts, self.why = counts, why
