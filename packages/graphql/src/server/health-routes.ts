import { access } from 'node:fs/promises';
import { healthStatus, redact, type HealthChecks, type HealthReport, type Metrics } from '@autotest/core/telemetry';
import type { Database } from '@autotest/core/db';
import type { Express, Request, RequestHandler } from 'express';
import type { Authenticator } from '../auth/authenticator.ts';
import { secretOf } from '../auth/credentials.ts';

const authenticateMs = 2000;

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
  /** Undefined: it cannot be found out, because the database fails or hangs. Neither may keep anybody from being told of it. */
  const isKnown = async (request: Request): Promise<boolean | undefined> => {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), authenticateMs);
    const principal = authenticator.authenticate(secretOf(request.headers, cookie));
    try {
      return await Promise.race([principal.then((found) => found !== undefined), late.promise]);
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  };
  const live: RequestHandler = (_request, response) => {
    const report = checks.live();
    response
      .status(healthStatus(report))
      .set('Cache-Control', 'no-store')
      .json({ version, ...forEverybody(report) });
  };
  const ready: RequestHandler = async (request, response) => {
    const [report, known] = await Promise.all([checks.ready(), isKnown(request)]);
    const told = known ? redact(report) : forEverybody(report);
    response.status(healthStatus(report)).set('Cache-Control', 'no-store').json(told);
  };
  const numbers: RequestHandler = async (request, response) => {
    const known = await isKnown(request);
    if (known === undefined) {
      response.status(503).type('txt').send('The token cannot be checked now: the database does not answer.\n');
      return;
    }
    if (!known) {
      response.status(401).set('WWW-Authenticate', 'Bearer').type('txt');
      response.send('Send an API token as `Authorization: Bearer …`.\n');
      return;
    }
    response.set('Content-Type', metrics.contentType).send(await metrics.text());
  };
  app.get('/healthz', live);
  app.get('/readyz', ready);
  app.get('/metrics', numbers);
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
