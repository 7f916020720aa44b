import { describe, expect, it } from 'vitest';
import { driverProblem, parseConsoleUrl, parsePowerUrl } from '@autotest/core';

describe('the attribute power', () => {
  it.each([
    [
      'ipmi://admin@bmc-7?password-file=bmc',
      {
        kind: 'ipmi',
        address: 'bmc-7',
        port: 623,
        user: 'admin',
        passwordFile: 'bmc',
        cipher: 3,
        interface: 'lanplus',
      },
    ],
    [
      'ipmi://lab%40x@[fe80::1]:6230?password-file=/etc/autotest/bmc&cipher=17&interface=lan',
      {
        address: 'fe80::1',
        port: 6230,
        user: 'lab@x',
        passwordFile: '/etc/autotest/bmc',
        cipher: 17,
        interface: 'lan',
      },
    ],
    [
      'redfish+https://root@bmc/redfish/v1/Systems/437XR1138R2/?password-file=bmc&ca-file=ca.pem',
      {
        kind: 'redfish',
        origin: 'https://bmc:443',
        path: '/redfish/v1/Systems/437XR1138R2',
        insecure: false,
        caFile: 'ca.pem',
      },
    ],
    [
      'redfish+http://root@bmc:8000/redfish/v1/Systems/1?password-file=b&insecure',
      { origin: 'http://bmc:8000', insecure: true },
    ],
    [
      'snmp://pdu/3?model=apc&community-file=pdu',
      { kind: 'snmp', oid: '1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.3', values: { on: 1, off: 2, cycle: 3 }, version: '2c' },
    ],
    [
      'snmp://public@pdu/?oid=1.3.6.1.4.1.9.5&version=1&on-value=5&off-value=6',
      { oid: '1.3.6.1.4.1.9.5', community: 'public', values: { on: 5, off: 6 } },
    ],
    ['qmp:///run/vms/h%201.qmp', { kind: 'qmp', path: '/run/vms/h 1.qmp' }],
    [
      'libvirt:///h1?connect=qemu%2Bssh://root@kvm-3/system',
      { kind: 'libvirt', domain: 'h1', connect: 'qemu+ssh://root@kvm-3/system' },
    ],
    ['command:relay?board=4', { kind: 'command', name: 'relay', options: { board: '4' } }],
  ])('%s is read', (url, target) => {
    expect(parsePowerUrl(url)).toMatchObject(target);
  });

  it.each([
    ['ipmy://bmc', /nothing is known of ipmy:/],
    ['bmc-7', /is no URL/],
    ['constructor:x', /nothing is known of constructor:/],
    ['ipmi://admin:secret@bmc', /holds a password/],
    ['ipmi://admin@bmc', /no password-file/],
    ['ipmi://bmc?password-file=x', /no user/],
    ['ipmi://-Iopen@bmc?password-file=x', /begins with a dash/],
    ['ipmi://a@-bmc?password-file=x', /names no host/],
    ['ipmi://a@bmc?password-file=x&chiper=3', /no option "chiper"/],
    ['ipmi://a@bmc?password-file=x&password-file=y', /more than once/],
    ['redfish+https://a@bmc/redfish/v1/../Managers/1?password-file=x', /its path is to be/],
    ['snmp://pdu/x?model=apc&community-file=c', /number of the outlet/],
    ['snmp://pdu/1?model=toString&community-file=c', /model is to be/],
    ['snmp://pdu/1?model=apc', /no community-file/],
    ['libvirt:///h1?connect=qemu%2Bext://h/system?command=/tmp/x', /plain address/],
    ['libvirt:///h1?connect=qemu%2Bssh://-oProxyCommand=x/system', /plain address|dash/],
    ['libvirt:///-h1', /names no domain/],
    ['command:/bin/sh', /plain name/],
    ['command:../sh', /plain name/],
    ['command:x?LD_PRELOAD%3D=1', /names of options/],
    ['command:x y', /blanks/],
    ['qmp://host/x', /no absolute path/],
    ['qmp:///%0a', /control characters/],
    [`qmp:///${'x'.repeat(3000)}`, /too long/],
  ])('%s is refused', (url, why) => {
    expect(() => parsePowerUrl(url, 'h1')).toThrow(why);
    expect(() => parsePowerUrl(url, 'h1')).toThrow(/attribute power of host h1/);
  });
});

describe('the attribute console', () => {
  it.each([
    ['tcp://conserver:3001', { kind: 'tcp', address: 'conserver', port: 3001 }],
    ['telnet://conserver', { kind: 'telnet', port: 23 }],
    ['unix:///run/h1.console', { kind: 'unix', path: '/run/h1.console' }],
    ['ssh://lab@conserver/?command=console+h1', { kind: 'ssh', user: 'lab', port: 22, command: 'console h1' }],
    ['ipmi-sol://admin@bmc?password-file=b', { kind: 'ipmi-sol', port: 623, cipher: 3 }],
    ['command:serial?port=7', { kind: 'command', name: 'serial', options: { port: '7' } }],
  ])('%s is read', (url, target) => {
    expect(parseConsoleUrl(url)).toMatchObject(target);
  });

  it.each([['tcp://conserver'], ['ssh://conserver'], ['http://x/'], ['unix:console'], ['']])('%s is refused', (url) => {
    expect(() => parseConsoleUrl(url)).toThrow(/attribute console cannot be used/);
  });
});

it('says what is wrong with the attributes of a host', () => {
  expect(driverProblem({ platform: 'x', power: 'qmp:///run/a', console: 'tcp://a:1' })).toBeUndefined();
  expect(driverProblem({ console: 'ftp://a' })).toMatch(/nothing is known of ftp:/);
});
