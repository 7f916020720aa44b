/** Writes a time-stamped line to the client's own log, which is its stdout. */
export function log(message: string): void {
  process.stdout.write(`${new Date().toISOString()} ${message}\n`);
}
