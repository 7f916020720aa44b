import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { PowerState, PowerTarget } from '@autotest/core';
import { DeviceError, type PowerDevice, type PowerOrder, type PowerTry } from './power-device.ts';
import { readSecret } from './secret-file.ts';

/** Resource.ResetType of DSP0266, best first: services carry out what they list. */
const resetTypes: Readonly<Record<PowerOrder, readonly string[]>> = {
  on: ['On', 'ForceOn'],
  off: ['ForceOff'],
  cycle: ['PowerCycle'],
  reset: ['ForceRestart'],
  nmi: ['Nmi'],
};
const largestAnswer = 1024 * 1024;

interface System {
  readonly PowerState?: unknown;
  readonly Actions?: { readonly '#ComputerSystem.Reset'?: Record<string, unknown> };
}

/** A management controller that speaks Redfish (DSP0266), with HTTP basic authentication. */
export function makeRedfish(
  target: Extract<PowerTarget, { kind: 'redfish' }>,
  { env }: { readonly env: NodeJS.ProcessEnv },
): PowerDevice {
  const ask = (method: 'GET' | 'POST', path: string, call: PowerTry, body?: unknown): Promise<unknown> =>
    askRedfish(target, env, { method, path, body }, call);
  // oxlint-disable-next-line no-unsafe-type-assertion -- each field is looked at before it is used
  const system = async (call: PowerTry): Promise<System> => (await ask('GET', target.path, call)) as System;
  return {
    send: async (order, call) => {
      const { PowerState: state, Actions: actions } = await system(call);
      // A service refuses to switch on what is on.
      if ((order === 'on' && state === 'On') || (order === 'off' && state === 'Off')) return;
      const action = actions?.['#ComputerSystem.Reset'];
      const allowed = action?.['ResetType@Redfish.AllowableValues'];
      const type = resetTypes[order].find((one) => !Array.isArray(allowed) || allowed.includes(one));
      if (type === undefined) throw new DeviceError('refused', `it knows no reset of type ${resetTypes[order][0]}`);
      await ask('POST', actionPath(target.path, action?.target), call, { ResetType: type });
    },
    status: async (call) => stateOf((await system(call)).PowerState),
  };
}

/** The service says where its action is; only on itself and below its own root. */
function actionPath(system: string, said: unknown): string {
  return typeof said === 'string' && /^\/redfish\/v1\/[\w./~-]+$/.test(said)
    ? said
    : `${system}/Actions/ComputerSystem.Reset`;
}

function stateOf(said: unknown): PowerState {
  if (said === 'On' || said === 'PoweringOff') return 'on';
  return said === 'Off' || said === 'PoweringOn' ? 'off' : 'unknown';
}

async function askRedfish(
  target: Extract<PowerTarget, { kind: 'redfish' }>,
  env: NodeJS.ProcessEnv,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body: unknown },
  { signal }: PowerTry,
): Promise<unknown> {
  const { text: password } = readSecret(target.passwordFile, env);
  const content = body === undefined ? undefined : JSON.stringify(body);
  const url = new URL(path, target.origin);
  const options: RequestOptions & { ca?: string; rejectUnauthorized?: boolean } = {
    method,
    signal,
    auth: `${target.user}:${password}`,
    headers: {
      accept: 'application/json',
      'odata-version': '4.0',
      ...(content !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(content),
      }),
    },
    ...(target.insecure && { rejectUnauthorized: false }),
    ...(target.caFile !== undefined && { ca: readSecret(target.caFile, env).text }),
  };
  const request = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', (error: NodeJS.ErrnoException) => {
      const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(error.code ?? '');
      const hint = isCertificate ? ' (name its CA with ca-file, or say insecure)' : '';
      reject(new DeviceError(isCertificate ? 'refused' : 'transient', `${error.message}${hint}`, { cause: error }));
    });
    request.end(content);
  });
  return readAnswer(answer);
}

async function readAnswer(answer: IncomingMessage): Promise<unknown> {
  const status = answer.statusCode ?? 0;
  let text = '';
  answer.setEncoding('utf8');
  for await (const chunk of answer) {
    text += String(chunk);
    if (text.length > largestAnswer) throw new DeviceError('refused', 'its answer is too large');
  }
  if (status === 401 || status === 403) throw new DeviceError('auth', `HTTP status ${status}`);
  if (status >= 200 && status < 300) return parse(text);
  const why = `HTTP status ${status} ${messageIn(parse(text))}`.trim();
  throw new DeviceError([408, 409, 423, 429].includes(status) || status >= 500 ? 'transient' : 'refused', why);
}

function parse(text: string): unknown {
  try {
    const value: unknown = text === '' ? {} : JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** `error.message` of an answer, and of the first of its `@Message.ExtendedInfo`. */
function messageIn(answer: unknown): string {
  const error = (answer as { error?: { message?: unknown; '@Message.ExtendedInfo'?: unknown } } | null)?.error;
  const info = error?.['@Message.ExtendedInfo'];
  const first: unknown = Array.isArray(info) ? (info[0] as { Message?: unknown } | null)?.Message : undefined;
  return [error?.message, first]
    .filter((part) => typeof part === 'string')
    .join(': ')
    .slice(0, 300);
}
