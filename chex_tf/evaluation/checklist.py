"""A reporting checklist, filled in with what an evaluation's files know: TRIPOD+AI (2024) and CLAIM (2020).

Item numbers are the checklists'; the words are this project's. What the files cannot know is left open by name, so the
page is a draft of a reporting form and never a claim that an item is met.
"""

import dataclasses
import pathlib
from collections.abc import Sequence

from chex_tf.evaluation import checklist_facts as facts
from chex_tf.evaluation.matching import Cohort
from chex_tf.evaluation.recalibrating import Recalibrated
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.sections import Section
from chex_tf.files import write_text

OPEN = "Not known to the files"


@dataclasses.dataclass(frozen=True)
class Item:
    """`open` names what the files do not know; `known` are sentences from them."""

    title: str
    tripod: str
    claim: str
    open: str = ""
    known: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Known:
    """Beside the evaluation: configurations of the runs it is of, by name, and the file of the ground truth."""

    runs: facts.Runs
    labels: str


def write(
    folder: pathlib.Path,
    evaluation: Evaluation,
    known: Known,
    validation: Cohort | None,
    recalibrated: Recalibrated | None,
    sections: Sequence[Section],
) -> str:
    """Writes checklist.md into the folder; the name written."""
    write_text(folder / "checklist.md", text(evaluation, known, validation, recalibrated, sections))
    return "checklist.md"


def text(
    evaluation: Evaluation,
    known: Known,
    validation: Cohort | None,
    recalibrated: Recalibrated | None,
    sections: Sequence[Section],
) -> str:
    found = items(evaluation, known, validation, recalibrated, sections)
    parts = [
        f"# Reporting checklist: {evaluation.set}",
        "Filled in from the files of this evaluation, by item of TRIPOD+AI (Collins et al., BMJ 2024) and CLAIM "
        f"(Mongan et al., Radiology: Artificial Intelligence 2020). “{OPEN}” is for the authors to say. A filled item "
        "says what the files hold, not that the item is met.",
    ]
    for item in found:
        numbers = ", ".join(
            f"{name} {number}" for name, number in (("TRIPOD+AI", item.tripod), ("CLAIM", item.claim)) if number
        )
        lines = [f"- {sentence}" for sentence in item.known]
        lines += [f"- {OPEN}: {item.open}."] if item.open else []
        parts += [f"## {item.title}\n\n*{numbers}*\n\n" + "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def items(
    evaluation: Evaluation,
    known: Known,
    validation: Cohort | None,
    recalibrated: Recalibrated | None,
    sections: Sequence[Section],
) -> list[Item]:
    runs, by_group = known.runs, facts.subgroups(sections)

    def beside(of_run: str, always: str) -> str:
        """Models that are not runs leave open what a run's configuration would have said."""
        with_run = [model.name for model in evaluation.models if model.name in runs]
        return always if len(with_run) == len(evaluation.models) else f"{of_run}, {always}"

    return [
        Item("Title and abstract", "1, 2", "1, 2", "the wording of title and abstract"),
        Item("Background and intended use", "3a to 3c", "3", "clinical setting, users, known inequalities"),
        Item("Objectives", "4", "4, 6", "objectives and hypotheses, development or evaluation or both"),
        Item(
            "Sources of data",
            "5a, 5b",
            "5, 7",
            beside("what models were trained on", "dates of the films, prospective or retrospective collection"),
            facts.sources(runs),
        ),
        Item("Participants", "6a to 6c", "8", "hospitals and setting, who was eligible, treatments"),
        Item(
            "Preparation of images",
            "7, 9a",
            "9, 10",
            beside("views, size and changes of images", "how films were taken and exported"),
            facts.images(runs),
        ),
        Item("Removal of identities", "", "12", "how the films were de-identified"),
        Item(
            "Outcome and reference standard",
            "8a to 8c",
            "11, 14 to 18",
            "who labelled the films and how, their agreement, whether they were blinded",
            facts.outcome(evaluation, known.labels),
        ),
        Item("Sample size", "10", "19", "how the size was arrived at", facts.sizes(evaluation)),
        Item(
            "Missing and uncertain labels", "11", "13", "why labels are missing", facts.missing_labels(evaluation, runs)
        ),
        Item(
            "Partition of the data",
            "12a",
            "20, 21",
            beside("training's splits", "how splits were made, whether a patient is in several"),
            facts.partition(evaluation, runs, validation),
        ),
        Item(
            "Model",
            "12c, 22",
            "22, 24",
            beside("the network and its first weights", "why it was chosen"),
            facts.models(evaluation, runs),
        ),
        Item(
            "Training",
            "12c",
            "25 to 27",
            beside("the training procedure", "other settings that were tried"),
            facts.training(runs),
        ),
        Item(
            "Class imbalance",
            "13",
            "",
            beside("whether it was corrected", "why it was handled so"),
            facts.imbalance(runs),
        ),
        Item("Measures and uncertainty", "12e", "28, 29", known=facts.measures(evaluation, sections)),
        Item(
            "Output and thresholds",
            "15",
            "28",
            "whether a threshold suits its use",
            facts.thresholds(evaluation, validation),
        ),
        Item("Recalibration", "12f, 24", "", known=facts.recalibration(recalibrated)),
        Item("Fairness and subgroups", "12d, 14, 23a, 23b", "34", "" if by_group else "numbers by subgroup", by_group),
        Item(
            "Differences of training and evaluation",
            "16",
            "32",
            "differences of setting",
            facts.transport(evaluation, runs),
        ),
        Item("Software", "18f", "23", beside("packages and versions of training", "hardware"), facts.software(runs)),
        Item("Robustness", "", "30", "analyses under other assumptions"),
        Item("Explanations", "", "31", "whether maps were looked at, and how well they localise"),
        Item("Ethics, funding, interests", "17, 18a, 18b", "42", "approval, consent, funding, conflicts of interest"),
        Item("Protocol and registration", "18c, 18d", "40, 41", "protocol, registration"),
        Item("Sharing of data and code", "18e, 18f", "41", "where data, code and weights can be had"),
        Item("Patients and the public", "19", "", "their part in the study"),
        Item(
            "Flow of participants",
            "20a to 20c, 21",
            "33, 34",
            "characteristics of the participants",
            facts.flow(evaluation, runs, validation),
        ),
        Item("Performance", "23a", "35, 36", known=facts.performance(evaluation)),
        Item("Failures", "", "37", "which cases were wrong, and why"),
        Item("Discussion", "25 to 27c", "38, 39", "interpretation, limitations, use in practice"),
    ]
