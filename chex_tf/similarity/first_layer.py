"""The first convolutions of two runs' networks, and of a random one."""

from chex_tf.settings import InputError
from chex_tf.similarity.filters import Filters, compared
from chex_tf.similarity.networks import Network
from chex_tf.similarity.settings import SimilaritySettings
from chex_tf.trained.activations import RANDOM, frozen
from chex_tf.trained.first_convolution import first_convolution


def of_pair(settings: SimilaritySettings, pair: tuple[Network, Network]) -> Filters:
    """The random network has the seed after those of the random networks that features are compared with, so it is
    neither of the two."""
    first, second = pair
    random = frozen(first.run, RANDOM, settings.seed + 2 * (settings.random_networks + 1))
    found = [first_convolution(network) for network in (first.network, second.network, random)]
    if found[0].kernel.shape != found[1].kernel.shape:
        shapes = ["×".join(map(str, one.kernel.shape)) for one in found[:2]]
        raise InputError(
            f"expected two networks with the same first convolution; received {first.run.arch} with {shapes[0]} and "
            f"{second.run.arch} with {shapes[1]}",
            "filters",
        )
    names = first.network.origin, second.network.origin, random.origin
    kernels = found[0].kernel, found[1].kernel, found[2].kernel
    greys = found[0].grey, found[1].grey, found[2].grey
    return compared(found[0].layer, names, kernels, greys)
