"""Grids: which cells a table means."""

import pytest

from chex_tf.settings import InputError
from chex_tf.study import grid


@pytest.fixture
def read(tmp_path):
    def make(text, *vary):
        path = tmp_path / "grid.csv"
        path.write_text(text)
        return grid.read(path, vary)

    return make


def test_every_combination_of_architectures_and_weights_is_a_cell(read):
    found = read("# whole models\narch,weights,flags\nDenseNet121 ResNet18,imagenet none,--image_size=96\n")
    assert [(one.name, one.arm) for one in found] == [
        ("DenseNet121-pretrained", "pretrained"),
        ("DenseNet121-scratch", "scratch"),
        ("ResNet18-pretrained", "pretrained"),
        ("ResNet18-scratch", "scratch"),
    ]
    assert found[1].flags == ("--arch=DenseNet121", "--weights=none", "--image_size=96")


def test_dimensions_repeat_every_cell_and_only_the_seed_shares_a_base(read):
    found = read("arch,weights\nCBR-Tiny,none\n", "uncertain=ones,zeros", "seed=0,1")
    assert [(one.name, one.base) for one in found] == [
        ("CBR_Tiny-scratch-uncertainones-seed0", "CBR_Tiny-scratch-uncertainones"),
        ("CBR_Tiny-scratch-uncertainones-seed1", "CBR_Tiny-scratch-uncertainones"),
        ("CBR_Tiny-scratch-uncertainzeros-seed0", "CBR_Tiny-scratch-uncertainzeros"),
        ("CBR_Tiny-scratch-uncertainzeros-seed1", "CBR_Tiny-scratch-uncertainzeros"),
    ]
    assert found[3].flags[-2:] == ("--uncertain=zeros", "--seed=1")


def test_a_cell_starts_from_the_repetition_of_its_own_seed(read):
    text = "arch,weights,name,arm\nCBR-Tiny,none,before,other\nCBR-Tiny,cell:before,after,pretrained\n"
    found = {one.name: one for one in read(text, "seed=0,1")}
    assert found["after-seed1"].needs == ("before-seed1",)
    assert "--weights=cell:before-seed1" in found["after-seed1"].flags
    assert found["before-seed1"].needs == ()


def test_each_architecture_starts_from_its_own_source(read):
    text = (
        "arch,weights,flags,arm\nCBR-Tiny ResNet18,none,--data={other_data},source\n"
        "CBR-Tiny ResNet18,cell:{arch}-source,,pretrained\nResNet18Minus1,cell:ResNet18-source,,pretrained\n"
    )
    found = {one.name: one for one in read(text)}
    assert {name: one.needs for name, one in found.items() if one.needs} == {
        "CBR_Tiny-pretrained": ("CBR_Tiny-source",),
        "ResNet18-pretrained": ("ResNet18-source",),
        "ResNet18Minus1-pretrained": ("ResNet18-source",),
    }
    assert found["CBR_Tiny-source"].flags == ("--arch=CBR-Tiny", "--weights=none", "--data={other_data}")
    assert found["CBR_Tiny-source"].arm == "source"


@pytest.mark.parametrize(
    ("text", "vary", "complaint"),
    [
        ("arch,weight\nResNet18,none\n", (), "expected columns arch, weights; received arch, weight"),
        ("arch,weights,flag\nResNet18,none,\n", (), "received flag; did you mean flags?"),
        ("arch,weights\n", (), "expected at least one row"),
        ("arch,weights\nResNet18,\n", (), "row 1: expected an arch and weights"),
        ("arch,weights\nResNet18,none,--x=1\n", (), "row 1: expected 2 cells; received more"),
        ("arch,weights,flags\nResNet18,none,seed=1\n", (), "row 1: expected --flag=value; received 'seed=1'"),
        ('arch,weights,flags\nResNet18,none,"--x=""1"\n', (), "row 1: expected flags as on a command line"),
        ("arch,weights\nResNet18,none\nResNet18,none\n", (), "received ResNet18-scratch 2 times"),
        ("arch,weights\nResNet18,cell:nothing\n", (), "cell:nothing, which is no cell"),
        ("arch,weights\nResNet18,none\n", ("seed",), "expected flag=value,value; received 'seed'"),
        ("arch,weights\nResNet18,none\n", ("seed=1,1",), "expected each value once"),
    ],
)
def test_what_is_wrong_is_named(read, text, vary, complaint):
    with pytest.raises(InputError) as refused:
        read(text, *vary)
    assert complaint in str(refused.value)


def test_a_row_may_name_another_verb(read):
    twins = "CBR-Tiny,none,--objective=vicreg,source,pretrain\n"
    before, after = read(f"arch,weights,flags,arm,verb\n{twins}CBR-Tiny,cell:{{arch}}-source,,,\n")
    assert (before.verb, after.verb) == ("pretrain", "train")
    assert after.needs == ("CBR_Tiny-source",)


def test_the_seed_stands_in_flags_that_ask_for_it(read):
    text = "arch,weights,flags,arm\nCBR-Tiny,none,--subset_seed={seed},few\nCBR-Tiny,none,,all\n"
    found = {one.name: one.flags for one in read(text, "seed=3,4")}
    assert found["CBR_Tiny-few-seed4"] == ("--arch=CBR-Tiny", "--weights=none", "--subset_seed=4", "--seed=4")
    assert found["CBR_Tiny-all-seed4"] == ("--arch=CBR-Tiny", "--weights=none", "--seed=4")
    with pytest.raises(InputError, match=r"row 1: expected --vary=seed=…, of which \{seed\} is one value"):
        read(text)


def test_an_arm_of_a_group_has_a_name_without_its_slash(read):
    (found,) = read("arch,weights,arm\nCBR-Tiny,none,view/ones-1e-4\n")
    assert (found.name, found.arm) == ("CBR_Tiny-view-ones-1e-4", "view/ones-1e-4")
