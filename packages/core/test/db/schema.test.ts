import { describe } from 'vitest';
import { describeSchema } from '../../integration/db/schema.ts';

describe('the schema on SQLite', () => describeSchema(() => 'sqlite::memory:'));
