#!/bin/sh
':' //; d=$(dirname "$(readlink -f "$0")"); while [ "$d" != / ]; do [ -x "$d/node_modules/.bin/node" ] && exec "$d/node_modules/.bin/node" "$0" "$@"; d=$(dirname "$d"); done; exec node "$0" "$@"
// Runs under the Node that is installed beside it, where there is one: the system's may be too old.
import '../dist/bin.js';
