import { AutotestError } from '../errors/autotest-error.ts';

/** Thrown when a server is asked to listen where it cannot. */
export class ListenError extends AutotestError {
  // oxlint-disable-next-line max-params -- where, what to change, and why
  constructor(host: string, port: number, option: string, cause: unknown) {
    const inUse = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    super(
      'AT_LISTEN',
      inUse
        ? `Port ${port} of ${host} is in use already; stop what listens there or choose another port with ${option}.`
        : `The server cannot listen on ${host}:${port}; choose another address or port.`,
      { cause, details: { host, port } },
    );
    this.name = 'ListenError';
  }
}
