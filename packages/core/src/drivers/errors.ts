import { AutotestError } from '../errors/autotest-error.ts';

/** Thrown when the attribute `power` or `console` of a host is no URL that a driver understands. */
export class DriverUrlError extends AutotestError {
  constructor(attribute: 'power' | 'console', why: string, host?: string) {
    const whose = host === undefined ? '' : ` of host ${host}`;
    super(
      'AT_HOST_DRIVER_URL',
      `The attribute ${attribute}${whose} cannot be used: ${why}. The guide "Power and consoles" lists the forms it may have.`,
      { details: { attribute, ...(host !== undefined && { host }) } },
    );
    this.name = 'DriverUrlError';
  }
}
