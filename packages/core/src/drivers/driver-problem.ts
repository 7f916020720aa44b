import { messageOf } from '../errors/autotest-error.ts';
import { parseConsoleUrl } from './console-url.ts';
import { parsePowerUrl } from './power-url.ts';

/** What is wrong with the attributes of a host that name drivers; undefined when nothing is. For those who add and change hosts. */
export function driverProblem(attributes: Readonly<Record<string, string>>): string | undefined {
  try {
    if (attributes.power !== undefined) parsePowerUrl(attributes.power);
    if (attributes.console !== undefined) parseConsoleUrl(attributes.console);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
