// Where the time of a CPU profile went, but for its first seconds. Usage: node bench/performance/profile.ts FILE.cpuprofile [SECONDS]
import { readFile } from 'node:fs/promises';
import { table } from '../../tools/reference/markdown.ts';
import { type CpuProfile, summariseProfile } from './profile-summary.ts';

const [file, skipped = '0'] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('Name the file to read: node bench/performance/profile.ts FILE.cpuprofile [SECONDS]\n');
  process.exit(2);
}
const profile: CpuProfile = JSON.parse(await readFile(file, 'utf8'));
const { busyMs, groups, top } = summariseProfile(profile, profile.startTime + Number(skipped) * 1e6);
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
process.stdout.write(`${(busyMs / 1_000).toFixed(1)} s busy\n\n`);
process.stdout.write(
  `${table(
    ['time in', 'share'],
    groups.map(({ group, share }) => [group, percent(share)]),
  )}\n\n`,
);
process.stdout.write(
  `${table(
    ['function', 'where', 'of', 'share'],
    top.map((each) => [each.function, each.where, each.group, percent(each.share)]),
  )}\n`,
);
