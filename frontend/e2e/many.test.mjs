// What a large history costs the pages, beside an empty one. GATEHOUSE_MANY says how many requests it has: a million as the
// benchmark of `make bench`, fewer as a test. GATEHOUSE_HISTORY names a database made before, to measure again.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { open, shoot } from "./gatehouse.mjs";

const MANY = Number(process.env.GATEHOUSE_MANY ?? 50_000);
const RUNS = 5;
/** Longer than this is seen as a jerk. */
const FRAME_MS = 50;

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");

async function history(home) {
  if (process.env.GATEHOUSE_HISTORY)
    return copyFile(process.env.GATEHOUSE_HISTORY, join(home, "gatehouse.db"));
  const command = ["run", "-tags", "headless", "./build/history", "-home", home, "-requests", String(MANY)];
  return run("go", command, { cwd: root, timeout: 15 * 60_000 });
}

const median = values => values.toSorted((a, b) => a - b)[values.length >> 1];

/** From the start of loading the usage page to the first paint, and to the frame after what it is about is there. */
async function firstPaint(page, shown) {
  const first = [];
  const whole = [];
  const usage = `${page.url().split("#")[0]}#/usage`;
  for (let i = 0; i < RUNS; i++) {
    await page.goto("about:blank");
    await page.goto(usage, { waitUntil: "commit" });
    const took = await page.evaluate(
      selector =>
        new Promise(done => {
          const look = () => {
            if (!document.querySelector(selector)) return requestAnimationFrame(look);
            requestAnimationFrame(() =>
              requestAnimationFrame(now =>
                done({
                  whole: now,
                  first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
                }),
              ),
            );
          };
          look();
        }),
      shown,
    );
    whole.push(took.whole);
    first.push(took.first);
  }
  return { first: median(first), whole: median(whole) };
}

/** Scrolls the log a little each frame, past many pages; gives the frames' times and the tasks that kept the page busy. */
function scrolled(page, frames, px = 100) {
  return page.evaluate(
    ([count, by]) =>
      new Promise(done => {
        const lines = document.querySelector(
          '[role=grid][aria-label="Requests"] > [role=rowgroup]:nth-of-type(2)',
        );
        const times = [];
        const tasks = [];
        const watcher = new PerformanceObserver(list =>
          tasks.push(...list.getEntries().map(e => e.duration)),
        );
        watcher.observe({ type: "longtask" });
        let before;
        const step = now => {
          if (before !== undefined) times.push(now - before);
          before = now;
          lines.scrollTop += by;
          if (times.length < count) return requestAnimationFrame(step);
          watcher.disconnect();
          done({ times, tasks, rows: Math.round(lines.scrollTop / 33) });
        };
        requestAnimationFrame(step);
      }),
    [frames, px],
  );
}

/** The longest that one task kept the page's own thread busy while do runs, in milliseconds of the processor's time. */
async function busiest(browser, page, run) {
  await browser.chromium.startTracing(page, { categories: ["toplevel", "__metadata"] });
  const result = await run();
  const { traceEvents } = JSON.parse(await browser.chromium.stopTracing());
  const threads = traceEvents.filter(e => e.name === "thread_name" && e.args.name === "CrRendererMain");
  const own = new Set(threads.map(e => `${e.pid} ${e.tid}`));
  const tasks = traceEvents.filter(e => e.tdur !== undefined && own.has(`${e.pid} ${e.tid}`));
  return { ...result, cpu: Math.max(...tasks.map(e => e.tdur)) / 1000 };
}

test("a large history opens and scrolls like an empty one", {
  timeout: 20 * 60_000,
  skip: !process.env.GATEHOUSE_MANY && "make bench runs it",
}, async t => {
  const empty = await open(t);
  await empty.browser.goTo("Usage");
  const none = await firstPaint(empty.page, "main [role=tabpanel] p");
  await empty.browser.close();

  const { browser, page } = await open(t, { prepare: history });
  await browser.goTo("Usage");
  await page.getByRole("region", { name: "Figures" }).waitFor();
  const much = await firstPaint(page, "main [aria-label=Figures]");
  await page.locator("canvas").waitFor();
  await shoot(page, "usage-many");
  await page.getByText("All", { exact: true }).click();
  await page.getByRole("tab", { name: "Requests" }).click();
  await page.locator("[data-outcome]").first().waitFor();
  await scrolled(page, 60); // what is compiled once
  // Frames in which nothing happens tell how steady the machine is: on a busy one, times say nothing about the pages.
  const idle = Math.max(...(await scrolled(page, 120, 0)).times);
  const { times, tasks, rows, cpu } = await busiest(browser, page, () => scrolled(page, 600));
  await shoot(page, "usage-many-requests");
  const sorted = times.toSorted((a, b) => a - b);
  const at = share => sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)].toFixed(1);
  const ms = value => `${value.toFixed(0)} ms`;
  t.diagnostic(`first paint: ${ms(none.first)} empty, ${ms(much.first)} with the history`);
  t.diagnostic(`the page's content: ${ms(none.whole)} empty, ${ms(much.whole)} with the history`);
  t.diagnostic(
    `scrolled over ${rows} rows: frames p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`,
  );
  t.diagnostic(`tasks over 50 ms while scrolling: ${tasks.length} (${tasks.map(ms).join(", ") || "none"})`);
  t.diagnostic(`the longest task while scrolling took ${ms(cpu)} of the processor`);
  assert.ok(rows > 1000, `only ${rows} rows were scrolled over`);
  t.diagnostic(`without scrolling the longest frame took ${ms(idle)}`);
  // The processor's time is the page's own, however many others want the processor.
  assert.ok(cpu <= FRAME_MS, `a task took ${ms(cpu)} of the processor`);
  browser.assertNoFaults();
  if (idle > FRAME_MS / 2) return t.diagnostic("the machine is too busy for times to be held to anything");
  assert.ok(much.first <= 2 * none.first, "the first paint takes more than twice as long");
  assert.ok(much.whole <= 2 * none.whole, "the content takes more than twice as long");
  assert.ok(sorted.at(-1) <= FRAME_MS, `a frame took ${at(1)} ms`);
});
