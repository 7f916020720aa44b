import { refuseInput } from './submit.type.ts';

/**
 * A name that people give.
 *
 * @throws Refused
 */
export function readName(name: string): string {
  const text = name.trim();
  if (/^\P{Cc}{1,200}$/u.test(text)) return text;
  return refuseInput('name', 'The name must have 1 to 200 printable characters.');
}
