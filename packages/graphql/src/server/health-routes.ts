import { access } from 'node:fs/promises';
import { healthStatus, redact, type HealthChecks, type HealthReport, type Metrics } from '@autotest/core/telemetry';
import type { Database } from '@autotest/core/db';
import type { Express, Request } from 'express';
import type { Authenticator } from '../auth/authenticator.ts';
import { secretOf } from '../auth/credentials.ts';

/**
 * `/healthz`, `/readyz` and `/metrics` on the address of the API. Everybody may know whether it is well; what exactly is wrong, and all numbers, are for those
 * with a token, since this address may be open to the world. (An address that cannot be told from a proxy's would be no ground for trust.)
 */
export function serveHealth(
  app: Express,
  options: {
    readonly checks: HealthChecks;
    readonly metrics: Metrics;
    readonly authenticator: Authenticator;
    readonly cookie: string;
    readonly version: string;
  },
): void {
  const { checks, metrics, authenticator, cookie, version } = options;
  const isKnown = async (request: Request): Promise<boolean> => {
    try {
      return (await authenticator.authenticate(secretOf(request.headers, cookie))) !== undefined;
    } catch {
      // Without a database nobody is known, and that is what is to be told.
      return false;
    }
  };
  app.get('/healthz', (_request, response) => {
    const report = checks.live();
    response.status(healthStatus(report)).set('Cache-Control', 'no-store').json({ version, ...forEverybody(report) });
  });
  app.get('/readyz', async (request, response) => {
    const [report, known] = [await checks.ready(), await isKnown(request)];
    const told = known ? redact(report) : forEverybody(report);
    response.status(healthStatus(report)).set('Cache-Control', 'no-store').json(told);
  });
  app.get('/metrics', async (request, response) => {
    if (!(await isKnown(request))) {
      response.status(401).set('WWW-Authenticate', 'Bearer').type('txt');
      response.send('Send an API token as `Authorization: Bearer …`.\n');
      return;
    }
    response.set('Content-Type', metrics.contentType).send(await metrics.text());
  });
}

function forEverybody({ status, checks }: HealthReport): HealthReport {
  return { status, checks: checks.map(({ name, ok, since }) => ({ name, ok, since })) };
}

/** What a server needs for its work. Gives a function that takes the checks away. */
export function addServerChecks(checks: HealthChecks, database: Database, dataDir: string): () => void {
  return checks.add(
    { name: 'database', run: async () => void (await database.users.count()) },
    { name: 'data directory', run: () => access(dataDir) },
  );
}
