/**
 * Receives webhooks of Autotest, checks their signatures, and prints one line for each.
 *
 *     autotest notify add http://ci.example.org:9000/    # prints the secret
 *     WEBHOOK_SECRET=whsec_… PORT=9000 node examples/notifications/receive.ts
 */
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { NotificationMessage } from '@autotest/core';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';

const webhook = new Webhook(process.env.WEBHOOK_SECRET ?? '');
/** Ids that were taken: one may come twice. Keep them where a restart finds them. */
const seen = new Set<string>();

async function receive(request: IncomingMessage): Promise<number> {
  const body = await text(request);
  const headers = request.headers as Record<string, string>;
  try {
    // The body as it came, byte by byte: JSON that was read and written again is another text.
    const message = webhook.verify(body, headers) as NotificationMessage;
    const id = headers['webhook-id'] ?? '';
    if (!seen.has(id)) console.log(describe(message));
    seen.add(id);
    return 204;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return 401;
    throw error;
  }
}

function describe({ type, data }: NotificationMessage): string {
  if (type !== 'job.finished') return type;
  const failed = data.failedTests.map(({ path, reason }) => `\n  ${path}: ${reason ?? ''}`);
  return `${data.job.outcome}: ${data.job.name} (${data.job.reproduce})${failed.join('')}`;
}

createServer((request, response) => {
  receive(request).then(
    (status) => response.writeHead(status).end(),
    (error: unknown) => {
      console.error(error);
      response.writeHead(500).end();
    },
  );
}).listen(Number(process.env.PORT ?? 9000), () => console.log('ready'));
