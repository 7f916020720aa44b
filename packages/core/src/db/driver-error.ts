/** What drivers say of an error: `code` is a word (SQLITE_BUSY, ECONNREFUSED), `errno` a number of MySQL. */
export function driverError(error: unknown): { code: string; errno: number | undefined } {
  if (typeof error !== 'object' || error === null) return { code: '', errno: undefined };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : undefined;
  return { code, errno };
}
