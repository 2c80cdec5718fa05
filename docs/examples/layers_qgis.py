"""Opens collections, a filter and vector tiles in QGIS; also without a screen, as here.

In QGIS itself: Layer > Add Layer > Add WFS / OGC API - Features Layer > New, with the address of
this server; and Add Vector Tile Layer > New Generic Connection for the tiles.
"""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qgis.core import QgsApplication, QgsVectorLayer, QgsVectorTileLayer

BASE = os.environ.get("AMPARO_URL", "http://127.0.0.1:8000")

application = QgsApplication([], False)
application.initQgis()

spaces = QgsVectorLayer(f"url='{BASE}' typename='spaces'", "Support spaces", "OAPIF")
if not spaces.isValid():
    raise SystemExit(spaces.error().summary())
print(f"spaces: {sum(1 for _ in spaces.getFeatures())}")

# QGIS hands the condition on as CQL2, so that only what is needed is sent.
places = QgsVectorLayer(f"url='{BASE}' typename='places'", "Towns", "OAPIF")
places.setSubsetString("country = 'CO' AND population > 500000")
print(f"towns: {sum(1 for _ in places.getFeatures())}")

tiles = f"{BASE}/tiles/roads/{{z}}/{{x}}/{{y}}"
roads = QgsVectorTileLayer(f"type=xyz&url={tiles}&zmin=4&zmax=14", "Roads")
print(f"road tiles: {roads.isValid()}")

# In this order, or QGIS ends badly.
del spaces, places, roads
application.exitQgis()
