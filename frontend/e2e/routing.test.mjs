import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";

const fileOf = gatehouse => join(gatehouse.home, "gatehouse.jsonc");
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

/** Types into a model's field, which offers what it knows. */
async function fill(page, field, text) {
  await field.fill(text);
  await page.keyboard.press("Escape");
}

test("virtual models are made, tried, changed and deleted in a form that shows the file", async t => {
  const { gatehouse, browser, page } = await open(t);
  await writeFile(fileOf(gatehouse), '// my own words\n{\n  "version": 1, // one\n}\n');
  const key = await gatehouse.cli("key", "create", "e2e");
  await browser.goTo("Routing");
  await section(page, "Virtual models");
  await page.getByText("No virtual models yet").waitFor();
  await page.getByRole("button", { name: "New virtual model" }).click();

  const form = page.getByRole("form", { name: "New virtual model" });
  const file = form.getByRole("region", { name: "In the settings file" });
  await file.getByText("Give it a name").waitFor();
  assert.equal(await file.getByRole("button", { name: "Save" }).isDisabled(), true);
  await form.getByLabel("Name").fill("not a name");
  await fill(page, form.getByLabel(/^Model/), "sim/down");
  await file.getByText("can't be a virtual model's name").waitFor();
  await form.getByLabel("Name").fill("fast");
  await file.getByText("can't be a virtual model's name").waitFor({ state: "detached" });

  const adding = form.getByLabel("Add to fallbacks");
  for (const model of ["sim/think", "sim/stream", "sim/echo"]) {
    await adding.fill(model);
    await page.keyboard.press("Escape");
    await form.getByRole("button", { name: `Add ${model} to fallbacks` }).click();
  }
  // The last one up to the top, without a mouse; the focus goes with it.
  await form.getByRole("button", { name: "Move sim/echo up" }).focus();
  await page.keyboard.press("Alt+ArrowUp");
  await page.getByRole("status").getByText("sim/echo is 2 of 3.").waitFor({ state: "attached" });
  await page.keyboard.press("Enter");
  await page.getByRole("status").getByText("sim/echo is 1 of 3.").waitFor({ state: "attached" });
  await form.getByRole("button", { name: "Take sim/stream out" }).click();

  await form.getByRole("button", { name: "Parameters" }).click();
  await form.getByLabel("Temperature").fill("3");
  await file.getByText("3 is outside 0 to 2").waitFor();
  await form.getByLabel("Temperature").fill("0.5");
  await file.getByText('"temperature": 0.5').waitFor();
  await form.getByRole("button", { name: "Providers", exact: true }).click();
  await form.getByRole("combobox", { name: "Order the others by" }).click();
  await page.getByRole("option", { name: "Cheapest first" }).click();
  await form.getByRole("button", { name: "Waiting, speed and caching" }).click();
  await form.getByRole("button", { name: "Add a wait" }).click();
  await form.getByLabel("Seconds of wait 1").fill("20");
  await file.getByText('"*": 20000').waitFor();
  await form.getByLabel("Instructions").fill("Be brief.");
  await form
    .getByText("This request would try Simulator with sim/down, then Simulator with sim/echo")
    .waitFor();
  await browser.assertAccessible("the form of a virtual model");
  await shoot(page, "routing-virtual-form");
  await file.getByRole("button", { name: "Save" }).click();

  const row = page.getByRole("row", { name: /fast/ });
  await row.waitFor();
  assert.match(await row.innerText(), /sim\/down\s+sim\/echo, sim\/think/);
  const text = await readFile(fileOf(gatehouse), "utf8");
  assert.ok(
    text.startsWith('// my own words\n{\n  "version": 1, // one\n  "virtualModels": {\n    "fast": {'),
    text,
  );
  await browser.assertAccessible("the virtual models");
  await shoot(page, "routing-virtual");

  // What the form said is what is done.
  const answer = await gatehouse.ask(key, { model: "fast", messages: hi });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("x-gatehouse-model"), "sim/echo");
  assert.equal(answer.headers.get("x-gatehouse-attempts"), "2");

  // Changed to weights and another name; the comment that somebody wrote meanwhile stays.
  await writeFile(fileOf(gatehouse), text.replace('"sort"', '// thrift\n        "sort"'));
  await row.getByRole("button", { name: "Edit fast" }).click();
  const edit = page.getByRole("form", { name: "The virtual model fast" });
  await edit.getByText("Several, by weight").click();
  for (const model of ["sim/think", "sim/echo"]) {
    await edit.getByLabel("Add to models").fill(model);
    await page.keyboard.press("Enter");
  }
  await edit.getByLabel("Weight of sim/think").fill("3");
  await edit.getByRole("button", { name: "Save" }).click();
  await page.getByText("sim/think 75 %, sim/echo 25 %").waitFor();
  assert.match(await readFile(fileOf(gatehouse), "utf8"), /\/\/ thrift\n/);
  const served = new Set();
  for (let i = 0; i < 40; i++) {
    const content = `conversation ${i}`;
    const response = await gatehouse.ask(key, { model: "fast", messages: [{ role: "user", content }] });
    served.add(response.headers.get("x-gatehouse-model"));
  }
  assert.deepEqual([...served].sort(), ["sim/echo", "sim/think"]);

  await row.getByRole("button", { name: "Delete fast" }).click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByText('"fast": {').waitFor();
  await browser.assertAccessible("the deletion of a virtual model");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.getByText("No virtual models yet").waitFor();
  assert.ok((await readFile(fileOf(gatehouse), "utf8")).startsWith("// my own words\n"));
  assert.ok((await gatehouse.ask(key, { model: "fast", messages: hi })).status >= 400);
  browser.assertNoFaults();
});
