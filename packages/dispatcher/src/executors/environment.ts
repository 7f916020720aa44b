import type { Settings } from '../options.ts';

const inherited = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TZ',
  'SSH_AUTH_SOCK',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'AUTOTEST_CLIENT_FILE',
  'AUTOTEST_MIN_FREE_BYTES',
  'AUTOTEST_SSH_CONFIG',
  'AUTOTEST_STOP_MS',
  'AUTOTEST_TEST_DIRS',
  'AUTOTEST_STEPS_DIR',
  'AUTOTEST_DRIVERS_DIR',
  'AUTOTEST_REBOOT_TIMEOUT',
  'AUTOTEST_REBOOT_STEP',
  'AUTOTEST_BOOT_TIME',
  'AUTOTEST_SECRETS_DIR',
  'AUTOTEST_CONSOLE_RULES',
] as const;

/** What autoserv needs, and nothing of what this process may hold besides (database passwords). */
export function cleanEnvironment(settings: Pick<Settings, 'compileCacheDir'>): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { NODE_COMPILE_CACHE: settings.compileCacheDir };
  for (const name of inherited) if (process.env[name] !== undefined) environment[name] = process.env[name];
  return environment;
}
