/** Collects what describes this boot of the machine into `sysinfo/`, once a boot. */
export async function collectBootSysinfo(_resultsDir: string, _bootId: string): Promise<void> {}
