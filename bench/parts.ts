import { readFile, writeFile } from 'node:fs/promises';

/** What was measured of the parts of a bench, some of it perhaps in an earlier run. */
export interface MeasuredParts<Part extends string, Result> {
  readonly results: Partial<Record<Part, readonly Result[]>>;
  /** When the run began in which a part was measured: `2026-11-23 04:45`. */
  readonly began: Partial<Record<Part, string>>;
}

/** The parts named in `only`, separated by commas. Ends the program with exit code 2 when one of them does not exist. */
export function wantedParts<Part extends string>(only: string, parts: readonly Part[]): readonly Part[] {
  const names = only.split(',');
  const unknown = names.find((name) => !parts.some((part) => part === name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no part "${unknown}". The parts are: ${parts.join(', ')}.\n`);
    process.exit(2);
  }
  return parts.filter((part) => names.includes(part));
}

/** Measures the parts that are `wanted`; others come from `file`, which is written after each part. */
export async function measureParts<Part extends string, Result>(
  wanted: readonly Part[],
  measure: Readonly<Record<Part, () => Promise<readonly Result[]>>>,
  date: string,
  file: string | undefined,
): Promise<MeasuredParts<Part, Result>> {
  let measured: MeasuredParts<Part, Result> = file === undefined ? NOTHING : await earlier(file);
  for (const part of wanted) {
    const results = { ...measured.results, [part]: await measure[part]() };
    measured = { results, began: { ...measured.began, [part]: date } };
    if (file !== undefined) await writeFile(file, `${JSON.stringify(measured)}\n`);
  }
  return measured;
}

/** `2026-11-23 04:45 UTC (crash, hang)` for each run that took part. */
export function runsOf<Part extends string>({ began }: MeasuredParts<Part, unknown>, parts: readonly Part[]): string {
  const runs = Map.groupBy(
    parts.filter((part) => began[part] !== undefined),
    (part) => began[part] ?? '',
  );
  return [...runs].map(([date, of]) => `${date} UTC (${of.join(', ')})`).join('; ');
}

const NOTHING = { results: {}, began: {} };

async function earlier<Part extends string, Result>(file: string): Promise<MeasuredParts<Part, Result>> {
  const text = await readFile(file, 'utf8').catch(() => JSON.stringify(NOTHING));
  const measured: MeasuredParts<Part, Result> = JSON.parse(text);
  return measured;
}
