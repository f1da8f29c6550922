"""What is said of bfloat16, by what Linux says of the processor."""

import pathlib

import pytest

from chex_tf.training import distribution, plan, processor
from chex_tf.training.settings import TrainSettings

# As the kernel prints them, most flags left out.
SAPPHIRE_RAPIDS = "processor\t: 0\nflags\t\t: fpu sse2 avx512f avx512_bf16 amx_bf16 amx_tile\nbugs\t\t: swapgs\n"
ZEN_4 = "processor\t: 0\nflags\t\t: fpu sse2 avx512f avx512_bf16\n"
HASWELL = "processor\t: 0\nflags\t\t: fpu sse2 avx2 fma\nbugs\t\t: amx_bf16\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd bf16\n"


@pytest.fixture
def cpuinfo(tmp_path):
    def write(text: str) -> pathlib.Path:
        file = tmp_path / "cpuinfo"
        file.write_text(text)
        return file

    return write


@pytest.mark.parametrize(
    ("text", "found"), [(SAPPHIRE_RAPIDS, "AMX-BF16"), (ZEN_4, "AVX512-BF16"), (HASWELL, ""), (ARM, None)]
)
def test_the_flags_tell(text, found, cpuinfo):
    assert processor.bfloat16(cpuinfo(text)) == found


def test_without_the_file_nothing_is_known(tmp_path):
    assert processor.bfloat16(tmp_path / "absent") is None
    assert processor.describe("float32", tmp_path / "absent") is None
    assert "is not known" in processor.describe("mixed_bfloat16", tmp_path / "absent")


@pytest.mark.parametrize(
    ("text", "precision", "said"),
    [
        (SAPPHIRE_RAPIDS, "float32", "processor: AMX-BF16, which --precision=mixed_bfloat16 would use"),
        (ZEN_4, "mixed_float16", "processor: AVX512-BF16, which --precision=mixed_bfloat16 would use"),
        (SAPPHIRE_RAPIDS, "mixed_bfloat16", "processor: AMX-BF16, which --precision=mixed_bfloat16 uses"),
        (
            HASWELL,
            "float32",
            "processor: no instructions for bfloat16, so --precision=mixed_bfloat16 would be emulated and slower",
        ),
        (
            HASWELL,
            "mixed_bfloat16",
            "processor: no instructions for bfloat16, so --precision=mixed_bfloat16 is emulated here and slower than "
            "float32",
        ),
    ],
)
def test_what_is_said(text, precision, said, cpuinfo):
    assert processor.describe(precision, cpuinfo(text), {}) == said


def test_switched_off_it_is_not_called_used(cpuinfo):
    said = processor.describe("mixed_bfloat16", cpuinfo(ZEN_4), {"TF_ENABLE_ONEDNN_OPTS": "0"})
    assert said == "processor: AVX512-BF16, which TF_ENABLE_ONEDNN_OPTS=0 leaves unused"


def test_the_plan_speaks_of_the_processor_only_where_it_computes(monkeypatch, tmp_path):
    settings = TrainSettings(run_dir=tmp_path / "run", strategy="one", precision="mixed_bfloat16")
    monkeypatch.setattr(processor, "describe", lambda precision: f"processor: {precision}")
    machine = distribution.machine(settings)
    assert plan.describe_machine(settings, machine) == ["1 replica on CPU:0", "processor: mixed_bfloat16"]

    class OnGpu:
        extended = type("Extended", (), {"worker_devices": ("/job:localhost/device:GPU:0",)})

    on_gpu = distribution.Machine(OnGpu(), 0, 1, 1)
    assert plan.describe_machine(settings, on_gpu) == ["1 replica on GPU:0"]
