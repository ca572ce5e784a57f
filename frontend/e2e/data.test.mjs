// What is kept: prompts and answers, and the history, from the pages and in the files.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";

const say = (content, more = {}) => ({ model: "sim/echo", messages: [{ role: "user", content }], ...more });

test("prompts and answers are kept for a project that says so, and gone when it no longer does", async t => {
  const { gatehouse, browser, page } = await open(t);
  const key = await gatehouse.cli("key", "create", "editor", "--project", "site");
  const kept = () => readdir(join(gatehouse.home, "contents")).catch(() => []);
  const ask = text => gatehouse.ask(key, say(text, { stream: true })).then(r => r.text());
  const openNewest = async () => {
    const [record] = JSON.parse(await gatehouse.cli("usage", "--json"));
    await page.goto(`${page.url().split("#")[0]}#/usage/${record.id}`);
    return record.id;
  };
  await ask("before it is on");
  await openNewest();
  const drawer = page.getByRole("dialog", { name: "Request" });
  await drawer.getByText("They are not kept.").waitFor();
  assert.deepEqual(await kept(), []);
  await drawer.getByRole("button", { name: "Keep them for 24 hours" }).click();
  await drawer.getByText("This request's are not").waitFor();
  await page.getByText("Project site for 24 hours.").waitFor();
  await page.keyboard.press("Escape");

  await ask("the canary sings");
  const id = await openNewest();
  await drawer.getByRole("article", { name: "user" }).getByText("the canary sings").waitFor();
  await drawer.getByRole("article", { name: "answer" }).getByText("the canary sings").waitFor();
  await browser.assertAccessible("a kept prompt and answer");
  await drawer.getByRole("heading", { name: "Prompt and answer" }).scrollIntoViewIfNeeded();
  await shoot(page, "usage-contents");
  await drawer.getByText("As sent").click();
  await drawer.getByRole("article", { name: "Request" }).getByText('"stream":true').waitFor();
  assert.match(await readFile(join(gatehouse.home, "contents", id), "utf8"), /the canary sings/);
  assert.match(await gatehouse.cli("usage", "show", id), /--- user\nthe canary sings/);
  await page.keyboard.press("Escape");

  await browser.goTo("Settings");
  const panel = page.getByRole("region", { name: "Prompts and answers" });
  await panel.getByRole("row", { name: /site 24 hours 1/ }).waitFor();
  await panel.scrollIntoViewIfNeeded();
  await browser.assertAccessible("what is kept");
  await shoot(page, "settings-contents");
  await panel.getByRole("button", { name: "Turn off for site" }).click();
  await page.getByRole("button", { name: "Turn off and remove" }).click();
  await panel.getByRole("row", { name: /site/ }).waitFor({ state: "hidden" });
  assert.deepEqual(await kept(), []);
  await page.getByText("Project site for 24 hours.").waitFor({ state: "hidden" });
  browser.assertNoFaults();
});

test("the history is bounded, backed up, deleted in part and restored from the pages", async t => {
  const { gatehouse, browser, page } = await open(t, { colorScheme: "dark" });
  const site = await gatehouse.cli("key", "create", "editor", "--project", "site");
  const shop = await gatehouse.cli("key", "create", "agent", "--project", "shop");
  for (const key of [site, shop, site]) await gatehouse.ask(key, say("hello")).then(r => r.text());
  const projects = async () => JSON.parse(await gatehouse.cli("usage", "--json")).map(r => r.project);

  await browser.goTo("Usage");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: "Keep, delete, back up…" }).click();
  const history = page.getByRole("region", { name: "Usage history" });
  await history.getByLabel("Keep for days").fill("365");
  await history.getByLabel("Database up to megabytes").fill("2000");
  await history.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Save and delete" }).click(); // it says what a size means
  await page.getByText('"keepDays": 365').first().waitFor();
  assert.match(await readFile(join(gatehouse.home, "gatehouse.jsonc"), "utf8"), /"maxMegabytes": 2000/);

  const download = page.waitForEvent("download");
  const backup = page.getByRole("region", { name: "Backup" });
  await backup.getByRole("button", { name: "Back up now" }).click();
  const file = await (await download).path();
  assert.ok((await readFile(file)).length > 10_000);

  const part = page.getByRole("region", { name: "Delete requests" });
  await part.getByRole("combobox", { name: "Project" }).click();
  await page.getByRole("option", { name: "site" }).click();
  await part.getByText("2 requests would be deleted.").waitFor();
  await browser.assertAccessible("the settings");
  await shoot(page, "settings-data");
  await part.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("button", { name: "Delete 2" }).click();
  await page.getByText("2 requests are gone from the history.").waitFor();
  assert.deepEqual(await projects(), ["shop"]);

  const chooser = page.waitForEvent("filechooser");
  await backup.getByRole("button", { name: "Restore…" }).click();
  await (await chooser).setFiles(file);
  await page.getByText("2 requests were put back.").waitFor();
  assert.deepEqual(await projects(), ["site", "shop", "site"]);
  const again = page.waitForEvent("filechooser");
  await backup.getByRole("button", { name: "Restore…" }).click();
  await (await again).setFiles({
    name: "no.db",
    mimeType: "application/octet-stream",
    buffer: Buffer.from("no backup"),
  });
  await backup.getByText("is no backup of Gatehouse's").waitFor();
  assert.equal(browser.faults.filter(fault => !fault.includes("400")).length, 0, browser.faults.join("\n"));
});
