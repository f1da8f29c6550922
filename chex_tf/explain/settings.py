"""Settings of launch.explain: which runs or maps, which films, by which method, measured against which regions."""

import dataclasses
import pathlib

from chex_tf.settings import InputError, Settings, setting

METHOD_NAMES = {"gradcam": "Grad-CAM", "gradcam++": "Grad-CAM++", "scorecam": "Score-CAM", "saliency": "Saliency"}
UNITS = ("patient", "study", "image")
PROTOCOLS = ("peak", "chexlocalize")
# What only a network and its films decide; with --maps these stay at their defaults.
_OF_RUNS = ("films", "data", "split", "threshold_split", "method", "checkpoint", "batch", "rows", "keep_maps")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExplainSettings(Settings):
    """Films come from files or from a split of a prepared folder; only the latter takes regions. Maps need no films."""

    run_dir: tuple[pathlib.Path, ...] = setting(
        (),
        help="run directory; several, such as a truncated family, are shown side by side in the order given",
        group="What to explain",
        existing="folder",
        repeated=True,
    )
    tasks: tuple[str, ...] = setting(
        (),
        help="tasks to explain; without it, all that the runs have in common",
        group="What to explain",
        former=("task",),
    )
    maps: tuple[pathlib.Path, ...] = setting(
        (),
        help="folder of one model's maps, made by any program, instead of runs: files FILM_TASK.npy, .npz, .png or "
        ".pkl (CheXlocalize's pickles, of which nothing is executed); several are compared",
        group="What to explain",
        existing="folder",
        repeated=True,
    )
    films: tuple[pathlib.Path, ...] = setting(
        (),
        help="JPEG, PNG or DICOM files, folders of them, or patterns such as 'films/*.dcm', instead of a split",
        group="What to explain",
        repeated=True,
        former=("images",),
    )
    data: pathlib.Path | None = setting(
        None,
        help="prepared folder whose split is explained; the first run's own if not given",
        group="What to explain",
        existing="folder",
    )
    split: str = setting("test", help="the split to explain", group="What to explain")
    threshold_split: str | None = setting(
        None,
        help="the split on which thresholds are chosen, of probabilities and of maps; without it, the one on which the "
        "first run ranked its checkpoints",
        group="What to explain",
    )
    method: str = setting(
        "gradcam",
        help="how a map is made; all through tf-keras-vis, all scaled by the predicted probability",
        choices=tuple(METHOD_NAMES),
        group="Method",
    )
    checkpoint: str = setting(
        "best",
        help="what is explained: best, the best of a run's checkpoints; ensemble, the mean of all that it kept; or "
        "one by its step number",
        group="Method",
    )
    batch: int = setting(16, help="films at a time", low=1, high=4096, group="Method")

    regions: pathlib.Path | None = setting(
        None,
        help="true regions of findings: a phantom's folder, ChestX-ray14's BBox_List_2017.csv, VinDr-CXR's "
        "annotations_test.csv, or CheXlocalize's JSON of segmentations or of annotations (polygons); without it, masks "
        "or boxes in the folder that the data were prepared from",
        group="Localisation",
        existing="any",
    )
    threshold_regions: pathlib.Path | None = setting(
        None,
        help="the same for --threshold_split or --threshold_maps, if it is in another file",
        group="Localisation",
        existing="any",
    )
    threshold_maps: tuple[pathlib.Path, ...] = setting(
        (),
        help="maps of other films, on which map thresholds are chosen: a folder for each of --maps, in the same order; "
        "without it, films are halved and each half is judged at the thresholds that are best on the other",
        group="Localisation",
        existing="folder",
        repeated=True,
    )
    protocol: str = setting(
        "peak",
        help="how maps are scored: peak, at a share of a map's peak chosen on other films, ties of the highest point "
        "shared; chexlocalize, as CheXlocalize's published code does",
        choices=PROTOCOLS,
        group="Localisation",
    )
    map_thresholds: str = setting(
        "otsu",
        help="with --protocol=chexlocalize: otsu, map by map; tuned, 0.2 to 0.7 by task on other films; or a CSV file "
        "with columns threshold and task",
        group="Localisation",
    )
    unit: str = setting("patient", help="what the bootstrap draws", choices=UNITS, group="Localisation")
    replicates: int = setting(1000, help="bootstrap replicates", low=40, high=1_000_000, group="Localisation")
    seed: int = setting(0, help="seed of the resampling", low=0, group="Localisation")
    fewest: int = setting(
        10,
        help="without a region on films of as many units, a task has no interval and is not tested",
        low=2,
        group="Localisation",
    )

    out: pathlib.Path = setting(
        help="folder for figures, overlays and localisation.json", group="Output", writes="folder"
    )
    rows: int = setting(1, help="films per task in the figure of a split", low=1, high=20, group="Output")
    gallery: bool = setting(True, help="write gallery.html, every film of the split", group="Output")
    keep_maps: bool = setting(False, help="write maps.npz: the maps before upsampling", group="Output")

    def check(self) -> None:
        if not self.run_dir and not self.maps:
            raise InputError("expected at least one run directory, or --maps; received none", "run_dir")
        if len(set(self.tasks)) != len(self.tasks):
            raise InputError(f"expected each task once; received {', '.join(self.tasks)}", "tasks")
        if self.checkpoint not in ("ensemble", "best") and not self.checkpoint.isdecimal():
            raise InputError(f"expected ensemble, best or a step; received {self.checkpoint}", "checkpoint")
        if self.protocol == "peak" and self.map_thresholds != "otsu":
            raise InputError("goes with --protocol=chexlocalize; received it alone", "map_thresholds")
        if self.maps:
            self._check_maps()
            return
        if self.threshold_maps:
            raise InputError("goes with --maps; received it alone", "threshold_maps")
        if self.films:
            for name in ("data", "regions", "threshold_regions"):
                if getattr(self, name) is not None:
                    raise InputError("goes with a split; received --films as well", name)
        if self.threshold_regions is not None and self.regions is None:
            raise InputError("goes with --regions; received it alone", "threshold_regions")
        if not self.films and self.split == self.threshold_split:
            raise InputError(f"expected another split than --split; received {self.split} twice", "threshold_split")

    def _check_maps(self) -> None:
        if self.run_dir:
            raise InputError("expected runs or maps; received both", "maps")
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        for name in _OF_RUNS:
            if getattr(self, name) != defaults[name]:
                raise InputError("goes with --run_dir; received --maps, which are measured as they are", name)
        if self.regions is None:
            raise InputError("expected the true regions, with which --maps are compared; received none", "regions")
        if self.threshold_maps and len(self.threshold_maps) != len(self.maps):
            raise InputError(
                f"expected a folder for each of the {len(self.maps)} --maps; received {len(self.threshold_maps)}",
                "threshold_maps",
            )
        if self.threshold_regions is not None and not self.threshold_maps:
            raise InputError("goes with --threshold_maps; received it alone", "threshold_regions")
        if self.threshold_maps and self.protocol == "chexlocalize" and self.map_thresholds != "tuned":
            raise InputError("goes with --map_thresholds=tuned; nothing else is chosen", "threshold_maps")
