"""A stable name for every variable of a model, for files that outlive the process."""

import keras

SEED_STATE = "seed_generator_state"  # Keras' name for the state of a random generator


def weight_names(model: keras.Model) -> dict[str, keras.Variable]:
    """LAYER/VARIABLE -> variable, for every variable but random seeds, in the order of `model.variables`.

    LAYER is one of `model.layers`. Keras numbers the layers inside a layer over the whole process, so their names are
    left out: variables of the same name are numbered in the layer's own order (block/kernel, block/kernel_1 …).
    """
    # Variables that belong to no layer, which a model written as a class may have, are named after the model.
    owners = [*((layer.name, layer.variables) for layer in model.layers), ("model", model.variables)]
    names: dict[int, str] = {}
    taken: set[str] = set()
    for owner, variables in owners:
        for variable in variables:
            if id(variable) not in names and variable.name != SEED_STATE:
                names[id(variable)] = _unused_name(f"{owner}/{variable.name}", taken)
                taken.add(names[id(variable)])
    return {names[id(variable)]: variable for variable in model.variables if id(variable) in names}


def _unused_name(name: str, taken: set[str]) -> str:
    number, free = 0, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
