import {
  entryMachine,
  executionMachine,
  hostMachine,
  stateDiagram,
  taskMachine,
  type StateMachine,
} from '@autotest/core';
import { expect, it } from 'vitest';

/** Written anew by `npx vitest run --project unit diagram -u`. */
it('the states page shows the tables that the code uses', async () => {
  const machines = [entryMachine, executionMachine, hostMachine, taskMachine] as unknown as StateMachine[];
  const sections = machines.map(
    (machine) =>
      `## ${machine.name[0]?.toUpperCase()}${machine.name.slice(1)}\n\n\`\`\`mermaid\n${stateDiagram(machine)}\n\`\`\`\n`,
  );
  const page = `# States\n\nGenerated from the tables in packages/core/src/model; what the states mean stands there and in [the domain model](../domain-model.md).\n\n${sections.join('\n')}`;
  await expect(page).toMatchFileSnapshot('../../../../docs/reference/states.md');
});
