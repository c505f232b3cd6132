import { escapeHtml } from '../lab/rehearsal/report/html-text.ts';
import { SKEW_CODES } from '../skew/skew-codes.ts';
import type { SkewCell, SkewReport } from '../skew/skew-report.ts';
import { isAboutStorage, type SkewFold, skewFolds } from './skew-folds.ts';
import { counted, findingsByCode, foldNote, skewAdvice, skewTitle, storedText } from './skew-words.ts';

const MARKS: Readonly<Record<SkewCell['serves'], { readonly mark: string; readonly words: string }>> = {
  yes: { mark: '✓', words: 'serves it' },
  no: { mark: '✗', words: 'does not serve it' },
  stale: { mark: '~', words: 'lists it as Stale' },
  unknown: { mark: '?', words: 'not known' },
};

/** Both schemes with a contrast of at least 4.5 to 1. */
const STYLE = `
:root{color-scheme:light dark;--text:#1a1d21;--dim:#565d66;--back:#fff;--line:#d8dce1;--row:#f4f6f8;--yes:#17703a;--no:#b3261e;--warn:#8a5300}
@media(prefers-color-scheme:dark){:root{--text:#e6e8eb;--dim:#a3abb5;--back:#15181c;--line:#353b43;--row:#1d2126;--yes:#5fd08a;--no:#ff8a80;--warn:#f0b45a}}
body{margin:0 auto;max-width:75rem;padding:1.5rem;font:1rem/1.5 system-ui,sans-serif;color:var(--text);background:var(--back)}
h1{font-size:1.5rem;margin:0 0 .5rem}h2{font-size:1.1rem;margin:2rem 0 .25rem}
.dim,caption{color:var(--dim)}.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}caption{text-align:left;padding:.25rem 0}
th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line)}
tbody tr:hover{background:var(--row)}thead th{position:sticky;top:0;background:var(--back)}
td.yes{color:var(--yes)}td.no{color:var(--no);font-weight:600}td.stale,td.unknown,.warning{color:var(--warn)}.error{color:var(--no)}
code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}td code,td.yes,td.stale{white-space:nowrap}
tbody th{padding-top:1rem}td:first-child{padding-left:1rem}
.advice{border-left:4px solid var(--warn);padding:.25rem .75rem;background:var(--row)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
`.trim();

/** The report as one page that needs nothing else: no script, no other file. */
export function skewHtml(report: SkewReport): string {
  const { findings, servers, storage, generatedAt } = report;
  const conditions = servers
    .filter(({ ready }) => !ready)
    .map(({ name, condition }) => `${name} gets no requests: ${condition}`);
  const sections = findingsByCode(findings).map(([code, same]) => {
    const { documentation, remedy, severity } = SKEW_CODES[code];
    const items = same.map(({ text }) => `<li>${escapeHtml(text)}</li>`).join('\n');
    const title = `${code} <span class="dim">${severity}, ${counted(same.length, 'finding')}</span>`;
    return `<section>\n<h2 class="${severity}">${title}</h2>\n<p>${escapeHtml(documentation)}</p>\n<ul>\n${items}\n</ul>\n<p>What to do: ${escapeHtml(remedy)}</p>\n</section>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>API skew of ${escapeHtml(servers.map(({ name }) => name).join(', '))}</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
<h1>API skew</h1>
<p>${escapeHtml(skewTitle(report))} <span class="dim">${escapeHtml(generatedAt)}</span></p>
<p class="advice">${escapeHtml(skewAdvice(report))}</p>
${[storage?.text ?? '', ...conditions]
  .filter((text) => text !== '')
  .map((text) => `<p>${escapeHtml(text)}</p>`)
  .join('\n')}
${table(report)}
${sections.join('\n')}
</main>
</body>
</html>
`;
}

function table(report: SkewReport): string {
  const folds = skewFolds(report);
  if (folds.length === 0) return '';
  const heads = report.servers.map(
    ({ name, version }) =>
      `<th scope="col">${escapeHtml(name)}${version === name || version === '' ? '' : `<br><span class="dim">${escapeHtml(version)}</span>`}</th>`,
  );
  const groups = Map.groupBy(folds, ({ groupVersion }) => groupVersion);
  const bodies = [...groups].map(([groupVersion, same]) => {
    const head = `<tr><th scope="rowgroup" colspan="${heads.length + 2}"><code>${escapeHtml(groupVersion)}</code></th></tr>`;
    return `<tbody>\n${[head, ...same.map(rowHtml)].join('\n')}\n</tbody>`;
  });
  return `<div class="scroll" role="region" aria-label="Differences" tabindex="0">
<table>
<caption>Rows with the same to say are one.</caption>
<thead><tr><th scope="col">Resources</th>${heads.join('')}<th scope="col">Means</th></tr></thead>
${bodies.join('\n')}
</table>
</div>`;
}

function rowHtml(fold: SkewFold): string {
  const names = fold.names.map((name) => `<code>${escapeHtml(name)}</code>`).join(', ');
  const cells = fold.cells.map((cell) => cellHtml(cell, fold)).join('');
  return `<tr><td>${fold.isWhole ? 'all of it: ' : ''}${names}</td>${cells}<td>${foldNote(fold)}</td></tr>`;
}

function cellHtml(cell: SkewCell, { codes }: SkewFold): string {
  const { mark, words } = MARKS[cell.serves];
  const stored = codes.some(isAboutStorage) ? storedText(cell) : '';
  const shown = `<span aria-hidden="true">${mark}</span><span class="hidden">${words}</span>`;
  return `<td class="${cell.serves}">${shown}${stored === '' ? '' : ` ${escapeHtml(stored)}`}</td>`;
}
