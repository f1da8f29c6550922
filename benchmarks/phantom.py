"""How fast phantoms are drawn, images a second, all cores.

python -m benchmarks.phantom
"""

import argparse
import os
import pathlib
import tempfile
import time

from benchmarks import quick
from chex_tf.phantom import writer
from chex_tf.phantom.settings import PhantomSettings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fraction", type=float, default=1.0, help="of the usual number of patients")
    parser.add_argument("--processes", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    quick.add_flag(parser, fraction=0.02, processes=1)
    arguments = parser.parse_args()
    print(f"{'layout':14s}{'pixels':>8s}{'images':>8s}{'seconds':>9s}{'images/s':>10s}   on {os.cpu_count()} cores")
    for layout, size, patients in (("chexpert", 128, 680), ("chexpert", 320, 120), ("chestxray14", 128, 240)):
        with tempfile.TemporaryDirectory() as scratch:
            settings = PhantomSettings(
                out=pathlib.Path(scratch) / "phantom",
                patients=round(patients * arguments.fraction),
                image_size=size,
                seed=arguments.seed,
                layout=layout,
                processes=arguments.processes,
            )
            started = time.perf_counter()
            images = len(writer.write(settings))
            seconds = time.perf_counter() - started
        print(f"{layout:14s}{size:8d}{images:8d}{seconds:9.1f}{images / seconds:10.1f}", flush=True)


if __name__ == "__main__":
    main()
