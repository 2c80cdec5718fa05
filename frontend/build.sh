#!/bin/sh
# Rebuild the vendored map bundle: sh frontend/build.sh [OUTPUT FOLDER]
# Needs Node 20 and npm; running Amparo needs neither, because the result is committed.
set -eu
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-fund --no-audit
# npm 11 does not run esbuild's postinstall, which puts the binary in place.
node node_modules/esbuild/install.js
exec node build.mjs "$@"
