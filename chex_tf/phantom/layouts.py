"""The layouts that a phantom may have, by the name that `--layout` gives them."""

from chex_tf.phantom import (
    brax_layout,
    chest_xray14_layout,
    chexpert_layout,
    mimic_layout,
    padchest_layout,
    vindr_layout,
)
from chex_tf.phantom.layout import Layout

# In the order of settings.LAYOUTS, on which the random numbers depend.
LAYOUTS: dict[str, Layout] = {
    "chexpert": chexpert_layout.LAYOUT,
    "chestxray14": chest_xray14_layout.LAYOUT,
    "mimic": mimic_layout.LAYOUT,
    "brax": brax_layout.LAYOUT,
    "padchest": padchest_layout.LAYOUT,
    "vindr": vindr_layout.LAYOUT,
}
