"""Asks for routes with lower known exposure, and reads what is known of them and what is not."""

import os

import httpx

BASE = os.environ.get("AMPARO_URL", "http://127.0.0.1:8000")

question = {
    "start": [-72.508, 7.894],  # Cúcuta; longitude, latitude
    "end": [-73.126, 7.125],  # Bucaramanga
    "profile": "family",
    "routes": 2,
    "explain": False,
    "lang": "es",
}
answer = httpx.post(f"{BASE}/routes", json=question, timeout=60)
if answer.is_error:
    problem = answer.json()
    raise SystemExit(f"{problem['title']}. {problem['detail']} {problem['what_to_do']}")
found = answer.json()
# These words belong with every route that is shown to anybody.
print(found["notice"])
for route in found["features"]:
    about = route["properties"]
    gap = about["longest_gap"]
    print(f"{about['distance_m'] / 1000:.0f} km, {about['walking_days']} days on foot")
    print(f"  without information: {about['unknown_m'] / 1000:.0f} km")
    print(f"  longest stretch without help: {gap['length_m'] / 1000:.0f} km. {gap['advice']}")
