import { readFileSync, writeFileSync } from 'node:fs';
import type { Utterance } from './conversation.ts';

/** What a server said, by case. */
export type RecordedAnswers = ReadonlyMap<string, readonly Utterance[]>;

/** Whose answers are kept whole; of other versions only the cases that differ. */
const NEWEST = '1.37.2';

const file = (version: string) => new URL(`fixtures/${version}.json`, import.meta.url);

function read(version: string): RecordedAnswers {
  return new Map(Object.entries(JSON.parse(readFileSync(file(version), 'utf8'))));
}

/** What a real kube-apiserver of that version said. */
export function recordedAnswers(version: string): RecordedAnswers {
  const newest = read(NEWEST);
  return version === NEWEST ? newest : new Map([...newest, ...read(version)]);
}

/** Keeps what a real kube-apiserver said; 1.37.2 has to be recorded first. */
export function keepAnswers(version: string, answers: RecordedAnswers): void {
  const newest = version === NEWEST ? new Map() : read(NEWEST);
  const own = [...answers].filter(([id, said]) => JSON.stringify(said) !== JSON.stringify(newest.get(id)));
  const cases = own.map(([id, said]) => `${JSON.stringify(id)}: [\n${said.map(line).join(',\n')}\n]`);
  writeFileSync(file(version), `{\n${cases.join(',\n')}\n}\n`);
}

function line(utterance: Utterance): string {
  return `  ${JSON.stringify(utterance)}`;
}
