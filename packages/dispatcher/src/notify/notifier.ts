import { Alarm } from '../loop/alarm.ts';
import { onNews } from '../loop/on-news.ts';
import { EventReader } from './event-reader.ts';
import { mailChannel } from './mail/mail-channel.ts';
import { compileNotifierOptions, type NotifierOptions, type NotifierSettings } from './options.ts';
import { Outbox } from './outbox.ts';
import { webhookChannel } from './webhook/webhook-channel.ts';

export interface Notifier {
  /** Ends within a few seconds. What was not sent is sent by the next notifier. */
  stop(): Promise<void>;
}

/** Events come in bursts; one look is enough for those of this long. */
const gatherMs = 100;

/**
 * Starts a notifier: it tells people and programs what their rules ask for, by mail and by webhooks. It has loops of its own and shares nothing with a
 * dispatcher but the database, so that neither ever waits for the other. Any number of them may run on one database.
 *
 * It may be killed at any moment: see EventReader and Outbox.
 *
 * @throws UsageError the configuration is wrong
 */
export function startNotifier(options: NotifierOptions): Notifier {
  const notifier = new RunningNotifier(compileNotifierOptions(options));
  notifier.start();
  return notifier;
}

class RunningNotifier implements Notifier {
  readonly #settings: NotifierSettings;
  readonly #reader: EventReader;
  readonly #outbox: Outbox;
  readonly #reading: Alarm;
  readonly #sending: Alarm;
  #stopListening: (() => void) | undefined;

  constructor(settings: NotifierSettings) {
    this.#settings = settings;
    this.#reader = new EventReader(settings);
    const channels = { mail: mailChannel(settings), webhook: webhookChannel(settings) };
    this.#outbox = new Outbox(settings, channels, () => this.#sending.wake());
    this.#reading = new Alarm(settings.clock, () => this.#read());
    this.#sending = new Alarm(settings.clock, () => this.#send());
  }

  start(): void {
    const { database, clock, log, smtpUrl } = this.#settings;
    this.#stopListening = onNews(database.events, clock, gatherMs, () => this.#reading.wake());
    this.#reading.wake();
    this.#sending.wake();
    log.info('notifier started', { mail: smtpUrl !== undefined });
  }

  async stop(): Promise<void> {
    this.#stopListening?.();
    await this.#reading.stop();
    await this.#sending.stop();
    await this.#outbox.stop();
    await this.#reader.close().catch((error: unknown) => {
      this.#settings.log.warn('how far events were read could not be written down', { error });
    });
  }

  async #read(): Promise<number> {
    const { limits, log } = this.#settings;
    try {
      if (await this.#reader.read()) this.#sending.wake();
    } catch (error) {
      log.error('reading events for notifications failed', { error });
    }
    return limits.pollMs;
  }

  async #send(): Promise<number> {
    const { limits, log } = this.#settings;
    try {
      await this.#outbox.send();
    } catch (error) {
      log.error('looking for notifications to send failed', { error });
    }
    return limits.pollMs;
  }
}
