import { ArgumentError } from '../errors.ts';

/** Logins stand in names of directories. @throws ArgumentError */
export function checkLogin(argument: string, login: string): string {
  if (/^[A-Za-z0-9_][\w.@+-]{0,63}$/.test(login)) return login;
  throw new ArgumentError(argument, 'must be made of at most 64 letters, digits and ._@+- and begin with none of .@+-');
}
