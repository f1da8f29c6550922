"""Decoding and resizing against Pillow, TensorFlow and hand-made pictures."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from chex_tf.data import images


def textured(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth forms and fine texture, as in a film."""
    noise = np.random.default_rng(seed).normal(size=(height, width))
    down, across = np.mgrid[0:height, 0:width]
    return np.clip(128 + 70 * np.sin(across / 17) * np.cos(down / 23) + 12 * noise, 0, 255).astype(np.uint8)


def encoded(image: np.ndarray, form: str, mode: str = "L", **options: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).convert(mode).save(stream, form, **options)
    return stream.getvalue()


def test_png_is_read_exactly():
    image = textured(33, 47)
    assert np.array_equal(images.decode(encoded(image, "PNG")), image)


def test_jpeg_is_read_as_tensorflow_reads_it():
    data = encoded(textured(70, 90), "JPEG", quality=90)
    theirs = tf.io.decode_jpeg(data, channels=1, dct_method="INTEGER_ACCURATE").numpy()[..., 0]
    assert np.abs(images.decode(data).astype(int) - theirs).max() <= 1


def test_a_camera_s_orientation_tag_turns_nothing():
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    Image.fromarray(textured(40, 64)).save(stream, "JPEG", exif=exif)
    assert images.decode(stream.getvalue()).shape == (40, 64)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_what_was_cut_off_is_refused_and_padding_is_not(form):
    whole = encoded(textured(70, 90), form)
    for kept in (len(whole) // 2, len(whole) - 2):
        with pytest.raises(ValueError, match=f"cut off.*{form} without its end"):
            images.decode(whole[:kept])
    assert np.array_equal(images.decode(whole + bytes(100)), images.decode(whole))


def test_a_png_that_claims_gigabytes_is_refused():
    claiming = bytearray(encoded(textured(70, 90), "PNG"))
    claiming[33:37] = (2**31 - 1).to_bytes(4)  # length of the chunk after the header
    with pytest.raises(ValueError, match="a PNG without its end"):
        images.decode(bytes(claiming))


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match="expected a JPEG or PNG; received 9 bytes"):
        images.decode(b"not image")


@pytest.mark.parametrize(
    ("shape", "target"),
    [((390, 320), (320, 320)), ((320, 390), (320, 320)), ((330, 420), (230, 230)), ((97, 131), (96, 96))],
)
def test_shrinking_agrees_with_pillow_s_antialiased_bilinear(shape, target):
    image = textured(*shape)
    theirs = np.asarray(Image.fromarray(image).resize(target[::-1], Image.Resampling.BILINEAR)).astype(int)
    ours = images.resize(image, *target).astype(int)
    plain = tf.image.resize(image[..., None], target, antialias=False).numpy()[..., 0]
    assert np.abs(ours - theirs).mean() < 1.5
    assert np.abs(ours - theirs).mean() < np.abs(plain - theirs).mean()


def test_stripes_too_fine_for_the_target_become_grey():
    """A pattern at the source's limit must not come back as coarse stripes, which is aliasing."""
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 96))
    assert stripes.shape == (64, 192)
    for width in (48, 80, 100):
        deviation = images.resize(stripes, 64, width).std()
        assert deviation < 0.25 * stripes.std(), width


def test_shrinking_by_a_whole_number_is_the_mean_of_the_area():
    image = textured(96, 128)
    means = image.reshape(24, 4, 32, 4).mean((1, 3))
    assert np.abs(images.resize(image, 24, 32) - means).max() <= 0.51


def test_growing_is_tensorflow_s_bilinear():
    image = textured(40, 50)
    theirs = tf.image.resize(image[..., None], (64, 96)).numpy()[..., 0]
    assert np.abs(images.resize(image, 64, 96) - theirs).max() <= 1


@pytest.mark.parametrize(("shape", "target"), [((300, 40), (64, 64)), ((40, 300), (64, 64)), ((65, 60), (64, 64))])
def test_one_side_may_shrink_while_the_other_grows(shape, target):
    grey = images.resize(np.full(shape, 200, np.uint8), *target)
    assert grey.shape == target
    assert (grey == 200).all()


def test_out_receives_the_result():
    out = np.zeros((2, 64, 64), np.uint8)
    image = textured(80, 70)
    for source in (image, textured(64, 64), textured(300, 290)):
        images.load(encoded(source, "PNG"), 64, out=out[1])
        assert np.array_equal(out[1], images.load(encoded(source, "PNG"), 64))
    assert not out[0].any()


def test_a_large_jpeg_is_decoded_reduced_and_looks_the_same():
    image = textured(640, 700)
    data = encoded(image, "JPEG", quality=95)
    assert images.decode(data, least=150).shape == (160, 175)
    assert images.decode(data, least=161).shape == (320, 350)
    reduced = images.load(data, 150).astype(int)
    whole = images.resize(images.decode(data), 150, 150)
    assert np.abs(reduced - whole).mean() < 1.5


def test_what_has_no_readable_header_is_not_reduced():
    assert images._reduction(encoded(textured(48, 65), "PNG"), 8) == 1
    assert images._reduction(b"\xff\xd8\xff", 8) == 1
    assert images._reduction(encoded(textured(48, 65), "JPEG"), 8) == 4


def test_keeping_proportions_makes_the_shorter_side_fit():
    assert images.target_shape(390, 320, 160, "keep") == (195, 160)
    assert images.target_shape(320, 390, 160, "squash") == (160, 160)


def test_sixteen_bits_go_to_the_nearest_grey():
    """Grey levels are 257 apart: 65535 / 255. By the high byte alone, a quarter of all values would be one off."""
    every = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    stream = io.BytesIO()
    Image.fromarray(every).save(stream, "PNG")
    assert np.array_equal(images.decode(stream.getvalue()), np.floor(every / 257 + 0.5))
