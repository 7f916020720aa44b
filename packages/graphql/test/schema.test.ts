import { readFileSync } from 'node:fs';
import { buildSchema, printSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { buildApiSchema } from '../src/schema/build-schema.ts';
import { generateDocuments, schemaFile, targets } from '../tools/generate.ts';

describe('what is generated', () => {
  test('schema.graphql is the schema that the server serves (npm run schema -w @autotest/graphql)', () => {
    expect(printSchema(buildSchema(readFileSync(schemaFile, 'utf8')))).toBe(printSchema(buildApiSchema()));
  });

  test.for(targets)(
    '$to is made from the documents of today (npm run codegen -w @autotest/graphql)',
    async ({ from, to }) => {
      expect(readFileSync(to, 'utf8')).toBe(await generateDocuments(from));
    },
  );
});
