import type { Report, ReportTable } from './report.ts';

const STYLE = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;font-size:13px}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8886;overflow-wrap:anywhere}
th{white-space:nowrap}h2{margin-top:2.5rem;font-size:1.1rem}.table{overflow-x:auto}`;

/** One file that needs nothing else, runs nothing and loads nothing. */
export function htmlReport({ title, facts, tables }: Report): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<ul>
${facts.map((fact) => `<li>${escaped(fact)}</li>`).join('\n')}
</ul>
${tables.map(htmlTable).join('\n')}
</body>
</html>
`;
}

function htmlTable({ title, head, rows, empty }: ReportTable): string {
  const heading = `<h2>${escaped(title)}</h2>`;
  if (rows.length === 0) return `${heading}\n<p>${escaped(empty)}</p>`;
  const line = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  const body = rows.map((row) => line(row, 'td')).join('\n');
  return `${heading}\n<div class="table"><table>\n<thead>${line(head, 'th')}</thead>\n<tbody>\n${body}\n</tbody>\n</table></div>`;
}

/** Names come from servers and clients, who may be anybody. */
function escaped(text: string): string {
  const NAMES: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => NAMES[character] ?? '');
}
