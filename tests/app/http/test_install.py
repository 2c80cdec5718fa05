"""Pictures of the page elsewhere: among a phone's applications, and in links passed on."""

from PIL import Image, ImageChops

from app.drawings import install_icon, share_picture
from app.http.assets import STATIC_FOLDER
from app.http.service_worker import manifest
from geo.text.languages import LANGUAGES


def test_p37_what_is_installed_is_called_a_map_and_names_no_network():
    for lang in LANGUAGES:
        told = manifest(lang)
        assert told["name"] == told["short_name"]
        assert "amparo" not in str([told["name"], told["icons"]]).lower(), lang
        for icon in told["icons"]:
            name = icon["src"].rpartition("/")[2].partition("?")[0]
            with Image.open(STATIC_FOLDER / name) as picture:
                assert icon["sizes"] == f"{picture.width}x{picture.height}"


def test_the_picture_of_links_is_what_is_drawn():
    with Image.open(share_picture.PATH) as stored:
        assert stored.size == share_picture.SIZE
        drawn = share_picture.drawn().quantize(32).convert("RGB")
        assert ImageChops.difference(stored.convert("RGB"), drawn).getbbox() is None


def test_the_icons_are_what_is_drawn():
    for side in install_icon.SIDES:
        with Image.open(install_icon.path_of(side)) as stored:
            drawn = install_icon.drawn(side).quantize(64).convert("RGB")
            assert ImageChops.difference(stored.convert("RGB"), drawn).getbbox() is None
