import assert from "node:assert/strict";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";

const PAGES = [
  "Start",
  "Chat",
  "Models",
  "Routing",
  "Usage",
  "Budgets",
  "Connect",
  "Keys",
  "Credentials",
  "Settings",
];
const SIZES = [
  { width: 1280, height: 800 },
  { width: 900, height: 600 },
];

for (const colorScheme of ["light", "dark"]) {
  test(`every page fits its window, in the ${colorScheme} theme`, async t => {
    const { gatehouse, browser, page } = await open(t, { colorScheme });
    assert.equal(await page.evaluate(() => document.documentElement.dataset.mantineColorScheme), colorScheme);
    // Something on every page: a key, a conversation, requests of several outcomes.
    const key = await gatehouse.cli("key", "create", "cline", "--project", "site", "--expires", "30d");
    for (const model of ["gatehouse/active", "sim/think", "sim/down", "sim/stream"]) {
      await gatehouse.ask(key, { model, messages: [{ role: "user", content: "tokens=60 rate=0" }] });
    }
    await browser.goTo("Chat");
    await browser.pick("Model of this conversation", "sim/stream");
    const message = page.getByLabel("Message", { exact: true });
    await message.fill("What is a gatehouse? tokens=420 rate=0");
    await message.press("Enter");
    await page
      .getByRole("article", { name: /^Answer from/ })
      .getByText("took")
      .waitFor();
    const chat = page.url();
    const note = page.getByRole("button", { name: "Hide this note" });
    while ((await note.count()) > 0) await note.first().click();

    for (const size of SIZES) {
      await page.setViewportSize(size);
      for (const name of PAGES) {
        if (name === "Chat") await page.goto(chat);
        else await browser.goTo(name);
        await page.getByRole("heading", { level: 1, name }).waitFor({ state: "attached" });
        await page.waitForFunction(() => !document.querySelector("main [aria-label^=Loading]"));
        const wider = await page.evaluate(() =>
          [document.documentElement, document.querySelector("main"), document.querySelector("header")]
            .filter(e => e.scrollWidth > e.clientWidth)
            .map(e => e.tagName),
        );
        assert.deepEqual(wider, [], `${name} at ${size.width}x${size.height} is wider than its window`);
        await page.mouse.move(size.width - 4, size.height - 4);
        await shoot(page, `${name.toLowerCase()}-${colorScheme}-${size.width}x${size.height}`);
      }
    }
    browser.assertNoFaults();
  });
}
