#!/bin/sh
# What a refusal looks like: status, kind, field, reason, and what helps.
set -eu
base=${AMPARO_URL:-http://127.0.0.1:8000}

curl -s -w '\nstatus: %{http_code}, %{content_type}\n' "$base/collections/spaces/items?limit=many"
