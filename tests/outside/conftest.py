"""A server over rows of every layer, behind a recorder of what is asked."""

import pytest

from tests.conftest import clone, in_thread, served
from tests.fixtures.downloads import Source
from tests.fixtures.outside import Truth, add_what_the_demo_lacks
from tests.fixtures.recorder import recording


@pytest.fixture(scope="session")
def outside_settings(cluster, loaded_template, settings_for):
    settings = settings_for(clone(cluster, loaded_template))
    in_thread(add_what_the_demo_lacks(settings))
    return settings


@pytest.fixture(scope="session")
def outside(outside_settings):
    """Give the recorder of a server's questions."""
    with served(outside_settings) as address, recording(address) as recorder:
        yield recorder


@pytest.fixture
def asked(outside):
    """Give the recorder, empty."""
    outside.paths.clear()
    return outside


@pytest.fixture(scope="session")
def truth(outside_settings):
    return Truth(Source(outside_settings))
