import { DatabaseSync } from 'node:sqlite';
import { createConnection } from 'mysql2/promise';

/**
 * What a queue in a table does that takes one row at a time: choose a row, mark it, write an event, commit. The yardstick for everything that assigns: same engine, same machine,
 * same run.
 */
const rows = 20_000;

/** Claims per second on a MySQL or MariaDB server, over several connections. */
export async function claimRateOfServer(
  url: string,
  options: { seconds: number; connections: number },
): Promise<number> {
  const { hostname, port, pathname } = new URL(url);
  const at = { host: hostname, port: Number(port), user: 'root', database: pathname.slice(1) };
  const first = await createConnection(at);
  await first.query(
    'create table claims (id int unsigned auto_increment primary key, state varchar(16) not null, priority int not null, worker int, key (state, priority, id)) engine = InnoDB',
  );
  await first.query(
    'create table claim_events (id bigint unsigned auto_increment primary key, claimId int not null, data json not null) engine = InnoDB',
  );
  const values = Array.from({ length: rows }, (_, n) => ['queued', -(n % 4)]);
  for (let at2 = 0; at2 < rows; at2 += 1000)
    await first.query('insert into claims (state, priority) values ?', [values.slice(at2, at2 + 1000)]);
  await first.end();
  let claimed = 0;
  const end = performance.now() + options.seconds * 1000;
  const work = async (worker: number): Promise<void> => {
    const connection = await createConnection(at);
    await connection.query('set session transaction isolation level read committed');
    while (performance.now() < end) {
      await connection.query('begin');
      const [found] = await connection.execute(
        "select id from claims where state = 'queued' order by priority, id limit 1 for update skip locked",
      );
      const [row] = found as { id: number }[];
      if (!row) break;
      await connection.execute("update claims set state = 'taken', worker = ? where id = ?", [worker, row.id]);
      await connection.execute('insert into claim_events (claimId, data) values (?, ?)', [row.id, '{"to":"taken"}']);
      await connection.query('commit');
      claimed++;
    }
    await connection.end();
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: options.connections }, (_, n) => work(n)));
  return claimed / ((performance.now() - startedAt) / 1000);
}

/** Claims per second in an SQLite file in WAL mode, in process. */
export function claimRateOfSqlite(file: string, { seconds }: { seconds: number }): number {
  const db = new DatabaseSync(file);
  db.exec('pragma journal_mode = wal; pragma synchronous = normal');
  db.exec(
    'create table claims (id integer primary key, state text not null, priority integer not null, worker integer)',
  );
  db.exec('create index claims_state on claims (state, priority, id)');
  db.exec(
    'create table claim_events (id integer primary key autoincrement, claimId integer not null, data text not null)',
  );
  const insert = db.prepare("insert into claims (state, priority) values ('queued', ?)");
  db.exec('begin');
  for (let n = 0; n < rows * 20; n++) insert.run(-(n % 4));
  db.exec('commit');
  const take = db.prepare(
    "update claims set state = 'taken', worker = 1 where id = (select id from claims where state = 'queued' order by priority, id limit 1) returning id",
  );
  const tell = db.prepare('insert into claim_events (claimId, data) values (?, ?)');
  const [begin, commit] = [db.prepare('begin immediate'), db.prepare('commit')];
  const startedAt = performance.now();
  let claimed = 0;
  while (performance.now() - startedAt < seconds * 1000) {
    begin.run();
    tell.run(Number(take.get()?.['id']), '{"to":"taken"}');
    commit.run();
    claimed++;
  }
  const rate = claimed / ((performance.now() - startedAt) / 1000);
  db.close();
  return rate;
}
