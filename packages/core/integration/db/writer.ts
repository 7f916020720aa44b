import { openDatabase } from '@autotest/core/db';

/** A process of its own that appends events: `node writer.ts <url> <name> <count>`. */
const [url = '', name, count = '0'] = process.argv.slice(2);
const database = await openDatabase(url, { migrate: true });
for (let n = 0; n < Number(count); n++) await database.events.append({ kind: 'host.changed', data: { name, n } });
await database.close();
