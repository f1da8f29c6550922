"""The CBR family of Transfusion: four or five blocks of convolution, batch normalisation, ReLU and pooling.

Raghu et al. 2019, appendix: convolutions of stride 1, 3×3 max pooling of stride 2 after every block, global average
pooling. The paper does not say how convolutions are padded (here: size kept), whether they have biases (here: none,
batch normalisation follows) or how they are initialised (here: He).

The widths give the parameter counts of the paper's Table 1 (8,532,480, 8,432,128, 2,108,672 and 1,076,480) exactly,
counted as all convolutions but the first and a classifier without bias for five grades: 5×5 kernels are CBR-Tiny's
only with 32 to 256 channels.
"""

import keras
from keras import layers

# Kernel side, and channels of the blocks.
CONFIGURATIONS: dict[str, tuple[int, tuple[int, ...]]] = {
    "CBR-LargeT": (7, (32, 64, 128, 256, 512)),
    "CBR-LargeW": (7, (64, 128, 256, 512)),
    "CBR-Small": (7, (32, 64, 128, 256)),
    "CBR-Tiny": (5, (32, 64, 128, 256)),
}


def build(variant: str, input_shape: tuple[int, int, int]) -> keras.Model:
    """The network without its classifier; its last layer is the last block's pooling."""
    kernel, widths = CONFIGURATIONS[variant]
    image = keras.Input(input_shape, name="image")
    x = image
    for block, channels in enumerate(widths, start=1):
        x = layers.Conv2D(
            channels,
            kernel,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"block{block}_conv",
        )(x)
        x = layers.BatchNormalization(epsilon=1e-5, momentum=0.9, name=f"block{block}_bn")(x)
        x = layers.Activation("relu", name=f"block{block}_relu")(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"block{block}_pool")(x)
    return keras.Model(image, x, name=variant.lower().replace("-", "_"))
