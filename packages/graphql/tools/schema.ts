import { writeFileSync } from 'node:fs';
import { schemaText } from '../dist/schema/build-schema.js';
import { schemaFile } from './generate.ts';

writeFileSync(schemaFile, schemaText());
