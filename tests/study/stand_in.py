"""Stands in for a training in tests of the controller: python stand_in.py WHAT RUN_DIR FINISHED STOPPED

finish    the finished run appears in RUN_DIR
advance   the stopped run appears there, exit code 1
stray     the finished run appears, with another learning rate
fail      a line of complaint and exit code 1
refuse    a line of complaint and exit code 2
wait      holds the run's lock until SIGTERM, then leaves the stopped run and exits with 143
"""

import pathlib
import shutil
import signal
import sys
import time

from chex_tf.runs.lock import locked

what, run_dir, finished, stopped = sys.argv[1], *map(pathlib.Path, sys.argv[2:5])
if what == "finish":
    shutil.copytree(finished, run_dir, dirs_exist_ok=True)
elif what == "stray":
    shutil.copytree(finished, run_dir, dirs_exist_ok=True)
    config = run_dir / "config.json"
    config.write_text(config.read_text().replace('"learning_rate": 0.001', '"learning_rate": 0.25'))
elif what == "advance":
    shutil.copytree(stopped, run_dir, dirs_exist_ok=True)
    sys.exit(1)
elif what == "wait":
    with locked(run_dir):
        told: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, frame: told.append(number))
        print("waiting", flush=True)
        while not told:
            time.sleep(0.05)
        shutil.copytree(stopped, run_dir, dirs_exist_ok=True)
    sys.exit(143)
else:
    print(f"{what}: this cannot be done", flush=True)
    sys.exit({"fail": 1, "refuse": 2}[what])
