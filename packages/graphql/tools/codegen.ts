import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { generateDocuments, targets } from './generate.ts';

for (const { from, to } of targets) {
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, await generateDocuments(from));
}
