#!/bin/sh
# One way in three shapes: ours, OGC API - Routes, openrouteservice's. Nothing asked is stored.
set -eu
base=${AMPARO_URL:-http://127.0.0.1:8000}
ask() { curl -sf -H 'Content-Type: application/json' -d "$2" "$base$1"; }

printf 'ours: '
ask /routes '{
  "start": [-72.508, 7.894], "end": [-73.126, 7.125], "routes": 1, "explain": false
}' | grep -o '"distance_m":[0-9.]*' | head -n 1

printf 'OGC: '
ask /ogc/routes '{"inputs": {
  "waypoints": {"type": "MultiPoint", "coordinates": [[-72.508, 7.894], [-73.126, 7.125]]},
  "preference": "lower-exposure", "mode": "family"
}}' | grep -o '"featureType":"[a-z]*"' | head -n 1

printf 'openrouteservice: '
ask /v2/directions/foot-walking/geojson '{
  "coordinates": [[-72.508, 7.894], [-73.126, 7.125]], "units": "km"
}' | grep -o '"summary":{"distance":[0-9.]*' | head -n 1
