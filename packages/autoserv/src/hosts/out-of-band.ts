/** What reaches a host when its network does not. Each part only where the host has it. */
export interface OutOfBand {
  readonly power?: {
    cycle(options: { readonly signal?: AbortSignal }): Promise<void>;
    on(options: { readonly signal?: AbortSignal }): Promise<void>;
    off(options: { readonly signal?: AbortSignal }): Promise<void>;
    status(options: { readonly signal?: AbortSignal }): Promise<'on' | 'off' | 'unknown'>;
    /** Has the machine boot from the network the next time; absent where the driver cannot. */
    bootFromNetwork?(options: { readonly signal?: AbortSignal }): Promise<void>;
  };
  readonly console?: {
    /** The last lines it printed, for people. */
    tail(): string;
    /** Everything it printed since the execution began, as far as it is kept. */
    log(): string;
    send(text: string): Promise<void>;
    /** Resolves with what matched. @throws when it does not come in time */
    waitFor(pattern: RegExp, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<string>;
  };
}
