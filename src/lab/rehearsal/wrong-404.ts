import { type GroupVersionResource, groupVersion } from '../api-object.ts';
import { resourcePath } from '../client/api-path.ts';
import { asClientError } from '../client/client-error.ts';
import type { LabServer } from '../plane/lab-server.ts';
import type { Wrong404 } from './result.ts';
import type { Stage } from './stage.ts';

/** It lists whatever discovery has, and metrics tell it from other clients. */
const CLIENT = 'kube-state-metrics';
const REQUESTS = 10;
const PERIOD_MS = 200;

/**
 * Lets `server` deny the type while a client lists it. `adminUrl`: of the proxy in front, where there is one.
 * Rejects when the server does not list the type.
 */
export async function giveWrong404(
  stage: Stage,
  server: LabServer,
  wrong: Wrong404,
  adminUrl: string | undefined,
): Promise<void> {
  const { measurements } = stage;
  const type = await listedType(stage, server, wrong);
  const text = `${type.resource} in ${groupVersion(type)}`;
  measurements.mark('phase', 'wrong 404');
  server.deny?.(type);
  measurements.mark('server', `${server.name} denies ${text}, which it lists`);
  if (wrong.isHeld) measurements.mark('finding', heldText(adminUrl));
  const denied = await askAgain(stage, resourcePath(type), wrong.isHeld ? Infinity : REQUESTS);
  measurements.mark('finding', `${CLIENT} was told ${denied} times that there is no such type`);
  stage.signal.throwIfAborted();
  server.deny?.(undefined);
  measurements.mark('server', `${server.name} serves ${text} again`);
}

async function listedType(
  stage: Stage,
  server: LabServer,
  { group, resource }: Wrong404,
): Promise<GroupVersionResource> {
  const types = await stage.ownTypes(server);
  const found = types.find((type) => type.group === group && type.resource === resource);
  if (found !== undefined) return found;
  throw new Error(
    `${server.name} (${server.version}) lists no ${resource}${group === '' ? '' : `.${group}`}, so it cannot deny it. Name a type that the version after the upgrade has.`,
  );
}

/** Returns how many of the answers were 404. */
async function askAgain(stage: Stage, path: string, times: number): Promise<number> {
  const client = stage.client(CLIENT);
  let denied = 0;
  for (let count = 0; count < times && !stage.signal.aborted; count += 1) {
    const status = await client.request('GET', path).then(
      (answer) => answer.status,
      (error: unknown) => asClientError(error).status,
    );
    if (status === 404) denied += 1;
    await stage.rest(PERIOD_MS);
  }
  await stage.dismiss(client);
  return denied;
}

function heldText(adminUrl: string | undefined): string {
  const where =
    adminUrl === undefined ? 'no proxy is in front that could tell' : `the proxy's admin listener is ${adminUrl}`;
  return `so it stays until Ctrl-C; ${where}`;
}
