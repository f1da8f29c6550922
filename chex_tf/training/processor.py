"""Whether this processor computes in bfloat16, without which --precision=mixed_bfloat16 only costs time."""

import os
import pathlib
import re
from collections.abc import Mapping

CPUINFO = pathlib.Path("/proc/cpuinfo")
# Linux' flags, the fastest first. AVX512-BF16 alone has a dot product of pairs, AMX whole tiles.
INSTRUCTIONS = {"amx_bf16": "AMX-BF16", "avx512_bf16": "AVX512-BF16"}


def bfloat16(cpuinfo: pathlib.Path = CPUINFO) -> str | None:
    """The instructions that the processor has for it, "" for none; None where that is not known."""
    try:
        flags = re.search(r"^flags\s*:(.*)$", cpuinfo.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    except OSError:
        return None
    if flags is None:
        return None
    there = set(flags[1].split())
    return next((name for flag, name in INSTRUCTIONS.items() if flag in there), "")


def describe(
    precision: str, cpuinfo: pathlib.Path = CPUINFO, environment: Mapping[str, str] = os.environ
) -> str | None:
    """What --precision=mixed_bfloat16 does or would do on this processor; None where nothing is known of it."""
    found = bfloat16(cpuinfo)
    used = precision == "mixed_bfloat16"
    if found is None:
        return "processor: whether it computes in bfloat16 is not known" if used else None
    if not found:
        how = "is emulated here and slower than float32" if used else "would be emulated and slower"
        return f"processor: no instructions for bfloat16, so --precision=mixed_bfloat16 {how}"
    if environment.get("TF_ENABLE_ONEDNN_OPTS") == "0":
        return f"processor: {found}, which TF_ENABLE_ONEDNN_OPTS=0 leaves unused"
    return f"processor: {found}, which --precision=mixed_bfloat16 {'uses' if used else 'would use'}"
