#!/bin/sh
':' //; d=$(dirname "$(readlink -f "$0")"); while [ "$d" != / ]; do [ -x "$d/node_modules/.bin/node" ] && exec "$d/node_modules/.bin/node" "$0" "$@"; d=$(dirname "$d"); done; exec node "$0" "$@"
// Runs under the Node that is installed beside it, where there is one: the system's may be too old.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 17)) await import('../dist/bin.js');
else {
  process.stderr.write(
    `autotest needs Node 22.17 or newer, and this is ${process.versions.node}. Run it as npx autotest: that takes the Node which is installed with it.\n`,
  );
  process.exitCode = 2;
}
