import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";

const active = (page, model) => page.getByRole("button", { name: `Active model: ${model}` });

test("the active model is the same everywhere, whoever changes it", async t => {
  const { gatehouse, browser, page } = await open(t);

  await browser.pick("Active model", "sim/think");
  await active(page, "sim/think").waitFor();
  assert.equal(await gatehouse.cli("use"), "sim/think");
  const key = await gatehouse.cli("key", "create", "e2e");
  const ask = { model: "gatehouse/active", messages: [{ role: "user", content: "hi" }] };
  assert.equal((await gatehouse.ask(key, ask)).status, 200);

  await gatehouse.cli("use", "sim/stream");
  const changed = Date.now();
  await active(page, "sim/stream").waitFor();
  t.diagnostic(`the header showed the command line's change ${Date.now() - changed} ms after it`);
  await page
    .getByRole("status")
    .getByText("The active model is now sim/stream.")
    .waitFor({ state: "attached" });

  await browser.goTo("Models");
  await page.getByLabel("Search models").fill("sim echo");
  await page.getByRole("button", { name: "Make active: sim/echo" }).click();
  await active(page, "sim/echo").waitFor();
  assert.equal(await gatehouse.cli("use"), "sim/echo");
  await shoot(page, "models");

  const served = JSON.parse(await gatehouse.cli("usage", "--json")).map(r => r.model);
  assert.deepEqual(served, ["sim/think"]);
  browser.assertNoFaults();
});

test("the endpoint is paused and resumed from here and from the command line", async t => {
  const { gatehouse, browser, page } = await open(t);
  const key = await gatehouse.cli("key", "create", "e2e");
  const ask = { model: "sim/echo", messages: [{ role: "user", content: "hi" }] };
  const header = page.getByRole("banner");
  await header.getByRole("button", { name: "Pause" }).click();
  await header.getByText("Paused").waitFor();
  const refused = await gatehouse.ask(key, ask);
  assert.ok(refused.status >= 400, `a paused endpoint answered ${refused.status}`);
  await gatehouse.cli("resume");
  await header.getByText("On", { exact: true }).waitFor();
  assert.equal((await gatehouse.ask(key, ask)).status, 200);
  browser.assertNoFaults();
});

test("a mistake in the settings is shown with its place, and goes when it is mended", async t => {
  const { gatehouse, browser, page } = await open(t);
  const file = join(gatehouse.home, "gatehouse.jsonc");
  await writeFile(file, '{\n  "activeModel": "sim/think",\n  "providers": {,}\n}\n');
  const problems = page.getByRole("region", { name: "Problems" });
  await problems.getByText(`${file}:3:`).waitFor();
  await browser.goTo("Settings");
  await page.getByRole("alert").getByText("Line 3").first().waitFor();
  await shoot(page, "settings-mistake");
  await writeFile(file, '{\n  "activeModel": "sim/think"\n}\n');
  await problems.getByText(`${file}:3:`).waitFor({ state: "detached" });
  await active(page, "sim/think").waitFor();
  await page.getByRole("heading", { name: "In force" }).waitFor();
  browser.assertNoFaults();
});

test("a Gatehouse that goes away is said to be away", async t => {
  const { gatehouse, page } = await open(t);
  await gatehouse.stop();
  await page.getByText("Gatehouse does not answer.").waitFor();
  await page.getByRole("banner").getByText("Reconnecting").waitFor();
  await gatehouse.serve();
  // Sessions end with the program; its pages are served again once a link to them is asked for.
  await gatehouse.link();
  await page.getByRole("heading", { name: "This session has ended" }).waitFor();
});

test("the theme is kept", async t => {
  const { browser, page } = await open(t);
  const scheme = () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme);
  assert.equal(await scheme(), "light");
  await page.getByRole("button", { name: "Theme" }).click();
  await page.getByRole("menuitem", { name: "Dark" }).click();
  assert.equal(await scheme(), "dark");
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Start" }).waitFor();
  assert.equal(await scheme(), "dark");
  browser.assertNoFaults();
});

test("keys are made, shown once and revoked", async t => {
  const { gatehouse, browser, page } = await open(t);
  await browser.goTo("Keys");
  await page.getByText("No keys yet").waitFor();
  await page.getByRole("button", { name: "New key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("laptop");
  await dialog.getByLabel("Project").fill("site");
  await dialog.getByLabel("Models", { exact: true }).fill("sim/echo");
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByRole("button", { name: "Copy the key" }).click();
  const key = await page.evaluate(() => navigator.clipboard.readText());
  await dialog.getByRole("button", { name: "Done" }).click();
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await page.getByText(key).count(), 0);
  const row = page.getByRole("row", { name: /laptop/ });
  await row.getByText("Valid").waitFor();
  assert.match(await row.innerText(), /in 90 days/);

  const messages = [{ role: "user", content: "hi" }];
  assert.equal((await gatehouse.ask(key, { model: "sim/echo", messages })).status, 200);
  assert.ok((await gatehouse.ask(key, { model: "sim/think", messages })).status >= 400);

  await row.getByRole("button", { name: "Revoke laptop" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
  await row.getByText("Revoked").waitFor();
  assert.equal((await gatehouse.ask(key, { model: "sim/echo", messages })).status, 401);
  browser.assertNoFaults();
});
