"""A real Slurm of one node on this machine carries out studies of stand-ins."""

import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

from chex_tf.settings import InputError
from chex_tf.study.controller import Controller, Rules
from chex_tf.study.slurm import SlurmExecutor

pytestmark = pytest.mark.slow  # the daemons alone take some ten seconds

STAND_IN = pathlib.Path(__file__).with_name("stand_in.py")
ROOT = pathlib.Path(__file__).resolve().parents[2]
NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue")
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
SlurmUser=root
SlurmdUser=root
SlurmctldPort={port}
SlurmdPort={slurmd_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=1
ReturnToService=2
KillWait=10
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """Slurm's configuration in the environment while the daemons run."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing or os.getuid() != 0:
        pytest.skip(f"needs Slurm's daemons, started as root; missing {', '.join(missing) or 'root'}")
    folder = tmp_path_factory.mktemp("slurm")
    for above in (folder, folder.parent, folder.parent.parent):
        above.chmod(0o755)  # munged refuses a socket that others cannot reach
    for name, mode in (("munge", 0o711), ("state", 0o755), ("spool", 0o755)):
        (folder / name).mkdir()
        (folder / name).chmod(mode)
    key = folder / "munge" / "key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    host = subprocess.run(["hostname", "-s"], capture_output=True, text=True, check=True).stdout.strip()
    cores, port = os.cpu_count() or 1, 20000 + os.getpid() % 20000
    text = CONFIGURATION.format(host=host, folder=folder, cores=cores, port=port, slurmd_port=port + 1)
    (folder / "slurm.conf").write_text(text)
    files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    options = [f"--{flag}={folder / 'munge' / file}" for flag, file in files.items()]
    daemons = [
        subprocess.Popen(command, **quiet)
        for command in (["munged", "--foreground", "--force", *options], ["slurmctld", "-D", "-c"], ["slurmd", "-D"])
    ]
    try:
        until = time.monotonic() + 60
        while "idle" not in subprocess.run(["sinfo", "-h"], capture_output=True, text=True).stdout:
            assert time.monotonic() < until, (folder / "slurmctld.log").read_text()[-2000:]
            time.sleep(0.5)
        yield folder
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait(30)
        del os.environ["SLURM_CONF"]
        if before is not None:
            os.environ["SLURM_CONF"] = before


@pytest.fixture
def control(slurm, two_cells, kinds, fixture_runs):
    """Runs a study whose cells do what `plan` says, one word a start."""

    def make(plan, rules=Rules(retries=2), **more):  # noqa: B008
        folder, made = two_cells
        left = {name: list(words) for name, words in plan.items()}
        said: list[str] = []

        def command(cell, before):
            runs = [str(fixture_runs / name) for name in ("finished", "stopped")]
            return [sys.executable, str(STAND_IN), left[cell.name].pop(0), str(cell.run_dir(folder)), *runs]

        executor = SlurmExecutor(folder, setup=f"export PYTHONPATH={ROOT}", **more)
        controller = Controller(folder, made, {"train": kinds}, executor, rules, said.append, command=command, poll=0.3)
        controller._sleep = limited(time.monotonic() + 90)
        return controller, executor, said, left

    return make


def limited(until):
    def sleep(seconds):
        assert time.monotonic() < until, "took too long"
        time.sleep(seconds)

    return sleep


def when_held(two_cells, then):
    """Does `then` once, when both runs are held by their jobs."""
    folder, made = two_cells
    left = [then]
    sleep = limited(time.monotonic() + 90)

    def look(seconds):
        if left and all((cell.run_dir(folder) / "lock.json").exists() for cell in made.cells):
            left.pop()()
        sleep(seconds)

    return look


def test_an_array_carries_out_what_is_ready(control, two_cells):
    controller, _, said, left = control({"done": ["fail", "finish"], "other": ["finish"]})
    outcome = controller.run()
    assert outcome.is_complete, said
    assert "done: failed with exit code 1 at step 0; will be tried again" in said
    assert "    fail: this cannot be done" in said
    arrays = sorted(path.name for path in (two_cells[0] / "slurm").glob("*.sh"))
    assert arrays == ["array-1.sh", "array-2.sh"]
    assert "--array=0-1%" in (two_cells[0] / "slurm" / "array-1.sh").read_text()
    assert not any(left.values())


def test_jobs_that_are_cancelled_save_and_are_started_again(control, two_cells):
    controller, executor, said, _ = control({"done": ["wait", "finish"], "other": ["wait", "finish"]})
    controller._sleep = when_held(two_cells, lambda: subprocess.run(["scancel", *executor._jobs.values()], check=True))
    outcome = controller.run()
    assert outcome.is_complete, said
    assert any("at step 4; will be tried again" in line for line in said)


def test_a_controller_that_was_killed_finds_its_jobs_again(control, two_cells):
    first, executor, _, _ = control({"done": ["wait"], "other": ["wait"]})

    def die():
        raise KeyboardInterrupt

    first._sleep = when_held(two_cells, die)
    with pytest.raises(KeyboardInterrupt):
        first.run()
    second, again, said, _ = control({"done": ["finish"], "other": ["finish"]})
    assert set(again.under_way()) == {"done", "other"}
    ask = ["scancel", "--signal=TERM", "--batch", *executor._jobs.values()]
    second._sleep = when_held(two_cells, lambda: subprocess.run(ask, check=True))
    assert second.run().is_complete, said
    assert again.under_way() == ()


def test_a_refusal_of_sbatch_is_one_line(control):
    controller, _, _, _ = control({"done": ["finish"], "other": ["finish"]}, options=["--partition=nowhere"])
    with pytest.raises(InputError, match=r"sbatch refused .*invalid partition"):
        controller.run()
