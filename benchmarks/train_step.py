"""One training step, images a second: this project's models beside PyTorch + timm's, turn by turn in one run.

    python -m benchmarks.train_step --peer_python=TIMM_ENV/bin/python ResNet18 …
    python -m benchmarks.train_step --peer_python=TIMM_ENV/bin/python --precision=mixed_bfloat16 ResNet18 …

The peer's script (benchmarks/peers/pytorch_step.py, or another) is called with a timm name, --size, --batch, --steps
and, unless it is float32, --precision; it prints "name images_a_second". Each side runs in a process of its own and the
sides take turns, so that a machine that slows down slows both. Without a peer's interpreter only this side is timed.
Loss, optimiser (Adam in one kernel a variable) and batch are the peer's: random images, 14 outputs. Under
mixed_bfloat16 this side computes as launch.train --precision=mixed_bfloat16 does, PyTorch under torch.autocast.

TensorFlow turns oneDNN on by itself only for newer instruction sets (AVX-512 VNNI and above). PyTorch always uses it,
so it is turned on here too, unless TF_ENABLE_ONEDNN_OPTS says otherwise.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from benchmarks import quick

# Row of the catalogue, to what timm calls the same network.
PEERS = {
    "DenseNet121": "densenet121",
    "DenseNet169": "densenet169",
    "DenseNet201": "densenet201",
    "EfficientNetB0": "tf_efficientnet_b0",
    "EfficientNetB1": "tf_efficientnet_b1",
    "EfficientNetB2": "tf_efficientnet_b2",
    "EfficientNetB3": "tf_efficientnet_b3",
    "InceptionV3": "inception_v3",
    "InceptionV4": "inception_v4",
    "MNASNet": "mnasnet_100",
    "MobileNetV2": "mobilenetv2_100",
    "MobileNetV3": "mobilenetv3_large_100",
    "ResNet18": "resnet18",
    "ResNet34": "resnet34",
    "ResNet50": "resnet50",
    "ResNet101": "resnet101",
}
_WARM_STEPS, _TIMINGS = 2, 3  # as the peer's script
_PEER_SCRIPT = pathlib.Path(__file__).parent / "peers" / "pytorch_step.py"
# Those for which at least 1.2 times the peer is promised, in float32; for the others 1.0.
PROMISED = {"DenseNet121": 1.2, "ResNet18": 1.2, "EfficientNetB0": 1.2, "MobileNetV2": 1.2}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("architectures", nargs="*", help="rows of the catalogue; all sixteen by default")
    parser.add_argument("--peer_python", type=pathlib.Path, help="interpreter that has PyTorch and timm")
    parser.add_argument(
        "--peer_script", type=pathlib.Path, default=_PEER_SCRIPT, help="script that times one step in PyTorch"
    )
    parser.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="float32", help="of both sides")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=8, help="steps a timing, of which the best of three counts")
    parser.add_argument("--rounds", type=int, default=1, help="times each side is run; the median counts")
    parser.add_argument("--plain", action="store_true", help="time Keras' own batch normalisation too")
    parser.add_argument(
        "--convolutions", action="store_true", help="run each side once more and show its convolutions' share of a step"
    )
    parser.add_argument("--json", type=pathlib.Path, help="where to write the numbers")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    quick.add_flag(parser, architectures=["ResNet18Minus3"], size=64, batch=2, steps=1)
    return parser.parse_args()


def time_ours(arch: str, size: int, batch: int, steps: int, precision: str, *, fused: bool) -> float:
    """Images a second of one replica's step, in this process."""
    import keras
    import tensorflow as tf

    from chex_tf.models import build
    from chex_tf.models.heads import Heads
    from chex_tf.models.settings import ModelSettings

    keras.config.set_dtype_policy(precision)
    model = build.build_model(ModelSettings(arch=arch, fused=fused), Heads(outputs=14), size).model
    images = tf.random.stateless_uniform((batch, size, size, 3), (0, 1))
    labels = tf.cast(tf.random.stateless_uniform((batch, 14), (0, 2)) > 0.8, tf.float32)
    weights = [variable.value for variable in model.trainable_variables]
    slots = [(tf.Variable(tf.zeros_like(weight)), tf.Variable(tf.zeros_like(weight))) for weight in weights]
    count = tf.Variable(0.0)

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))
        gradients = tape.gradient(loss, weights)
        count.assign_add(1.0)
        powers = tf.pow(0.9, count), tf.pow(0.999, count)
        for weight, gradient, (first, second) in zip(weights, gradients, slots, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=1e-4,
                beta1=0.9,
                beta2=0.999,
                epsilon=1e-8,
                grad=gradient,
            )

    for _ in range(_WARM_STEPS):
        step()
    seconds = []
    for _ in range(_TIMINGS):
        start = time.perf_counter()
        for _ in range(steps):
            step()
        tf.constant(0.0).numpy()
        seconds.append((time.perf_counter() - start) / steps)
    return batch / min(seconds)


def in_own_process(command: list[str]) -> float:
    """The number that the command prints last."""
    return float(_printed(command).split()[-1])


def convolutions(command: list[str], batch: int, steps: int) -> tuple[float, float]:
    """Milliseconds of a step, and of its convolutions by oneDNN's own account, one kernel at a time."""
    printed = _printed(command, ONEDNN_VERBOSE="1", TF_NUM_INTEROP_THREADS="1")
    kernels: dict[tuple[str, ...], list[float]] = {}
    for line in printed.splitlines():
        # onednn_verbose,v1,primitive,exec,cpu,convolution,<kernel>,<direction>,…,<shape>,<milliseconds>
        if ",exec,cpu,convolution," in line:
            *what, milliseconds = line.split(",")
            kernels.setdefault(tuple(what), []).append(float(milliseconds))
    taken = sum(statistics.median(times) * len(times) for times in kernels.values())
    return 1000 * batch / float(printed.split()[-1]), taken / (_WARM_STEPS + _TIMINGS * steps)


def _printed(command: list[str], **more: str) -> str:
    environment = {
        "TF_ENABLE_ONEDNN_OPTS": "1",
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_BACKEND": "tensorflow",
        **more,
    }
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def sides(options: argparse.Namespace, arch: str) -> dict[str, list[str]]:
    """The commands whose numbers are compared for one architecture."""
    shape = ["--size", str(options.size), "--batch", str(options.batch), "--steps", str(options.steps)]
    if options.precision != "float32":
        shape += ["--precision", options.precision]
    ours = [sys.executable, "-m", "benchmarks.train_step", arch, *shape, "--one"]
    commands = {"ours": [*ours, "fused"]}
    if options.plain:
        commands["plain Keras"] = [*ours, "plain"]
    if options.peer_python:
        commands["PyTorch + timm"] = [str(options.peer_python), str(options.peer_script), PEERS[arch], *shape]
    return commands


def main() -> None:
    options = arguments()
    if options.one:
        (arch,) = options.architectures
        shape = options.size, options.batch, options.steps, options.precision
        print(time_ours(arch, *shape, fused=options.one == "fused"))
        return
    results: dict[str, dict[str, float]] = {}
    what = f"images a second, {options.size}×{options.size}, {options.precision}"
    print(f"{'':16}{'ours':>10}{'PyTorch':>10}{'ratio':>8}{'plain':>10}   {what}")
    for arch in options.architectures or PEERS:
        commands = sides(options, arch)
        timings: dict[str, list[float]] = {side: [] for side in commands}
        for _ in range(options.rounds):
            for side, command in commands.items():
                timings[side].append(in_own_process(command))
        paces = {side: statistics.median(values) for side, values in timings.items()}
        results[arch] = paces
        peer, plain = paces.get("PyTorch + timm"), paces.get("plain Keras")
        line = f"{arch:16}{paces['ours']:10.1f}" + (f"{peer:10.1f}{paces['ours'] / peer:8.2f}" if peer else 18 * " ")
        promised = PROMISED.get(arch, 1.0) if options.precision == "float32" else 0.0
        short = peer is not None and paces["ours"] < promised * peer
        print(
            line + (f"{plain:10.1f}" if plain else 10 * " ") + ("   short of the promise" if short else ""), flush=True
        )
        for side in (side for side in commands if options.convolutions and side != "plain Keras"):
            step, taken = convolutions(commands[side], options.batch, options.steps)
            print(f"{'':16}{side}: {taken:.0f} of {step:.0f} ms in convolutions, {taken / step:.0%}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
