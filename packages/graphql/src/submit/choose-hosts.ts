import {
  compileLabels,
  explainLabels,
  formatLabelExpression,
  LabelExpressionError,
  nearestHosts,
  parseLabelExpression,
  prepareLabels,
  type ControlMetadata,
  type LabelExpression,
} from '@autotest/core';
import type { Database, HostRow, OneTimeHost } from '@autotest/core/db';
import { checkAlike } from './check-alike.ts';
import { readOneTimeHosts } from './read-one-time-hosts.ts';
import type { SubmitJobInput } from './submit.input.ts';
import { HostsUnavailableType, Refused, refuseInput } from './submit.type.ts';

/** Where a job will run. */
export interface ChosenHosts {
  readonly hostIds: readonly number[];
  readonly anyHosts: number;
  readonly syncCount: number;
  readonly oneTimeHosts: readonly OneTimeHost[];
}

/** What a job wants of its hosts. */
interface Wanted {
  /** Whose job it is. */
  readonly login: string;
  readonly metadata: ControlMetadata;
  readonly input: SubmitJobInput;
  readonly sameValueOf: string | undefined;
}

const maxHosts = 1000;
const shownHosts = 5;

/**
 * Finds the named hosts and makes sure that the others can be found: a job that no host could ever run is refused now, with the
 * hosts that nearly match.
 *
 * @throws Refused
 */
export async function chooseHosts(
  database: Database,
  { login, metadata, input, sameValueOf }: Wanted,
): Promise<ChosenHosts> {
  const names = input.hosts ?? [];
  const oneTimeHosts = readOneTimeHosts(input);
  const namedCount = names.length + oneTimeHosts.length;
  const syncCount = metadata.type === 'server' ? (metadata.syncCount ?? 1) : 1;
  const anyHosts = input.anyHosts ?? (namedCount > 0 ? 0 : syncCount);
  if (new Set(names).size < names.length) refuseInput('hosts', 'A host is named twice. Name each host once.');
  checkNumbers(metadata, namedCount, anyHosts, syncCount);
  const needs = readNeeds(metadata, input);
  const named = await findNamed(database, names);
  checkNamed(named, needs);
  await checkAccess(database, login, named, named.length, 'hosts');
  if (anyHosts > 0)
    await checkAccess(database, login, await findEnough(database, named, needs, anyHosts), anyHosts, 'needs');
  if (sameValueOf !== undefined && oneTimeHosts.length === 0 && anyHosts + named.length > 0)
    await checkAlike(database, anyHosts > 0 ? undefined : named, needs, { key: sameValueOf, count: syncCount });
  return { hostIds: named.map(({ id }) => id), anyHosts, syncCount, oneTimeHosts };
}

function checkNumbers(metadata: ControlMetadata, namedCount: number, anyHosts: number, syncCount: number): void {
  if (anyHosts < 0) refuseInput('anyHosts', 'anyHosts must not be negative.');
  const total = namedCount + anyHosts;
  if (total > maxHosts) refuseInput('anyHosts', `The job asks for ${total} hosts, more than the ${maxHosts} allowed.`);
  if (total === 0 && metadata.type === 'client')
    refuseInput('anyHosts', 'A client control file runs on hosts: name hosts, or set anyHosts to 1 or more.');
  if (total > 0 && total < syncCount)
    refuseInput('hosts', `The control file starts on ${syncCount} hosts together (syncCount), but gets ${total}.`);
  if (total === 0 && syncCount > 1)
    refuseInput('anyHosts', `The control file starts on ${syncCount} hosts together (syncCount), but gets none.`);
}

/** Both expressions together; undefined where any host will do. */
function readNeeds(metadata: ControlMetadata, input: SubmitJobInput): LabelExpression | undefined {
  const parts = [metadata.needs, input.needs].flatMap((text) => (text?.trim() ? [readExpression(text)] : []));
  return parts.length > 1 ? { kind: 'and', operands: parts } : parts[0];
}

function readExpression(text: string): LabelExpression {
  try {
    return parseLabelExpression(text);
  } catch (error) {
    if (error instanceof LabelExpressionError) refuseInput('needs', error.message, error.code);
    throw error;
  }
}

async function findNamed(database: Database, names: readonly string[]): Promise<HostRow[]> {
  const found = names.length === 0 ? new Map<string, HostRow>() : await database.lookup.hostsNamed(names);
  return names.map((name) => {
    const host = found.get(name);
    if (host?.oneTime)
      return refuseInput(
        'hosts',
        `${name} was registered for one job only; name it as a one-time host, with its address.`,
      );
    if (host !== undefined) return host;
    return refuseInput(
      'hosts',
      `There is no host ${JSON.stringify(name.slice(0, 200))}; \`autotest host list\` shows what there is.`,
    );
  });
}

function checkNamed(named: readonly HostRow[], needs: LabelExpression | undefined): void {
  if (needs === undefined) return;
  const wrong = named
    .map(({ name, labels }) => ({ host: name, unmet: explainLabels(needs, labels) }))
    .filter(({ unmet }) => unmet.length > 0);
  const [first] = wrong;
  if (first === undefined) return;
  const message = `${first.host} is not what the job needs: it lacks ${first.unmet.join(', ')}.`;
  throw new Refused(new HostsUnavailableType(message, ['input', 'hosts'], wrong));
}

/** Hosts that could be chosen, whoever asks. */
async function findEnough(
  database: Database,
  named: readonly HostRow[],
  needs: LabelExpression | undefined,
  wanted: number,
): Promise<HostRow[]> {
  const taken = new Set(named.map(({ id }) => id));
  const others = (await database.hosts.all()).filter(({ id, oneTime }) => !taken.has(id) && !oneTime);
  const holds = needs === undefined ? () => true : compileLabels(needs);
  const matching = others.filter(({ labels }) => holds(prepareLabels(labels)));
  if (matching.length >= wanted) return matching;
  const rest = others.filter((host) => !matching.includes(host));
  const nearest =
    needs === undefined
      ? []
      : nearestHosts(needs, rest, shownHosts).map(({ host, unmet }) => ({ host: host.name, unmet }));
  throw new Refused(
    new HostsUnavailableType(
      messageFor(needs, others.length, matching.length, wanted, nearest),
      ['input', 'needs'],
      nearest,
    ),
  );
}

/** Makes sure that enough of the hosts may be used. A reservation is no reason to refuse: it ends. */
async function checkAccess(
  { access, lookup }: Database,
  login: string,
  hosts: readonly HostRow[],
  wanted: number,
  field: 'hosts' | 'needs',
): Promise<void> {
  const ids = hosts.map(({ id }) => id);
  const usable = await access.usable(login, ids);
  if (usable.size >= wanted) return;
  const closed = hosts.filter(({ id }) => !usable.has(id)).slice(0, shownHosts);
  const groupsOf = await lookup.groupsOf(closed.map(({ id }) => id));
  const nearest = closed.map(({ id, name }) => ({
    host: name,
    unmet: [`membership of ${(groupsOf.get(id) ?? []).join(' or ')}`],
  }));
  const near = nearest.map(({ host, unmet }) => `${host} needs ${unmet.join(', ')}`).join('; ');
  const message = `The job asks for ${hostCount(wanted)}, but you may use only ${usable.size} of the ${hosts.length} that fit: ${near}. Ask an administrator to make you a member.`;
  throw new Refused(new HostsUnavailableType(message, ['input', field], nearest));
}

function messageFor(
  needs: LabelExpression | undefined,
  known: number,
  matching: number,
  wanted: number,
  nearest: readonly { host: string; unmet: readonly string[] }[],
): string {
  if (known === 0) return 'There is no host yet that could run it; add one with `autotest host add`.';
  if (needs === undefined)
    return `The job asks for ${hostCount(wanted, 'more ')}, but there ${known === 1 ? 'is' : 'are'} only ${known}.`;
  const [first] = nearest;
  const near = first === undefined ? '' : ` Nearest is ${first.host}, which lacks ${first.unmet.join(', ')}.`;
  return `The job asks for ${hostCount(wanted)} with ${formatLabelExpression(needs)}, but only ${matching} of ${known} have it.${near}`;
}

function hostCount(count: number, kind = ''): string {
  return `${count} ${kind}${count === 1 ? 'host' : 'hosts'}`;
}
