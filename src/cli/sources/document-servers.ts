import { inSkewOrder } from '../../skew/skew-server.ts';
import { type CliIo, EXIT } from '../io.ts';
import { type ContextAccess, contextAccess, type OpenContext, openContext } from './context-server.ts';
import type { DocumentServer } from './document-server.ts';
import { recordedServer } from './recorded-server.ts';
import { SourceError } from './source-error.ts';
import type { SourceFlags } from './source-options.ts';

/** The servers of contexts and recordings, newest first. */
export interface DocumentServers {
  readonly servers: readonly DocumentServer[];
  close(): Promise<void>;
}

/**
 * Reads the servers that the flags name; undefined when they name none, so that a running proxy is to be asked.
 *
 * @throws {SourceError} naming every server that could not be read
 */
export async function readDocumentServers(
  { context: contexts = [], recorded = [], kubeconfig }: SourceFlags,
  io: Pick<CliIo, 'directory' | 'environment'>,
): Promise<DocumentServers | undefined> {
  if (contexts.length === 0 && kubeconfig !== undefined) {
    const advice = 'name the contexts of its API servers, --context NAME,NAME';
    throw new SourceError(EXIT.usage, `--kubeconfig needs --context: ${advice}.`);
  }
  if (contexts.length === 0 && recorded.length === 0) return undefined;
  // One after the other, so that of several that cannot be used it is always the first that is named.
  const accesses: Awaited<ReturnType<typeof contextAccess>>[] = [];
  for (const context of contexts) accesses.push(await contextAccess(context, kubeconfig, io));
  requireDifferent(accesses);
  const recordings = await Promise.all(recorded.map((name) => recordedServer(name, io.directory)));
  const opened = await openAll(accesses);
  const close = async () => void (await Promise.all(opened.map((each) => each.close())));
  try {
    const servers = [...opened.map(({ server }) => server), ...recordings];
    requireNames(servers);
    return { servers: inSkewOrder(servers), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** All or none: an answer that leaves out a server that was asked for would be taken for the whole. */
async function openAll(accesses: readonly ContextAccess[]): Promise<readonly OpenContext[]> {
  const results = await Promise.allSettled(accesses.map(openContext));
  const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failures = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []));
  if (failures.length === 0) return opened;
  await Promise.all(opened.map(({ close }) => close()));
  const unexpected = failures.find((failure) => !(failure instanceof SourceError));
  if (unexpected !== undefined) throw unexpected;
  const advice =
    opened.length === 0
      ? []
      : [`Without it, --context ${opened.map(({ server }) => server.name).join(',')} can be answered.`];
  const messages = failures.map((failure) => (failure instanceof Error ? failure.message : ''));
  throw new SourceError(EXIT.unreachable, [...messages, ...advice].join('\n'));
}

function requireDifferent(accesses: readonly ContextAccess[]): void {
  for (const [at, { context, server }] of accesses.entries()) {
    const { origin } = new URL(server);
    const same = accesses.slice(0, at).find((earlier) => new URL(earlier.server).origin === origin);
    if (same === undefined) continue;
    throw new SourceError(
      EXIT.usage,
      same.context === context
        ? `The context "${context}" is named twice; name each API server once.`
        : `The contexts "${same.context}" and "${context}" have one address, ${server}: behind a balancer each answer may come from another server. Make a context for each API server, with its own address.`,
    );
  }
}

function requireNames(servers: readonly DocumentServer[]): void {
  for (const [at, { name }] of servers.entries()) {
    if (!servers.slice(0, at).some((earlier) => earlier.name === name)) continue;
    throw new SourceError(EXIT.usage, `Two of the servers are called "${name}"; name each once.`);
  }
}
