"""A stable name for every variable of a model, for files that outlive the process."""

import keras

SEED_STATE = "seed_generator_state"  # Keras' name for what a random generator counts with


def weight_names(model: keras.Model) -> dict[str, keras.Variable]:
    """LAYER/VARIABLE -> variable, for all that inference needs, in the order of `model.variables`.

    LAYER is one of `model.layers`. Keras numbers the layers inside a layer over the whole process, so their names are
    left out: what is called alike there is numbered in the layer's own order (block/kernel, block/kernel_1 …).
    """
    # Variables that stand in no layer, as a model written as a class may have, go by the model as a whole.
    owners = [*((layer.name, layer.variables) for layer in model.layers), ("model", model.variables)]
    names: dict[int, str] = {}
    taken: set[str] = set()
    for owner, variables in owners:
        for variable in variables:
            if id(variable) not in names and variable.name != SEED_STATE:
                names[id(variable)] = _free(f"{owner}/{variable.name}", taken)
                taken.add(names[id(variable)])
    return {names[id(variable)]: variable for variable in model.variables if id(variable) in names}


def _free(name: str, taken: set[str]) -> str:
    number, free = 0, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
