import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";

const SETTINGS = { catalog: { "sim/echo": { pricing: { input: "0.0001", output: "0.001" } } } };
const question = { model: "sim/echo", messages: [{ role: "user", content: "hello" }], max_tokens: 20 };

for (const colorScheme of ["light", "dark"]) {
  test(`a budget is made, spent, raised, changed and removed, in the ${colorScheme} theme`, async t => {
    const { gatehouse, browser, page } = await open(t, { colorScheme });
    await writeFile(join(gatehouse.home, "gatehouse.jsonc"), JSON.stringify(SETTINGS));
    const key = await gatehouse.cli("key", "create", "editor", "--project", "site");
    await browser.goTo("Budgets");
    await page.getByText("No budgets yet").waitFor();

    // Made with the keyboard alone, from the palette.
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Find an action or a model").waitFor();
    await page.keyboard.type("new budget");
    await page.locator("[data-action][data-selected]", { hasText: "New budget" }).waitFor();
    await page.keyboard.press("Enter");
    const form = page.getByRole("dialog", { name: "New budget" });
    await form.getByLabel("Name").fill("monthly");
    await form.getByRole("textbox", { name: /^Limit/ }).fill("20 bananas");
    await form.getByLabel("Project").fill("site");
    await form.getByRole("button", { name: "Save" }).click();
    await form.getByText(/is no amount/).waitFor();
    await shoot(page, `budget-form-${colorScheme}`);
    await browser.assertAccessible("the form of a budget");
    browser.faults = browser.faults.filter(fault => !fault.includes("400 (Bad Request)")); // which was asked for
    await form.getByRole("textbox", { name: /^Limit/ }).fill("0.05");
    await form.getByRole("button", { name: "Save" }).click();
    await form.waitFor({ state: "hidden" });
    const card = page.getByRole("list", { name: "Budgets" }).getByRole("listitem").first();
    await card.getByText("$0.00 of $0.05 this month (0 %)").waitFor();
    await card.getByText("Project site").waitFor();

    // Spent until it refuses; the page and its banner say so by themselves.
    let answer;
    for (let i = 0; i < 5; i++) {
      answer = await gatehouse.ask(key, question);
      await answer.text();
    }
    assert.equal(answer.status, 402);
    await card.getByText("Requests are refused").waitFor();
    await page.getByRole("alert").getByText("A budget refuses requests.").waitFor();
    const meter = card.getByRole("meter", { name: "Spent of monthly" });
    assert.match(await meter.getAttribute("aria-valuetext"), /^\$0\.0\d+ of \$0\.05 this month \(\d\d %\)$/);
    await shoot(page, `budgets-spent-${colorScheme}`);
    await browser.assertAccessible("a spent budget");

    // One action raises it for now, on its card or from anywhere.
    if (colorScheme === "light") await card.getByRole("button", { name: "Allow more of monthly" }).click();
    else {
      await browser.goTo("Settings");
      await page.keyboard.press("Control+k");
      await page.getByPlaceholder("Find an action or a model").fill("allow more");
      await page.getByRole("dialog").getByRole("button", { name: "Allow more of monthly" }).click();
    }
    const more = page.getByRole("dialog", { name: "Allow more of “monthly”" });
    assert.equal(await more.getByLabel("US dollars more").inputValue(), "2");
    await more.getByRole("button", { name: "Allow" }).click();
    await more.waitFor({ state: "hidden" });
    await card.getByText("$2.00 more is allowed until it starts anew.").waitFor();
    assert.equal((await gatehouse.ask(key, question)).status, 200);
    await page.getByRole("alert").waitFor({ state: "hidden" });

    // Changed, with what it was filled in, and removed.
    await card.getByRole("button", { name: "Edit monthly" }).click();
    const edit = page.getByRole("dialog", { name: "The budget “monthly”" });
    assert.equal(await edit.getByRole("textbox", { name: /^Limit/ }).inputValue(), "0.05");
    assert.equal(await edit.getByLabel("Project").inputValue(), "site");
    await edit.getByRole("textbox", { name: /^Limit/ }).fill("100");
    await edit.getByLabel("Near the limit, let another model answer").fill("sim/stream");
    await edit.getByRole("button", { name: "Save" }).click();
    await edit.waitFor({ state: "hidden" });
    await card.getByText("From 90 % on, sim/stream answers.").waitFor();
    await card.getByText(/of \$102\.00 this month/).waitFor();
    await card.getByRole("button", { name: "Remove monthly" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText("No budgets yet").waitFor();
    browser.assertNoFaults();
  });
}

test("a key is made with a budget and rate limits, which its row shows", async t => {
  const { gatehouse, browser, page } = await open(t);
  await browser.goTo("Keys");
  await page.getByRole("button", { name: "New key" }).click();
  const form = page.getByRole("dialog", { name: "New key" });
  await form.getByLabel("Name").fill("ci");
  await form.getByLabel("Budget").fill("3 requests/day");
  await form.getByRole("button", { name: "Rate limits" }).click();
  await form.getByLabel("Requests a minute").fill("60");
  await shoot(page, "key-new-budget");
  await browser.assertAccessible("the form of a key");
  await form.getByRole("button", { name: "Create" }).click();
  const made = page.getByRole("dialog", { name: "The key “ci”" });
  const secret = await made.locator("code").innerText();
  await made.getByRole("button", { name: "Done" }).click();
  const row = page.getByRole("row", { name: /ci/ });
  await row.getByText("0 of 3 requests today (0 %)").waitFor();
  for (let i = 0; i < 2; i++) assert.equal((await gatehouse.ask(secret, question)).status, 200);
  await row.getByText("2 of 3 requests today (66 %)").waitFor();

  await row.getByRole("button", { name: "Rate limits of ci: 60/min" }).click();
  const limits = page.getByRole("dialog", { name: "Rate limits of “ci”" });
  await limits.getByLabel("Requests a minute").fill("2");
  await limits.getByLabel("Requests at once").fill("4");
  await limits.getByRole("button", { name: "Save" }).click();
  await row.getByRole("button", { name: "Rate limits of ci: 2/min, 4 at once" }).waitFor();
  const limited = await gatehouse.ask(secret, question);
  assert.equal(limited.status, 429);
  assert.ok(Number(limited.headers.get("retry-after")) > 0);

  await row.getByRole("button", { name: "Allow more of key ci" }).click();
  await page.getByLabel("Requests more").fill("10");
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  await row.getByText("2 of 13 requests today (15 %)").waitFor();
  await page.mouse.move(2, 2);
  await shoot(page, "keys-budget");
  await browser.assertAccessible("the keys with their budgets");
  browser.assertNoFaults();
});
