"""The sixteen architectures of CheXtransfer and the truncations of its Table 2, one row each."""

import dataclasses

from chex_tf.models import timm_names
from chex_tf.models.rows import (
    APACHE,
    BSD,
    BatchNormalisation,
    Initialiser,
    Original,
    Row,
    hub_file,
    keras_file,
)

# Top-1 by source. CheXtransfer (section 3.1) took DenseNet and ResNet from torchvision, Inception and MNASNet from
# Cadene's pretrainedmodels 0.7.4, EfficientNet and MobileNet from timm 0.2.1; the paper's source comes first.
TORCHVISION, TIMM, CADENE = "torchvision", "timm 0.2.1", "Cadene 0.7.4"
Top1 = tuple[tuple[str, float], ...]

# keras.applications' batch normalisation: that of DenseNet and ResNet, and Keras' default.
KERAS_NORMALISATION, KERAS_DEFAULT = BatchNormalisation(0.99, 1.001e-5), BatchNormalisation(0.99, 1e-3)
PYTORCH_NORMALISATION = BatchNormalisation(0.9, 1e-5)  # PyTorch's default
INCEPTION_NORMALISATION = BatchNormalisation(0.9, 1e-3)  # Cadene's InceptionV4 and NASNet, torchvision's InceptionV3


def of_torchvision(file: str, initialiser: Initialiser) -> Original:
    return Original(initialiser, PYTORCH_NORMALISATION, f"torchvision 0.5.0, {file}.py")


def of_timm(model: str, remark: str = "") -> Original:
    """timm divides a depthwise convolution's outputs by its groups, as TensorFlow's releases do."""
    return Original("he_fan_out", PYTORCH_NORMALISATION, f"timm 0.2.1, {model}: `_init_weight_goog`{remark}")


_WITH_1000 = "the paper's count is for 1000 outputs"
MNASNET_COUNT = (
    "5.290M is NASNet-A-Mobile's count (5,289,978 with 1000 outputs); MNASNet 1.0 has 4,383,312 with 1000 outputs"
)
# Found by counting: with the printed 5.290M the second and third are 11.1 and 19.9; with 5.3025M all four agree.
MNASNET_SMALLER = "the paper's printed values need a whole count of 5.300M to 5.305M, not the 5.290M it prints"


def _dense(
    depth: int,
    fourth: int,
    fifth: int,
    features: int,
    millions: float,
    digest: str,
    top1: tuple[float, ...],
    keras_top1: float,
    hub_top1: float,
) -> Row:
    file = f"densenet{depth}_weights_tf_dim_ordering_tf_kernels_notop.h5"
    return Row(
        name=f"DenseNet{depth}",
        family="DenseNet",
        builder=f"applications:DenseNet{depth}",
        features=features,
        cam_layer="relu",
        cam_grid=10,
        cut_layers=(
            "conv2_block6_concat",
            "conv3_block12_concat",
            f"conv4_block{fourth}_concat",
            f"conv5_block{fifth}_concat",
        ),
        paper_parameters_millions=millions,
        imagenet_top1=tuple(zip((TORCHVISION, TIMM, CADENE), top1, strict=True)),
        checkpoints=(
            keras_file(file, f"tensorflow/keras-applications/densenet/{file}", digest, "torch", 224, keras_top1),
            hub_file(f"densenet{depth}.tv_in1k", "torch", 224, hub_top1, APACHE, "classifier"),
        ),
        namings=(timm_names.dense,),
        initialisers=("glorot_uniform",),
        batch_normalisation=KERAS_NORMALISATION,
        original=of_torchvision("densenet", "he_fan_in"),
    )


def _efficient(
    variant: int,
    ends: tuple[str, ...],
    features: int,
    millions: float,
    digest: str,
    top1: float,
    side: int,
    keras_top1: float,
    hub_top1: float,
) -> Row:
    file = f"efficientnetb{variant}_notop.h5"
    return Row(
        name=f"EfficientNetB{variant}",
        family="EfficientNet",
        builder=f"applications:EfficientNetB{variant}",
        features=features,
        cam_layer="top_activation",
        cam_grid=10,
        cut_layers=ends,
        paper_parameters_millions=millions,
        imagenet_top1=((TIMM, top1),),
        checkpoints=(
            keras_file(file, f"keras-applications/{file}", digest, "torch", side, keras_top1),
            hub_file(f"tf_efficientnet_b{variant}.in1k", "torch", side, hub_top1, APACHE, "classifier"),
        ),
        namings=(timm_names.mobile,),
        two_paddings=True,
        initialisers=("he_fan_out_truncated",),
        batch_normalisation=KERAS_DEFAULT,
        original=of_timm(f"efficientnet_b{variant}"),
    )


def residual(depth: int, blocks: tuple[int, int, int, int], millions: float | None, top1: Top1, released: float) -> Row:
    """ResNets as in PyTorch: no biases in the convolutions, and bottlenecks stride in their 3×3."""
    return Row(
        name=f"ResNet{depth}",
        family="ResNet",
        builder=f"resnet:ResNet{depth}",
        features=512 if depth < 50 else 2048,
        cam_layer=f"conv5_block{blocks[3]}_out",
        cam_grid=10,
        cut_layers=tuple(f"conv{stage}_block{count}_out" for stage, count in enumerate(blocks, start=2)),
        paper_parameters_millions=millions,
        difference="" if millions is None else _WITH_1000,
        imagenet_top1=top1,
        checkpoints=(hub_file(f"resnet{depth}.tv_in1k", "torch", 224, released, BSD, "fc", default=True),),
        namings=(timm_names.residual,),
        initialisers=("he_fan_out",),
        batch_normalisation=PYTORCH_NORMALISATION,
        original=of_torchvision("resnet", "he_fan_out"),
    )


def top1_of(torchvision: float, timm: float, cadene: float) -> Top1:
    return ((TORCHVISION, torchvision), (TIMM, timm), (CADENE, cadene))


_INCEPTION_V3 = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
_MOBILENET_V2 = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
# With its top, because the 1280-channel head convolution belongs to the top.
_MOBILENET_V3 = "weights_mobilenet_v3_large_224_1.0_float.h5"

WHOLE: tuple[Row, ...] = (
    _dense(121, 24, 16, 1024, 6.968, "30ee3e1110167f948a6b9946edeeb738", (74.65, 75.58, 74.65), 75.0, 74.76),
    _dense(169, 32, 32, 1664, 12.508, "b8c4d4c20dd625c148057b9ff1c1176b", (76.00, 75.91, 76.03), 76.2, 75.90),
    _dense(201, 48, 32, 1920, 18.120, "c13680b51ded0fb44dff2d8f86ac8bb1", (77.20, 77.29, 77.15), 77.3, 77.29),
    _efficient(
        0,
        (
            "block1a_project_bn",
            "block2b_add",
            "block3b_add",
            "block4c_add",
            "block5c_add",
            "block6d_add",
            "block7a_project_bn",
        ),
        1280,
        4.025,
        "50bc09e76180e00e4465e1a485ddc09d",
        77.70,
        224,
        77.1,
        76.53,
    ),
    _efficient(
        1,
        ("block1b_add", "block2c_add", "block3c_add", "block4d_add", "block5d_add", "block6e_add", "block7b_add"),
        1280,
        6.531,
        "74c4e6b3e1f6a1eea24c589628592432",
        78.70,
        240,
        79.1,
        78.56,
    ),
    _efficient(
        2,
        ("block1b_add", "block2c_add", "block3c_add", "block4d_add", "block5d_add", "block6e_add", "block7b_add"),
        1408,
        7.721,
        "111f8e2ac8aa800a7a99e3239f7bfb39",
        80.39,
        260,
        80.1,
        79.60,
    ),
    _efficient(
        3,
        ("block1b_add", "block2c_add", "block3c_add", "block4e_add", "block5e_add", "block6f_add", "block7b_add"),
        1536,
        10.718,
        "af6d107764bb5b1abb91932881670226",
        81.49,
        300,
        81.6,
        80.88,
    ),
    Row(
        name="InceptionV3",
        family="Inception",
        builder="applications:InceptionV3",
        features=2048,
        cam_layer="mixed10",
        cam_grid=8,
        cut_layers=("mixed2", "mixed7", "mixed10"),
        smallest=75,
        paper_parameters_millions=27.161,
        difference=f"{_WITH_1000} and the auxiliary classifier",
        imagenet_top1=((CADENE, 77.29), (TORCHVISION, 77.45), (TIMM, 77.44)),
        checkpoints=(
            keras_file(
                _INCEPTION_V3,
                f"tensorflow/keras-applications/inception_v3/{_INCEPTION_V3}",
                "bcbd6486424b2319ff4ef7d526e38f63",
                "tf",
                299,
                77.9,
            ),
        ),
        keras_only="Keras' batch normalisation has no scale here, PyTorch's has; --weights=imagenet is Keras' own file",
        initialisers=("glorot_uniform",),
        batch_normalisation=KERAS_DEFAULT,
        original=Original(
            "truncated_normal",
            INCEPTION_NORMALISATION,
            "Cadene 0.7.4, torchvision_models.py, which takes torchvision 0.5.0's inception.py",
        ),
    ),
    Row(
        name="InceptionV4",
        family="Inception",
        builder="inception_v4:InceptionV4",
        features=1536,
        cam_layer="mixed_7d",
        cam_grid=8,
        cut_layers=("mixed_5a", "mixed_5e", "mixed_6h", "mixed_7d"),
        smallest=75,
        paper_parameters_millions=42.680,
        difference=_WITH_1000,
        imagenet_top1=((CADENE, 80.06), (TIMM, 80.17)),
        checkpoints=(hub_file("inception_v4.tf_in1k", "tf", 299, 80.16, APACHE, "last_linear", default=True),),
        namings=(timm_names.inception_v4,),
        initialisers=("he_normal",),
        batch_normalisation=INCEPTION_NORMALISATION,
        original=Original(
            "uniform_fan_in", INCEPTION_NORMALISATION, "Cadene 0.7.4, inceptionv4.py: PyTorch 1.4.0's own, nn.Conv2d"
        ),
    ),
    Row(
        name="MNASNet",
        family="MNASNet",
        builder="mnasnet:MNASNet",
        features=1280,
        cam_layer="top_relu",
        cam_grid=10,
        cut_layers=(
            "block1a_project_bn",
            "block2c_add",
            "block3c_add",
            "block4c_add",
            "block5b_add",
            "block6d_add",
            "block7a_project_bn",
        ),
        paper_parameters_millions=5.290,
        difference=MNASNET_COUNT,
        # Cadene's package, which the paper names, has no MNASNet; its NASNet-A-Mobile has 74.08.
        imagenet_top1=((TIMM, 74.66), (TORCHVISION, 73.51)),
        checkpoints=(hub_file("mnasnet_100.rmsp_in1k", "torch", 224, 74.65, APACHE, "classifier", default=True),),
        namings=(timm_names.mobile, timm_names.mnasnet_torchvision),
        initialisers=("he_fan_out",),
        batch_normalisation=PYTORCH_NORMALISATION,
        original=of_timm("mnasnet_100", "; Cadene's package, which the paper names, has no MNASNet"),
    ),
    Row(
        name="MobileNetV2",
        family="MobileNet",
        builder="applications:MobileNetV2",
        features=1280,
        cam_layer="out_relu",
        cam_grid=10,
        cut_layers=("block_2_add", "block_5_add", "block_9_add", "block_12_add", "block_15_add", "block_16_project_BN"),
        paper_parameters_millions=2.242,
        imagenet_top1=((TIMM, 72.97), (TORCHVISION, 71.88)),
        checkpoints=(
            # keras.applications publishes no digest for this file.
            keras_file(
                _MOBILENET_V2,
                f"tensorflow/keras-applications/mobilenet_v2/{_MOBILENET_V2}",
                "",
                "tf",
                224,
                71.3,
            ),
        ),
        keras_only="PyTorch's network pads differently; --weights=imagenet is Keras' own file",
        initialisers=("glorot_uniform",),
        batch_normalisation=BatchNormalisation(0.999, 1e-3),
        original=of_timm("mobilenetv2_100"),
    ),
    Row(
        name="MobileNetV3",
        family="MobileNet",
        builder="applications:MobileNetV3Large",
        features=1280,
        cam_layer="conv_1_activation",
        cam_grid=10,
        cut_layers=(
            "expanded_conv_add",
            "expanded_conv_2_add",
            "expanded_conv_5_add",
            "expanded_conv_9_add",
            "expanded_conv_11_add",
            "expanded_conv_14_add",
        ),
        paper_parameters_millions=4.220,
        imagenet_top1=((TIMM, 75.77), (TORCHVISION, 74.04)),
        checkpoints=(
            keras_file(
                _MOBILENET_V3,
                f"tensorflow/keras-applications/mobilenet_v3/{_MOBILENET_V3}",
                "59e551e166be033d707958cf9e29a6a7",
                "tf",
                224,
                75.6,
                classifier=("logits",),
            ),
            hub_file("tf_mobilenetv3_large_100.in1k", "tf", 224, 75.52, APACHE, "classifier"),
        ),
        namings=(timm_names.mobilenet_v3,),
        two_paddings=True,
        initialisers=("glorot_uniform",),
        batch_normalisation=BatchNormalisation(0.999, 1e-3),
        original=of_timm("mobilenetv3_large_100"),
    ),
    residual(18, (2, 2, 2, 2), 11.690, top1_of(69.76, 69.75, 70.14), 69.76),
    residual(34, (3, 4, 6, 3), 21.798, top1_of(73.30, 75.11, 73.55), 73.31),
    residual(50, (3, 4, 6, 3), 25.557, top1_of(76.15, 79.04, 76.00), 76.13),
    residual(101, (3, 4, 23, 3), 44.549, top1_of(77.37, 77.37, 77.44), 77.38),
)


def _cut(whole: Row, removed: int, at: str, features: int, grid: int, times_smaller: float) -> Row:
    """`whole` without the stages above the layer `at`."""
    return dataclasses.replace(
        whole,
        name=f"{whole.name}Minus{removed}",
        base=whole.name,
        cut_at=at,
        features=features,
        cam_layer=at,
        cam_grid=grid,
        cut_layers=whole.cut_layers[: whole.cut_layers.index(at) + 1],
        paper_parameters_millions=None,
        paper_times_smaller=times_smaller,
        difference=MNASNET_SMALLER if whole.name == "MNASNet" else "",
        imagenet_top1=(),
    )


_BY_NAME = {row.name: row for row in WHOLE}
_DENSE, _MNAS, _RES, _EFF = (_BY_NAME[name] for name in ("DenseNet121", "MNASNet", "ResNet18", "EfficientNetB0"))

# Table 2 prints "times smaller"; the stages that each truncation removes here reproduce it.
TRUNCATED: tuple[Row, ...] = (
    _cut(_DENSE, 1, "conv4_block24_concat", 1024, 20, 1.6),
    _cut(_DENSE, 2, "conv3_block12_concat", 512, 40, 5.3),
    _cut(_DENSE, 3, "conv2_block6_concat", 256, 80, 20.0),
    _cut(_MNAS, 1, "block6d_add", 192, 10, 2.5),
    _cut(_MNAS, 2, "block5b_add", 96, 20, 11.2),
    _cut(_MNAS, 3, "block4c_add", 80, 20, 20.0),
    _cut(_MNAS, 4, "block3c_add", 40, 40, 112.9),
    _cut(_RES, 1, "conv4_block2_out", 256, 20, 4.2),
    _cut(_RES, 2, "conv3_block2_out", 128, 40, 17.1),
    _cut(_RES, 3, "conv2_block2_out", 64, 80, 73.8),
    _cut(_EFF, 1, "block6d_add", 192, 10, 1.4),
    _cut(_EFF, 2, "block5c_add", 112, 20, 4.7),
)
