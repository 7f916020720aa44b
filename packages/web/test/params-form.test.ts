import { describe, expect, test } from 'vitest';
import { paramFields, readMetadata, readParams } from '../src/pages/submit/params-form.ts';

const metadata = readMetadata({
  name: 'sample',
  author: 'a',
  doc: 'd',
  type: 'client',
  params: {
    size: { type: 'number', default: 64, min: 1, max: 100 },
    device: { type: 'string' },
    fast: { type: 'boolean', default: false },
    sizes: { type: 'list', items: 'number', default: [1, 2] },
    pause: { type: 'duration', default: '5 minutes' },
  },
});
const fields = paramFields(metadata);

describe('the form of a control file’s parameters', () => {
  test('has a field for each, in their order, with the default to be seen', () => {
    expect(fields.map((field) => [field.name, field.placeholder, field.isRequired])).toEqual([
      ['size', '64', false],
      ['device', 'required', true],
      ['fast', 'false', false],
      ['sizes', '1, 2', false],
      ['pause', '5 minutes', false],
    ]);
  });

  test('leaves empty fields to their defaults', () => {
    expect(readParams(fields, { device: 'sda' })).toEqual({ params: { device: 'sda' }, problems: {} });
  });

  test('gives values of the declared types', () => {
    const typed = { size: '8', device: '8', fast: 'true', sizes: '1, 2.5,3', pause: '90s' };
    expect(readParams(fields, typed).params).toEqual({
      size: 8,
      device: '8',
      fast: true,
      sizes: [1, 2.5, 3],
      pause: '90s',
    });
  });

  test('says next to the field what is wrong', () => {
    const { problems } = readParams(fields, { size: '1000', sizes: '1, x' });
    expect(problems).toEqual({
      size: 'At most 100.',
      device: 'A value is needed.',
      sizes: 'Numbers are needed, with commas between.',
    });
    expect(readParams(fields, { size: 'many', device: 'x' }).problems).toEqual({ size: 'That is not a number.' });
  });

  test('is not made of something that is no metadata', () => {
    expect(readMetadata(null)).toBeUndefined();
    expect(readMetadata({ name: 'x' })).toBeUndefined();
    expect(paramFields(undefined)).toEqual([]);
  });
});
