// Every page, in both themes and at the scales that screens have: it fits, nothing keeps people from using it, and it is
// kept as a picture.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, Gatehouse, shoot } from "./gatehouse.mjs";

/** Each page by its name in the navigation, with the parts of it that have an address of their own. */
const PAGES = {
  Start: [],
  Chat: [],
  Compare: [],
  Models: ["sim:sim/stream"],
  Routing: [
    ...["models", "rules", "rollouts"].flatMap(part => [part, `${part}/new`]),
    ...["defaults", "health", "dry-run"],
  ],
  Usage: [],
  Budgets: ["new"],
  Connect: [],
  Keys: [],
  Credentials: [],
  Settings: [],
};
const SCREEN = { width: 1440, height: 900 };
const SCALES = [1, 1.25, 1.5, 2];
/** The smallest that the window gets. */
const SMALLEST = { width: 900, height: 600 };

/** What is gone through: whole with every part of the pages and with axe, or the pages themselves and whether they fit. */
const views = [
  ...SCALES.map(scale => ({
    name: `${scale * 100}%`,
    viewport: { width: SCREEN.width / scale, height: SCREEN.height / scale },
    deviceScaleFactor: scale,
    whole: scale === 1 || scale === 2,
  })),
  { name: `${SMALLEST.width}x${SMALLEST.height}`, viewport: SMALLEST, deviceScaleFactor: 1, whole: false },
];

/** Something on every page: keys, a budget, a rule, requests of several outcomes, a conversation. Gives the last one's address. */
async function fill(gatehouse) {
  const key = await gatehouse.cli("key", "create", "cline", "--project", "site", "--expires", "30d");
  await gatehouse.cli("key", "create", "ci", "--models", "sim/*");
  await gatehouse.cli("budget", "set", "site", "5/day", "--project", "site");
  for (const model of ["gatehouse/active", "sim/think", "sim/down", "sim/stream"]) {
    await gatehouse.ask(key, { model, messages: [{ role: "user", content: "tokens=60 rate=0" }] });
  }
  const browser = await Browser.open(gatehouse);
  try {
    await browser.goTo("Chat");
    await browser.pick("Model of this conversation", "sim/stream");
    const message = browser.page.getByLabel("Message", { exact: true });
    await message.fill("What is a gatehouse? tokens=420 rate=0");
    await message.press("Enter");
    const answer = browser.page.getByRole("article", { name: /^Answer from/ });
    await answer.getByText("took").waitFor();
    return new URL(browser.page.url()).hash;
  } finally {
    await browser.close();
  }
}

/** What is wider than the place that it has. */
const overflowing = page =>
  page.evaluate(() =>
    [document.documentElement, document.querySelector("main"), document.querySelector("header")]
      .filter(e => e.scrollWidth > e.clientWidth)
      .map(e => e.tagName),
  );

async function look(browser, place, file, view, whole) {
  const { page } = browser;
  await page.waitForFunction(() => !document.querySelector("main [aria-label^=Loading]"));
  assert.deepEqual(await overflowing(page), [], `${place} at ${view} is wider than its window`);
  const below = await page.evaluate(
    () => document.querySelector("main").getBoundingClientRect().bottom - innerHeight,
  );
  assert.ok(below <= 0, `${place} at ${view} ends ${below} pixels below its window`);
  await page.mouse.move(0, 0);
  // A hint that fades out has less contrast than one that stays.
  const hints = page.locator("[role=tooltip]");
  if ((await hints.count()) > 0) await hints.first().waitFor({ state: "detached" });
  if (whole) await browser.assertAccessible(`${place} at ${view}`);
  await shoot(page, file);
}

test("every page fits at all scales and is accessible in both themes", async t => {
  const gatehouse = await Gatehouse.start();
  t.after(() => gatehouse.remove());
  const conversation = await fill(gatehouse);
  for (const colorScheme of ["light", "dark"]) {
    for (const { name: view, whole, ...options } of views) {
      // What fits in one theme fits in the other; SCALES=all goes through both at every scale.
      const needed = colorScheme === "light" ? whole || options.viewport === SMALLEST : view === "100%";
      if (!needed && process.env.SCALES !== "all") continue;
      await t.test(`${colorScheme}, ${view}`, async t => {
        const browser = await Browser.open(gatehouse, { colorScheme, ...options });
        t.after(() => browser.close());
        const { page } = browser;
        assert.equal(
          await page.evaluate(() => document.documentElement.dataset.mantineColorScheme),
          colorScheme,
        );
        const note = page.getByRole("button", { name: "Hide this note" });
        while ((await note.count()) > 0) await note.first().click();
        const to = hash =>
          page.evaluate(h => {
            location.hash = h;
          }, hash);
        const picture = place =>
          `${place.toLowerCase().replaceAll(/[^a-z]+/g, "-")}-${colorScheme}-${view.replace("%", "")}`;
        for (const [name, parts] of Object.entries(PAGES)) {
          if (name === "Chat") await to(conversation);
          else await browser.goTo(name);
          await page.getByRole("heading", { level: 1, name }).waitFor({ state: "attached" });
          await look(browser, name, picture(name), view, whole);
          for (const part of whole ? parts : []) {
            await to(`#/${name.toLowerCase()}/${encodeURIComponent(part)}`);
            await look(browser, `${name}, ${part}`, picture(`${name}-${part}`), view, whole);
            await page.keyboard.press("Escape");
          }
        }
        browser.assertNoFaults();
      });
    }
  }
});
