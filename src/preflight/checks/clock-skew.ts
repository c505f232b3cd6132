import { fieldValue } from '../../wire/fields.ts';
import { blocked, type Check, eachServer, finding, pass } from '../check.ts';

const WARN_MS = 5_000;
/** Where bound tokens and Leases begin to be judged wrongly. */
const FAIL_MS = 60_000;
/** The Date field has seconds; the clock was somewhere in that one. */
const RESOLUTION_MS = 1_000;

/** Compares the Date of an answer with our clock: they agree if the answer may have been given in that second. */
export const clockSkew: Check = {
  code: 'ClockSkew',
  run: (setting) =>
    eachServer(setting, async (server) => {
      const { name } = server;
      const read = await server.readiness();
      if (read.kind === 'blocked') return blocked(read.by, server);
      if (read.kind === 'failed' || read.value.kind === 'none') return blocked('ServerReady', server);
      const { fields, askedAt, answeredAt } = read.value;
      const date = Date.parse(fieldValue(fields, 'date') ?? '');
      if (Number.isNaN(date)) return finding('unknown', 'It does not say what time it is.', '', name);
      const ahead = date - answeredAt;
      const off = Math.max(0, ahead, askedAt - (date + RESOLUTION_MS));
      if (off < WARN_MS) return pass(`Its clock agrees with ours to ${Math.ceil(off / 1000) + 1} s.`, name);
      const text = `Its clock is ${Math.round(off / 1000)} s ${ahead > 0 ? 'ahead of' : 'behind'} ours: certificates, tokens and Leases are judged by different times.`;
      return finding(
        off < FAIL_MS ? 'warn' : 'fail',
        text,
        'Synchronise the clocks of both hosts (chrony, systemd-timesyncd).',
        name,
      );
    }),
};
