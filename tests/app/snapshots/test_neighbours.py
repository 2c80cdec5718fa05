"""The next space each way, over spaces of its own (P43)."""

from app.snapshots.neighbours import next_spaces
from app.snapshots.road_networks import RoadNetworks
from geo.db.sessions import Tier
from tests.conftest import clone, opened
from tests.fixtures.around import CUCUTA, MORNING, put, space

PAMPLONA = (-72.6539, 7.3757)


async def test_p43_the_next_space_each_way_and_nothing_hidden(
    cluster, loaded_template, settings_for
):
    settings = settings_for(clone(cluster, loaded_template))
    await put(
        settings,
        space("here", *CUCUTA),
        space("pamplona", *PAMPLONA),
        space("behind", -72.6, 7.3),
        space("full", -72.55, 7.75, places=0),
        space("secret", -72.55, 7.75, visibility="restricted", confidential=True),
        space("across", -72.446, 7.8115, country="VE", timezone="America/Caracas"),
        replace=True,
    )
    network = RoadNetworks(settings.graphs_dir)
    async with opened(settings) as database, database.session(Tier.PUBLIC) as session:
        found = await next_spaces(session, network, *CUCUTA, country="CO", at=MORNING)
    by_id = {one.described.id: one for one in found}
    assert {"pamplona", "across"} <= set(by_id)
    assert not {"here", "full", "secret"} & set(by_id)
    assert [post.state for post in by_id["across"].crossings] == ["open"]
    assert by_id["pamplona"].crossings == ()
    assert 60_000 < by_id["pamplona"].distance_m < 90_000
