"""The protocol that settings ask for."""

from chex_tf.explain import chexlocalize
from chex_tf.explain.scoring import PEAK, Protocol
from chex_tf.explain.settings import ExplainSettings


def protocol_of(settings: ExplainSettings) -> Protocol:
    return chexlocalize.protocol(settings.map_thresholds) if settings.protocol == chexlocalize.KEY else PEAK
