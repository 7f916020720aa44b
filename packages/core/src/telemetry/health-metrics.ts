import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';

/** Makes metrics of what parts report, so that an alert can be set on it. */
export function exposeHealth(metrics: Metrics, health: Health): void {
  metrics.gauge<'part'>({
    name: 'autotest_part_healthy',
    help: '1 while a part of the process says that it is well, else 0.',
    labels: ['part'],
    read: (gauge) => {
      for (const { part, ok } of [...health.parts(), ...health.beating()]) gauge.set(ok ? 1 : 0, { part });
    },
  });
  metrics.gauge({
    name: 'autotest_damage',
    help: 'Things that are broken and gone around until somebody mends them; /readyz lists them.',
    read: (gauge) => {
      const { list, more } = health.damages();
      gauge.set(list.length + more);
    },
  });
}
