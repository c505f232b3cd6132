import { SKEW_CODES } from '../skew/skew-codes.ts';
import type { SkewCell, SkewReport } from '../skew/skew-report.ts';
import { isAboutStorage, type SkewFold, skewFolds } from './skew-folds.ts';
import { findingsByCode, foldNote, skewAdvice, skewTitle, storedText } from './skew-words.ts';

const MARKS: Readonly<Record<SkewCell['serves'], string>> = { yes: 'yes', no: '**no**', stale: 'stale', unknown: '?' };

/** The report for a ticket or a pull request. */
export function skewMarkdown(report: SkewReport): string {
  const { servers, findings, storage } = report;
  const parts = [
    '# API skew',
    `${skewTitle(report)} ${skewAdvice(report)}`,
    ...(storage === null ? [] : [escaped(storage.text)]),
    table(report),
    ...servers.flatMap(({ name, ready, condition }) =>
      ready ? [] : [`${escaped(name)} gets no requests: ${escaped(condition)}`],
    ),
    ...findingsByCode(findings).map(([code, same]) => {
      const { documentation, remedy, severity } = SKEW_CODES[code];
      const items = same.map(({ text }) => `- ${escaped(text)}`).join('\n');
      return `## ${code} (${severity})\n\n${documentation}\n\n${items}\n\nWhat to do: ${remedy}`;
    }),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function table(report: SkewReport): string {
  const folds = skewFolds(report);
  if (folds.length === 0) return '';
  const heads = report.servers.map(({ name, version }) =>
    version === '' || version === name ? escaped(name) : `${escaped(name)} (${version})`,
  );
  const rows = [
    ['API', 'Resources', ...heads, 'Means'],
    ['---', '---', ...heads.map(() => '---'), '---'],
    ...folds.map((fold) => [
      code(fold.groupVersion),
      `${fold.isWhole ? 'all: ' : ''}${fold.names.map(code).join(', ')}`,
      ...fold.cells.map((cell) => cellText(cell, fold)),
      foldNote(fold),
    ]),
  ];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function cellText(cell: SkewCell, { codes }: SkewFold): string {
  const stored = codes.some(isAboutStorage) ? storedText(cell) : '';
  return stored === '' ? MARKS[cell.serves] : `${MARKS[cell.serves]}, ${escaped(stored)}`;
}

/** As code, where that is possible: nothing is escaped in there but the end of a cell. */
function code(text: string): string {
  return /[`\\]/.test(text) ? escaped(text) : `\`${text.replaceAll('|', '\\|')}\``;
}

/** Names come from servers and kubeconfigs; none may be taken for markup. */
function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<>|#~&!]/g, (character) => `\\${character}`).replace(/\s+/g, ' ');
}
