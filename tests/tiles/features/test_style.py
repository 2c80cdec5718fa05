"""Styles and legend: one list, colours that everyone can tell apart, none that says "safe"."""

from tiles.catalogue.layers import CATALOGUE
from tiles.features.style import DRAWING_ORDER, legend, map_layers, style

#: Okabe and Ito's palette without its green (#009E73), which would read as "safe" (P46).
PALETTE = {"#000000", "#E69F00", "#56B4E9", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}


def test_every_layer_is_drawn_once():
    assert sorted(layer.name for layer in DRAWING_ORDER) == sorted(
        layer.name for layer in CATALOGUE
    )
    assert [layer["id"] for layer in map_layers()] == [layer.name for layer in DRAWING_ORDER]


def test_p46_no_green():
    assert {sign["colour"] for sign in legend()} <= PALETTE


def test_p32_crossing_states_differ_in_form_and_colour():
    values = style(next(layer for layer in CATALOGUE if layer.name == "crossings"))["values"]
    assert set(values) == {"open", "closed", "not_known"}
    assert len({sign["colour"] for sign in values.values()}) == 3
    assert len({sign["form"] for sign in values.values()}) == 3


def test_legend_names_each_sign():
    signs = legend()
    assert all(sign["title"] for sign in signs)
    assert len({(sign["layer"], sign["title"]) for sign in signs}) == len(signs)


def test_map_layers_carry_credit_and_addresses():
    for layer in map_layers():
        assert layer["attribution"]
        assert layer["tiles"] == f"/tiles/{layer['id']}/{{z}}/{{x}}/{{y}}"
