import { existsSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';

const PROGRAMS = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** One browser for a file; every page of it has a profile of its own. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = PROGRAMS.find((program) => program !== '' && existsSync(program));
  if (executablePath === undefined) {
    throw new Error('Chromium is needed: apt-get install chromium, or name it in the variable CHROMIUM.');
  }
  // Chromium does not sandbox itself for root, as which containers of CI run. It sees pages of these tests alone.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export interface OpenOptions extends BrowserContextOptions {
  /** `#/skew?text=jobs` */
  readonly hash?: string;
}

/**
 * Opens the console of that admin listener. The test fails at its end if the browser refused something for the content
 * security policy, or if a script threw.
 */
export async function openConsole(
  t: TestContext,
  browser: Browser,
  url: string,
  options: OpenOptions = {},
): Promise<Page> {
  const { hash = '', ...context } = options;
  const profile = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    timezoneId: 'UTC',
    locale: 'en-GB',
    ...context,
  });
  const page = await profile.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`${error.name}: ${error.message}`));
  page.on('console', (message) => {
    if (/content security policy|refused to/i.test(message.text())) faults.push(message.text());
  });
  t.after(async () => {
    await profile.close();
    if (faults.length > 0) throw new Error(`The page went wrong:\n${faults.join('\n')}`);
  });
  await page.goto(`${url}/console/${hash}`);
  return page;
}

/** What is to be read there, as it is laid out. */
export async function seenText(of: Locator): Promise<string> {
  return (await of.allInnerTexts()).join('\n');
}
