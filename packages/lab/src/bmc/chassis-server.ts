import { createServer, type Server, type Socket } from 'node:net';
import { messageOf } from '@autotest/core';
import { bootDevices, type BootDevice, type Chassis } from './chassis.ts';

const maxRequestBytes = 4096;

/**
 * Answers the program that ipmi_sim calls: one line, one answer. `get NAME…` gives `NAME:VALUE` lines; `set NAME VALUE…` gives nothing, or what went wrong.
 *
 * @param onError told of buttons that could not be pressed
 */
export async function serveChassis(
  chassis: Chassis,
  socketPath: string,
  onError: (error: unknown) => void,
): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    void readLine(socket)
      .then((line) => answer(chassis, line))
      .then(
        (text) => socket.end(text),
        (error: unknown) => (onError(error), socket.end(`${messageOf(error)}\n`)),
      );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
  return server;
}

async function readLine(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes('\n') || text.length > maxRequestBytes) break;
  }
  return text.split('\n')[0] ?? '';
}

/** @param line `get power`, `set boot pxe` */
async function answer(chassis: Chassis, line: string): Promise<string> {
  const [verb, ...words] = line.split(' ');
  if (verb === 'get') return words.map((name) => `${name}:${read(chassis, name)}\n`).join('');
  for (let at = 0; at + 1 < words.length; at += 2) await write(chassis, words[at] ?? '', words[at + 1] ?? '');
  return '';
}

function read(chassis: Chassis, name: string): string {
  if (name === 'power') return chassis.machine.powered ? '1' : '0';
  if (name === 'boot') return ipmiBootNames[chassis.bootDevice];
  return name === 'identify' && chassis.identify ? '1' : '0';
}

async function write(chassis: Chassis, name: string, value: string): Promise<void> {
  if (name === 'power') await chassis.press(value === '0' ? 'off' : 'on');
  else if (name === 'reset') await chassis.press('reset');
  else if (name === 'shutdown') await chassis.press('soft-off');
  else if (name === 'boot')
    chassis.bootDevice = bootDevices.find((device) => ipmiBootNames[device] === value) ?? 'none';
  else if (name === 'identify') chassis.identify = value !== '0';
}

/** Names of boot devices in ipmi_sim (lanserv, chassis_control). */
const ipmiBootNames: Readonly<Record<BootDevice, string>> = {
  none: 'none',
  pxe: 'pxe',
  disk: 'default',
  cdrom: 'cdrom',
  bios: 'bios',
};
