import assert from "node:assert/strict";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";

const hi = [{ role: "user", content: "hi" }];

async function section(page, name) {
  await page.getByRole("tab", { name }).click();
  await page.getByRole("tabpanel", { name }).waitFor();
}

test("a dry run says who would be tried and who is left out, and so does its command", async t => {
  const { gatehouse, browser, page } = await open(t);
  await gatehouse.cli("key", "create", "laptop", "--models", "sim/think");
  await browser.goTo("Routing");
  const shown = page.getByRole("region", { name: "What would be tried" });
  await shown.getByText("This request would try Simulator with sim/echo.").waitFor();

  const request = page.getByRole("region", { name: "The request" });
  await request.getByLabel("Model").fill("anthropic/claude-sonnet-5");
  await shown.getByText("Nothing would be tried").waitFor();
  await shown
    .getByRole("region", { name: "Left out" })
    .getByText(/credential/i)
    .first()
    .waitFor();
  await shoot(page, "routing-dry-run-nobody");

  await request.getByLabel("Model").fill("sim/think");
  await request.getByRole("combobox", { name: "Protocol" }).click();
  await page.getByRole("option", { name: "Messages" }).click();
  await request.getByRole("button", { name: "Project, hour, options" }).click();
  await request.getByLabel("Options").fill('{"models": ["sim/echo"], "sort": "cost"}');
  await shown
    .getByText("This request would try Simulator with sim/think, then Simulator with sim/echo.")
    .waitFor();
  await browser.assertAccessible("the dry run");
  await shoot(page, "routing-dry-run");

  // The command line says the same of the copied command.
  await shown.getByRole("button", { name: "Copy the command" }).click();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  const args = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(m => m[1] ?? m[2]).slice(1);
  const printed = await gatehouse.cli(...args);
  const lines = await shown.getByRole("list", { name: "Attempts in order" }).getByRole("listitem").count();
  assert.equal(lines, 2);
  assert.match(printed, /sim\s+sim\/think.*sim\s+sim\/echo/s);

  await request.getByLabel("Options").fill('{"wings": true}');
  await shown.getByText("is not understood").waitFor();
  await request.getByLabel("Options").fill("");

  // A key brings what it may use.
  await request.getByLabel("Model").fill("sim/echo");
  await request.getByRole("combobox", { name: "API key" }).click();
  await page.getByRole("option", { name: "laptop" }).click();
  await shown.getByText("Nothing would be tried").waitFor();
  browser.assertNoFaults();
});

test("who is not well is listed with the reason, and can be reset", async t => {
  const { gatehouse, browser, page } = await open(t);
  const key = await gatehouse.cli("key", "create", "e2e");
  await browser.goTo("Routing");
  await section(page, "Health");
  await page.getByText("Everybody is well").waitFor();
  for (let i = 0; i < 3; i++) await gatehouse.ask(key, { model: "sim/down", messages: hi });
  const row = page.getByRole("row", { name: /sim\/down/ });
  await row.waitFor();
  assert.match(await row.innerText(), /Simulator.*(Not asked for now|Rate limited)/s);
  await browser.assertAccessible("the health");
  await shoot(page, "routing-health");
  await row.getByRole("button", { name: "Reset Simulator" }).click();
  await page.getByText("Everybody is well").waitFor();
  await page
    .getByRole("status")
    .getByText("What was held against Simulator is forgotten.")
    .waitFor({ state: "attached" });

  // From anywhere, by its name.
  for (let i = 0; i < 3; i++) await gatehouse.ask(key, { model: "sim/down", messages: hi });
  await row.waitFor();
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Find an action or a model").fill("reset the health");
  await page.getByRole("button", { name: /Reset the health/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("Everybody is well").waitFor();
  browser.assertNoFaults();
});
