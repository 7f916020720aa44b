import { once } from 'node:events';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';

export interface Mailbox {
  readonly url: string;
  /** As they arrived, in bytes. */
  readonly raw: string[];
  /** Addresses of the envelopes. */
  readonly recipients: string[][];
  parsed(): Promise<Email[]>;
}

/** A mail server that keeps what it gets; ends with the test. */
export async function startMailbox(options: SMTPServerOptions = {}): Promise<Mailbox> {
  const raw: string[] = [];
  const recipients: string[][] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, callback) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        raw.push(Buffer.concat(parts).toString());
        recipients.push(session.envelope.rcptTo.map(({ address }) => address));
        callback();
      });
    },
    ...options,
  });
  const listener = server.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen on a port');
  return {
    url: `smtp://127.0.0.1:${address.port}`,
    raw,
    recipients,
    parsed: () => Promise.all(raw.map((mail) => PostalMime.parse(mail))),
  };
}
