#!/bin/sh
':'; // 2>/dev/null; d=$(dirname "$(readlink -f "$0")"); while [ "$d" != / ]; do [ -x "$d/node_modules/.bin/node" ] && exec "$d/node_modules/.bin/node" "$0" "$@"; d=$(dirname "$d"); done; exec node "$0" "$@"
import '../dist/autoserv.mjs';
