import type { Context } from '../context.ts';
import { tunnel } from '../load/tunnel.ts';
import type { Result, UpgradeResult } from '../results.ts';
import { Fleet } from '../rivals/fleet.ts';
import { processorMs } from '../rivals/process-usage.ts';
import type { Rival, RivalName } from '../rivals/rival.ts';
import { FastStage } from '../stages/fast-stage.ts';
import { tunnels } from '../stages/tunnels.ts';

const MEBIBYTES = 256;
const WARM_UP_MEBIBYTES = 64;
const MEBIBYTE = 2 ** 20;
const DIRECTIONS = ['down', 'up'] as const;

/** A stream of bytes after a protocol switch, as exec and port-forward make them. */
export async function measureUpgrade(context: Context): Promise<readonly Result[]> {
  await using stage = await FastStage.start(tunnels);
  const names: readonly RivalName[] = ['own', 'nginx', 'haproxy'];
  await using fleet = await Fleet.start(stage, names, context.available);
  const rivals: readonly Rival[] = [{ name: 'direct', url: stage.backends.preferred, pid: undefined }, ...fleet.rivals];
  const mebibytes = context.scaled(MEBIBYTES);
  const run = ({ url }: Rival, direction: UpgradeResult['direction'], size: number): Promise<number> =>
    tunnel({ url, ca: stage.pki.servingCa.cert, token: 'performance', direction, bytes: size * MEBIBYTE });
  for (const rival of rivals) for (const way of DIRECTIONS) await run(rival, way, WARM_UP_MEBIBYTES);
  const results: UpgradeResult[] = [];
  for (const direction of DIRECTIONS) {
    const measured = new Map<Rival, UpgradeResult['rounds'][number][]>(rivals.map((rival) => [rival, []]));
    for (let round = 0; round < context.rounds; round++) {
      for (const rival of rivals) {
        const before = rival.pid === undefined ? 0 : processorMs(rival.pid);
        const seconds = await run(rival, direction, mebibytes);
        const cpuMs = rival.pid === undefined ? 0 : processorMs(rival.pid) - before;
        const rate = Math.round(mebibytes / seconds);
        context.report(
          `${direction}, ${rival.name}: ${rate} MiB/s, ${(cpuMs / mebibytes).toFixed(2)} ms of CPU per MiB`,
        );
        measured.get(rival)?.push({ mebibytes, seconds, cpuMs });
      }
    }
    for (const [{ name }, rounds] of measured) results.push({ kind: 'upgrade', direction, rival: name, rounds });
  }
  return results;
}
