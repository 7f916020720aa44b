import { writeFileSync } from 'node:fs';
import { printSchema } from 'graphql';
import { buildApiSchema } from '../dist/schema/build-schema.js';
import { schemaFile } from './generate.ts';

writeFileSync(schemaFile, `${printSchema(buildApiSchema())}\n`);
