// A long conversation opens, scrolls and goes on like a short one. GATEHOUSE_MESSAGES says how long it is: 5,000 messages in
// `make bench`, fewer as a test.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { open, shoot } from "./gatehouse.mjs";

const MESSAGES = Number(process.env.GATEHOUSE_MESSAGES ?? 600);
/** How far it is scrolled, in frames, and how many characters of an answer are waited for. */
const [FRAMES, CHARACTERS] = process.env.GATEHOUSE_MESSAGES ? [300, 20_000] : [120, 4_000];
/** Longer than this is seen as a jerk. */
const FRAME_MS = 50;

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");

function conversation(home) {
  const command = ["run", "-tags", "headless", "./build/history", "-home", home, "-requests", "0"];
  return run("go", [...command, "-messages", String(MESSAGES)], { cwd: root, timeout: 5 * 60_000 });
}

/** Tells how long the page's main thread has run, in milliseconds of its own: what other programs take does not count. */
async function ownTime(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return 1000 * metrics.find(m => m.name === "TaskDuration").value;
  };
}

/** Follows the frames of the page until the function that it gives is called, which gives what they were like. */
async function watchFrames(page, clock) {
  const began = await clock();
  await page.evaluate(() => {
    const watch = { times: [], long: [], on: true };
    globalThis.frames_ = watch;
    watch.observer = new PerformanceObserver(list =>
      watch.long.push(
        ...list.getEntries().map(e => ({
          took: e.duration,
          drawing: e.startTime + e.duration - e.styleAndLayoutStart,
          scripts: e.scripts.map(s => `${s.invoker} ${Math.round(s.duration)}`),
        })),
      ),
    );
    watch.observer.observe({ type: "long-animation-frame" });
    let before;
    const step = now => {
      if (before !== undefined) watch.times.push(now - before);
      before = now;
      if (watch.on) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  return async () => {
    const own = (await clock()) - began;
    const seen = await page.evaluate(() => {
      const watch = globalThis.frames_;
      watch.on = false;
      watch.observer.disconnect();
      return { times: watch.times, long: watch.long };
    });
    return { ...seen, own };
  };
}

/** Scrolls the turns a little each frame. */
const scroll = (page, frames, px) =>
  page.evaluate(
    ([count, by]) =>
      new Promise(done => {
        const turns = document.querySelector("[data-turns]");
        const step = () => {
          turns.scrollTop += by;
          if (count-- > 0) requestAnimationFrame(step);
          else done(turns.scrollTop);
        };
        requestAnimationFrame(step);
      }),
    [frames, px],
  );

function told(t, what, { times, long, own }) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = share =>
    (sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0).toFixed(1);
  const over = times.filter(time => time > FRAME_MS).length;
  t.diagnostic(
    `${what}: ${times.length} frames, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms, ${over} over ${FRAME_MS} ms; ` +
      `${Math.round(own)} ms of its own, ${(own / times.length).toFixed(1)} a frame`,
  );
  for (const frame of long.toSorted((a, b) => b.took - a.took).slice(0, 5))
    t.diagnostic(
      `  ${Math.round(frame.took)} ms, drawing ${Math.round(frame.drawing)}, ${frame.scripts.join(", ")}`,
    );
  // On a busy machine this says more than the frames' times.
  assert.ok(own / times.length < FRAME_MS / 2, `${what}: ${own / times.length} ms of work a frame`);
  return over;
}

test(`a conversation of ${MESSAGES} messages opens, scrolls and goes on`, {
  timeout: 10 * 60_000,
}, async t => {
  const { browser, page } = await open(t, { prepare: conversation });
  const clock = await ownTime(page);
  await browser.goTo("Chat");
  const turns = page.locator("[data-turns]");
  const drawn = () => page.locator("article[aria-posinset]").count();
  const place = n => page.locator(`article[aria-posinset="${n}"]`);
  const atEnd = () =>
    page.waitForFunction(() => {
      const e = document.querySelector("[data-turns]");
      return e && e.scrollHeight - e.scrollTop - e.clientHeight < 4;
    });

  // Frames in which nothing happens tell how steady the machine is: on a busy one, times say nothing about the pages.
  const rests = async () => {
    const resting = await watchFrames(page, clock);
    await page.evaluate(
      () =>
        new Promise(done => {
          let left = 60;
          const step = () => (left-- > 0 ? requestAnimationFrame(step) : done());
          requestAnimationFrame(step);
        }),
    );
    const { times } = await resting();
    return Math.max(...times) <= FRAME_MS / 2;
  };
  const restedBefore = await rests();

  const began = performance.now();
  const opening = await watchFrames(page, clock);
  await page.getByRole("link", { name: /^A conversation of/ }).click();
  await place(MESSAGES).waitFor();
  const took = performance.now() - began;
  await atEnd();
  told(t, `opened in ${Math.round(took)} ms`, await opening());
  assert.ok((await drawn()) < 60, `${await drawn()} of ${MESSAGES} messages are drawn`);
  await shoot(page, "chat-long");

  await turns.hover();
  await scroll(page, 30, -300); // what is compiled once
  const scrolling = await watchFrames(page, clock);
  await scroll(page, FRAMES, -300);
  const scrolled = await scrolling();
  const jerks = told(t, "a conversation scrolled", scrolled);
  await page.getByRole("button", { name: "To the end" }).waitFor();
  assert.ok((await drawn()) < 60);
  await turns.evaluate(e => {
    e.scrollTop = 0;
  });
  await place(1).getByText("Question 0:").waitFor();
  await page.getByRole("button", { name: "To the end" }).click();
  await place(MESSAGES).waitFor();
  await atEnd();

  // 500 tokens a second, for some seconds of an answer that nobody waits for the end of.
  await browser.pick("Model of this conversation", "sim/stream");
  const message = page.getByLabel("Message", { exact: true });
  await message.fill("tokens=9000 rate=500");
  const streaming = await watchFrames(page, clock);
  await message.press("Enter");
  const answer = place(MESSAGES + 2);
  await answer.waitFor();
  await page.waitForFunction(
    ([n, long]) => document.querySelector(`article[aria-posinset="${n}"]`)?.textContent.length > long,
    [MESSAGES + 2, CHARACTERS],
  );
  await atEnd();
  const streamed = await streaming();
  const stutters = told(t, "an answer at 500 tokens a second", streamed);
  await shoot(page, "chat-long-streaming");

  const before = performance.now();
  await page.keyboard.press("Escape");
  await answer.getByText("Stopped.").waitFor();
  t.diagnostic(`stopped in ${Math.round(performance.now() - before)} ms`);
  browser.assertNoFaults();
  if (!process.env.GATEHOUSE_MESSAGES) return; // other tests may run beside this one
  if (!restedBefore || !(await rests()))
    return t.diagnostic("the machine is too busy for frames to be held to anything");
  assert.equal(jerks, 0, "frames that took too long while scrolling");
  assert.equal(stutters, 0, "frames that took too long while an answer was written");
});
