"""Stable names of a model's variables."""

import keras

_SEED = "seed_generator_state"


def weight_names(model: keras.Model) -> dict[str, keras.Variable]:
    """LAYER/VARIABLE -> variable."""
    named = {}
    for layer in model.layers:
        counts: dict[str, int] = {}
        for variable in layer.variables:
            if variable.name == _SEED:
                continue
            number = counts.get(variable.name, 0)
            counts[variable.name] = number + 1
            named[id(variable)] = f"{layer.name}/{variable.name}" + (f"_{number}" if number else "")
    return {named[id(variable)]: variable for variable in model.variables if variable.name != _SEED}
