import { messageOf } from '@autotest/core';

/*
 * Constraints on the metrics and attributes of an iteration:
 *
 *   expression = and { "or" and }        and = not { "and" not }        not = [ "not" ] comparison
 *   comparison = operand operator operand | "(" expression ")"
 *   operand    = number | "text" | 'text' | true | false | name         operator = < <= > >= == !=
 *
 * `||`, `&&`, `!` and `=` stand for or, and, not and ==. A name may hold letters, digits, `_`, `.`, `-`, `/`, `%`. Nothing is evaluated as code.
 */

type Value = number | string | boolean;
type Token = { readonly kind: 'number' | 'text' | 'name' | 'operator'; readonly text: string };

const maxLength = 1000;
const pattern =
  /\s*(?:(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?![\w.])|"([^"]*)"|'([^']*)'|([A-Za-z_][\w.%/-]*)|(<=|>=|==|!=|&&|\|\||[<>=!()]))/giy;

/** Undefined when the constraint holds; otherwise what is to be said about it. */
export function unmetConstraint(constraint: string, values: ReadonlyMap<string, unknown>): string | undefined {
  try {
    const parser = new ConstraintParser(tokenize(constraint), values);
    return parser.parse() ? undefined : `${constraint}: constraint was not met${parser.seen()}`;
  } catch (error) {
    return `${constraint}: could not evaluate constraint: ${messageOf(error)}`;
  }
}

function tokenize(text: string): Token[] {
  if (text.length > maxLength) throw new Error(`it is longer than ${maxLength} characters`);
  const tokens: Token[] = [];
  let end = 0;
  for (const match of text.trimEnd().matchAll(pattern)) {
    const [all, number, double, single, name, operator] = match;
    end = match.index + all.length;
    if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (double !== undefined || single !== undefined) tokens.push({ kind: 'text', text: double ?? single ?? '' });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else tokens.push({ kind: 'operator', text: operator ?? '' });
  }
  if (end < text.trimEnd().length) throw new Error(`unexpected ${JSON.stringify(text.slice(end, end + 10))}`);
  return tokens;
}

class ConstraintParser {
  readonly #tokens: readonly Token[];
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #seen = new Map<string, Value>();
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], values: ReadonlyMap<string, unknown>) {
    this.#tokens = tokens;
    this.#values = values;
  }

  parse(): boolean {
    const result = this.#or();
    const rest = this.#tokens[this.#at];
    if (rest) throw new Error(`unexpected ${rest.text}`);
    return result;
  }

  /** ` (throughput = 80)` */
  seen(): string {
    const parts = [...this.#seen].map(([name, value]) => `${name} = ${value}`);
    return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  }

  #or(): boolean {
    let result = this.#and();
    while (this.#takes('or', '||')) result = this.#and() || result;
    return result;
  }

  #and(): boolean {
    let result = this.#not();
    while (this.#takes('and', '&&')) result = this.#not() && result;
    return result;
  }

  #not(): boolean {
    return this.#takes('not', '!') ? !this.#nested(() => this.#not()) : this.#comparison();
  }

  #comparison(): boolean {
    if (this.#takes('(')) {
      const result = this.#nested(() => this.#or());
      if (!this.#takes(')')) throw new Error('a ) is missing');
      return result;
    }
    const left = this.#operand();
    const operator = this.#tokens[this.#at]?.text ?? 'nothing';
    if (!/^(<|>|<=|>=|==|=|!=)$/.test(operator)) throw new Error(`expected a comparison, found ${operator}`);
    this.#at += 1;
    return compare(left, operator, this.#operand());
  }

  #operand(): Value {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (!token || token.kind === 'operator')
      throw new Error(`expected a name or a value, found ${token?.text ?? 'nothing'}`);
    if (token.kind === 'number') return Number(token.text);
    if (token.kind === 'text') return token.text;
    const value = this.#values.get(token.text);
    if (value === undefined && /^(true|false)$/i.test(token.text)) return /^true$/i.test(token.text);
    if (typeof value !== 'number' && typeof value !== 'string' && typeof value !== 'boolean')
      throw new Error(`there is no metric or attribute named ${token.text}`);
    this.#seen.set(token.text, value);
    return value;
  }

  #nested(fn: () => boolean): boolean {
    this.#depth += 1;
    if (this.#depth > 50) throw new Error('it is nested too deep');
    const result = fn();
    this.#depth -= 1;
    return result;
  }

  #takes(...texts: readonly string[]): boolean {
    const token = this.#tokens[this.#at];
    if (!token || token.kind === 'number' || token.kind === 'text' || !texts.includes(token.text)) return false;
    this.#at += 1;
    return true;
  }
}

function compare(left: Value, operator: string, right: Value): boolean {
  if (typeof left !== typeof right) throw new Error(`${left} and ${right} cannot be compared`);
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '!=':
      return left !== right;
    default:
      return left === right;
  }
}
