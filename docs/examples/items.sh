#!/bin/sh
# A page of a collection, a filter, another reference system, and an answer that is still the same.
set -eu
base=${AMPARO_URL:-http://127.0.0.1:8000}
places=$base/collections/places/items

# One town of Colombia: any property of one value is a parameter of its name.
curl -sf "$places?country=CO&limit=1" | head -c 300
echo

# CQL2, with its spaces and signs escaped by curl.
curl -sf --get "$places" \
    --data-urlencode "filter=country = 'CO' AND population > 500000" \
    --data-urlencode 'sortby=-population' \
    --data-urlencode 'properties=name,population' \
    --data-urlencode 'limit=1' | grep -o '"numberMatched":[0-9]*'

# Metres of Web Mercator; the header Content-Crs says so.
mercator=http://www.opengis.net/def/crs/EPSG/0/3857
curl -sf --get -o /dev/null -D - "$places" --data-urlencode "crs=$mercator" |
    grep -i '^content-crs:'

# Ask with the entity tag that you have: 304 says that nothing has changed.
tag=$(curl -sf -o /dev/null -D - "$places" | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
curl -s -o /dev/null -w 'again: %{http_code}\n' -H "If-None-Match: $tag" "$places"
