"""How far one comes from some places, as areas, and how long it takes between many of them."""
