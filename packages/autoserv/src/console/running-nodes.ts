import type { JournalRecord, NodeKind } from '@autotest/core';
import { nodePath } from '@autotest/core';

interface Span {
  readonly scope: readonly string[];
  readonly node: NodeKind;
  readonly host: string | undefined;
  readonly from: number;
  to: number | undefined;
}

/** Ended nodes that are remembered: what a console says may come a little after the host's own record. */
const kept = 200;

/** Which nodes of the result tree ran when, by our clock. */
export class RunningNodes {
  readonly #spans = new Map<string, Span>();
  readonly #several: boolean;

  /** @param several the execution has more hosts than one */
  constructor(several: boolean) {
    this.#several = several;
  }

  take(record: JournalRecord, t: number): void {
    const key = nodePath(record.scope);
    if (record.kind === 'node.start') {
      const { scope, node, host } = record;
      this.#spans.delete(key);
      this.#spans.set(key, { scope, node, host: host ?? this.#hostOf(scope), from: t, to: undefined });
      this.#forget();
    }
    const span = record.kind === 'node.end' ? this.#spans.get(key) : undefined;
    if (span) span.to = t;
  }

  /** Scope of what ran on a host then: the innermost test, else the innermost node around it, else the execution itself. */
  at(host: string, t: number): readonly string[] {
    const running = [...this.#spans.values()].filter(({ from, to }) => from <= t && (to === undefined || t <= to));
    const own = running.filter((span) => span.host === host || (!this.#several && span.host === undefined));
    const rank = ({ node, scope }: Span): number => (node === 'test' || node === 'command' ? 100 : 0) + scope.length;
    const best = own.reduce<Span | undefined>((a, b) => (a && rank(a) > rank(b) ? a : b), undefined);
    // A server control file whose only host is driven by a test of the server's own machine.
    const only = this.#several ? undefined : running.findLast(({ node }) => node === 'test' || node === 'command');
    return (best ?? only)?.scope ?? [];
  }

  #hostOf(scope: readonly string[]): string | undefined {
    for (let length = scope.length - 1; length > 0; length--) {
      const parent = this.#spans.get(nodePath(scope.slice(0, length)));
      if (parent?.host !== undefined) return parent.host;
    }
    return undefined;
  }

  #forget(): void {
    const ended = [...this.#spans].filter(([, { to }]) => to !== undefined);
    for (const [key] of ended.slice(0, Math.max(0, ended.length - kept))) this.#spans.delete(key);
  }
}
