// What a large history costs the pages, beside an empty one. GATEHOUSE_MANY says how many requests it has: a million as the
// benchmark of `make bench`, fewer as a test. GATEHOUSE_HISTORY names a database made before, to measure again.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, readFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { open, shoot } from "./gatehouse.mjs";

const MANY = Number(process.env.GATEHOUSE_MANY ?? 50_000);
const RUNS = 5;
const ROUNDS = 8;
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

/** What the program has taken of the processor so far, in milliseconds; 0 where the system does not tell. */
async function taken({ process }) {
  const stat = await readFile(`/proc/${process.pid}/stat`, "utf8").catch(() => "");
  const [user = 0, system = 0] = stat.split(") ").at(-1).split(" ").slice(11, 13).map(Number);
  return (user + system) * 10; // a hundred ticks a second
}

/** What the page's own thread took of the processor while run did its work, and the longest task of it, in milliseconds. */
async function processor({ browser, page }, run) {
  await browser.chromium.startTracing(page, { categories: ["toplevel", "__metadata"] });
  const result = await run();
  const { traceEvents } = JSON.parse(await browser.chromium.stopTracing());
  const at = e => `${e.pid} ${e.tid}`;
  const main = e => e.name === "thread_name" && e.args.name === "CrRendererMain";
  const own = new Set(traceEvents.filter(main).map(at));
  const tasks = traceEvents
    .filter(e => e.name === "ThreadControllerImpl::RunTask" && own.has(at(e)))
    .map(e => (e.tdur ?? 0) / 1000);
  return { result, sum: tasks.reduce((sum, ms) => sum + ms, 0), longest: Math.max(...tasks) };
}

/** From the start of loading the usage page to the frame after what it is about is there. */
async function load(page, shown) {
  const usage = `${page.url().split("#")[0]}#/usage`;
  await page.goto("about:blank");
  await page.goto(usage, { waitUntil: "commit" });
  return page.evaluate(
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
}

/**
 * Loads the usage page again and again: when the first paint and the content are there, the medians; and what a load takes of
 * the processor, which tells the same on a busy machine.
 */
async function loads(opened, shown) {
  const took = [];
  for (let i = 0; i < RUNS; i++) took.push(await load(opened.page, shown));
  const before = await taken(opened.gatehouse);
  const page = [];
  for (let i = 0; i < RUNS; i++) page.push((await processor(opened, () => load(opened.page, shown))).sum);
  const program = ((await taken(opened.gatehouse)) - before) / RUNS;
  return {
    first: median(took.map(t => t.first)),
    whole: median(took.map(t => t.whole)),
    page: median(page),
    program,
  };
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

/**
 * Scrolls in rounds with rests between them, in which nothing happens: a long frame there tells that the machine is busy, and that
 * the rounds beside it say nothing about the page. Gives the frames of all rounds, or of the steady ones where there are enough.
 */
async function rounds(page) {
  const rest = async () => Math.max(...(await scrolled(page, 60, 0)).times) <= FRAME_MS / 2;
  const all = [];
  let before = await rest();
  for (let i = 0; i < ROUNDS; i++) {
    const round = await scrolled(page, 100);
    const after = await rest();
    all.push({ ...round, steady: before && after });
    before = after;
  }
  const quiet = all.filter(round => round.steady);
  // Rests can be lucky: where many wait for the processor, one of them comes in between sooner or later.
  const steady = quiet.length >= ROUNDS / 2 && loadavg()[0] <= 2 * cpus().length;
  const told = steady ? quiet : all;
  return {
    steady,
    times: told.flatMap(round => round.times),
    tasks: told.flatMap(round => round.tasks),
    rows: all.at(-1).rows,
  };
}

test("a large history opens and scrolls like an empty one", {
  timeout: 20 * 60_000,
  skip: !process.env.GATEHOUSE_MANY && "make bench runs it",
}, async t => {
  const empty = await open(t);
  await empty.browser.goTo("Usage");
  const none = await loads(empty, "main [role=tabpanel] p");
  await empty.browser.close();

  const opened = await open(t, { prepare: history });
  const { browser, page } = opened;
  await browser.goTo("Usage");
  await page.getByRole("region", { name: "Figures" }).waitFor();
  const much = await loads(opened, "main [aria-label=Figures]");
  await page.locator("canvas").waitFor();
  await shoot(page, "usage-many");
  await page.getByText("All", { exact: true }).click();
  await page.getByRole("tab", { name: "Requests" }).click();
  await page.locator("[data-outcome]").first().waitFor();
  await scrolled(page, 60); // what is compiled once
  const { steady, times, tasks, rows } = await rounds(page);
  const { longest } = await processor(opened, () => scrolled(page, 600));
  await shoot(page, "usage-many-requests");

  const sorted = times.toSorted((a, b) => a - b);
  const at = share => sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)].toFixed(1);
  const ms = value => `${value.toFixed(0)} ms`;
  const ratio = of => (much[of] / none[of]).toFixed(2);
  t.diagnostic(
    `first paint: ${ms(none.first)} empty, ${ms(much.first)} with the history (${ratio("first")})`,
  );
  t.diagnostic(
    `the page's content: ${ms(none.whole)} empty, ${ms(much.whole)} with the history (${ratio("whole")})`,
  );
  t.diagnostic(
    `of the processor: the page ${ms(none.page)} empty, ${ms(much.page)} with the history (${ratio("page")}), ` +
      `the program ${ms(none.program)} and ${ms(much.program)}`,
  );
  t.diagnostic(
    `scrolled over ${rows} rows: frames p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms; tasks over 50 ms: ` +
      `${tasks.length}; the longest task took ${ms(longest)} of the processor`,
  );
  assert.ok(rows > 1000, `only ${rows} rows were scrolled over`);
  browser.assertNoFaults();
  // What is taken of the processor is the page's own, however many others want it.
  assert.ok(
    much.page + much.program <= 2 * (none.page + none.program),
    "the page takes more than twice as much",
  );
  assert.ok(longest <= FRAME_MS, `a task took ${ms(longest)} of the processor`);
  if (!steady) return t.diagnostic("the machine is too busy for times to be held to anything");
  assert.ok(much.first <= 2 * none.first, "the first paint takes more than twice as long");
  assert.ok(much.whole <= 2 * none.whole, "the content takes more than twice as long");
  // Three of a screen's intervals are 50 ms, told a little more or less.
  assert.ok(Math.round(sorted.at(-1)) <= FRAME_MS, `a frame took ${at(1)} ms`);
});
