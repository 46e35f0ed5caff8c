import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderHtml } from '../../src/report/html/html.ts';
import { HOSTILE, hostileReport, reportOn } from './sample.ts';
import { simulate } from '../analysis/simulated.ts';

const CHROMIUM = '/usr/bin/chromium';

describe('HTML as text', () => {
  test('hostile words are escaped wherever they stand', () => {
    const html = renderHtml(hostileReport());
    for (const word of HOSTILE) expect(html).not.toContain(word);
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toMatch(/https?:\/\/(?!github\.com\/leeoniya\/uPlot|www\.w3\.org)/);
    expect(html).toContain("default-src 'none'");
  });

  test("uPlot's style is uPlot's", () => {
    const own = readFileSync(new URL('../../src/report/html/uplot.css.txt', import.meta.url), 'utf8');
    const theirs = readFileSync(new URL('../../node_modules/uplot/dist/uPlot.min.css', import.meta.url), 'utf8');
    expect(own).toBe(theirs);
  });

  test('without a shadow, and without any data', () => {
    const observations = simulate({ minutes: 3, captured: false });
    const html = renderHtml(
      reportOn({ ...observations, shadow: undefined, metrics: { ...observations.metrics, shadow: undefined } }),
    );
    expect(html).toContain('Nothing to compare');
    expect(html).not.toMatch(/\bNaN\b(?!\()|>undefined</);
  });
});

describe.skipIf(!existsSync(CHROMIUM))(`HTML in a browser (skipped where there is no ${CHROMIUM})`, () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    folder = await mkdtemp(join(tmpdir(), 'shadowctl-html-'));
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  async function open(
    html: string,
    scheme: 'light' | 'dark' = 'light',
  ): Promise<{ page: Page; problems: string[]; requests: string[] }> {
    const file = join(folder, 'report.html');
    await writeFile(file, html);
    const page = await browser.newPage({ viewport: { width: 1100, height: 900 }, colorScheme: scheme });
    const problems: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => void (message.type() === 'error' && problems.push(message.text())));
    page.on('pageerror', (error) => void problems.push(error.message));
    page.on('dialog', (dialog) => void (problems.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
    page.on('request', (request) => void requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    await page.waitForFunction('document.documentElement.dataset.drawn !== undefined');
    return { page, problems, requests };
  }

  test.each(['light', 'dark'] as const)(
    'draws every chart, with no error and no request (%s)',
    async (scheme) => {
      const html = renderHtml(
        reportOn(simulate({ minutes: 240, rate: 10, differing: 0.05, failing: { production: 0.01, shadow: 0.02 } })),
      );
      const { page, problems, requests } = await open(html, scheme);
      const places = await page.locator('.plot').count();
      expect(places).toBeGreaterThanOrEqual(8);
      expect(await page.locator('.plot canvas').count()).toBe(places);
      expect(await page.locator('svg circle').count()).toBeGreaterThan(100);
      // A canvas that was really drawn on holds more than one colour.
      const colors = await page.evaluate(`(() => {
      const canvas = document.querySelector('.plot canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) seen.add(data.slice(i, i + 3).join());
      return seen.size;
    })()`);
      expect(colors).toBeGreaterThan(3);
      // Inline styles count only when the page's own policy names their hash.
      const edge = await page.evaluate("getComputedStyle(document.querySelector('section.verdict')).borderLeftWidth");
      expect(edge).toBe('8px');
      expect(problems).toEqual([]);
      expect(requests).toHaveLength(1);
      if (process.env.SHADOWCTL_SCREENSHOTS !== undefined) {
        await page.screenshot({
          path: join(process.env.SHADOWCTL_SCREENSHOTS, `report-${scheme}.png`),
          fullPage: true,
        });
      }
      await page.close();
    },
    60_000,
  );

  test('hostile payloads stay words', async () => {
    const { page, problems } = await open(renderHtml(hostileReport()));
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await page.locator('img, iframe, a, object').count()).toBe(0);
    expect(problems).toEqual([]);
    await expect(page.locator('body').innerText()).resolves.toContain('<script>window.hacked = 1</script>');
    await page.close();
  }, 60_000);

  test('on paper charts are small enough for two columns, and light; afterwards as before', async () => {
    const { page, problems } = await open(renderHtml(reportOn(simulate({ minutes: 60, rate: 10 }))), 'dark');
    const look = async () => ({
      widths: await page.evaluate(
        "[...new Set([...document.querySelectorAll('.plot canvas')].map((one) => one.clientWidth))]",
      ),
      ink: await page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()"),
    });
    const before = await look();
    await page.evaluate("window.dispatchEvent(new Event('beforeprint'))");
    const paper = await look();
    expect(paper.widths).toEqual([330]);
    expect(paper.ink).toBe('#000');
    await page.evaluate("window.dispatchEvent(new Event('afterprint'))");
    expect(await look()).toEqual(before);
    expect(before.ink).not.toBe('#000');
    expect(problems).toEqual([]);
    await page.close();
  }, 60_000);

  test('every picture has words, every table a head, and it fits a phone', async () => {
    const { page } = await open(renderHtml(reportOn(simulate({ minutes: 100, rate: 10 }))));
    expect(await page.locator('[role=img]:not([aria-label])').count()).toBe(0);
    expect(await page.locator('table:not(.u-legend):not(:has(th[scope]))').count()).toBe(0);
    await page.setViewportSize({ width: 375, height: 700 });
    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(overflow).toBeLessThanOrEqual(0);
    await page.close();
  }, 60_000);
});
