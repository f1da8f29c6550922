"""Draws synthetic chest radiographs with known findings, in the own layout of a public data set."""

from chex_tf.phantom.settings import PhantomSettings
from launch.command import run
from launch.console import console


def main(settings: PhantomSettings) -> None:
    from chex_tf.phantom import picture_tables, writer
    from launch.progress import Progress

    if writer.already_there(settings):
        console.say(f"{settings.out} already holds this phantom, complete; nothing to draw")
    else:
        pictures = writer.write(settings, Progress("patients"))
        console.say(picture_tables.prevalence_table(pictures))
    console.show(str(settings.out))
    if settings.contact_sheet is not None:
        from chex_tf.phantom import contact_sheet, layouts

        # PadChest's and VinDr-CXR's findings are shown under ChestX-ray14's names.
        names = "chexpert" if layouts.LAYOUTS[settings.layout].observations == "chexpert" else "chestxray14"
        contact_sheet.write(settings.contact_sheet, names, settings.seed)
        console.show(str(settings.contact_sheet))


if __name__ == "__main__":
    run(main, PhantomSettings)
