"""Trains and evaluates a grid of models; started again it goes on, and --status shows how far it is."""

from launch.command import run
from launch.study_settings import StudySettings


def main(settings: StudySettings) -> int:
    from launch.study_run import carry_out

    return carry_out(settings)


if __name__ == "__main__":
    run(main, StudySettings)
