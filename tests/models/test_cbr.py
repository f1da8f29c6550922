"""The CBR family against the parameter counts that the paper prints."""

import pytest

from chex_tf.models import cbr

# Raghu et al. 2019, Table 1: a classifier for five grades without bias, the first convolution not counted.
PRINTED = {"CBR-LargeT": 8_532_480, "CBR-LargeW": 8_432_128, "CBR-Small": 2_108_672, "CBR-Tiny": 1_076_480}


@pytest.mark.parametrize("variant", PRINTED)
def test_convolutions_have_the_paper_s_sizes(variant):
    model = cbr.build(variant, (64, 64, 3))
    kernels = [layer.kernel.shape for layer in model.layers if layer.name.endswith("_conv")]
    counted = sum(height * width * into * out for height, width, into, out in kernels[1:])
    assert counted + 5 * kernels[-1][-1] == PRINTED[variant]
