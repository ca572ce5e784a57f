import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";

const answers = page => page.getByRole("article", { name: /^Answer from/ });

async function add(browser, ...models) {
  for (const model of models) await browser.pick("Add a model", model);
}

test("prompts are put to several models, side by side", async t => {
  const { gatehouse, browser, page } = await open(t);
  await browser.goTo("Compare");
  const compare = page.getByRole("button", { name: "Compare", exact: true });

  await t.test("needs two models and a prompt", async () => {
    assert.equal(await compare.isDisabled(), true);
    await add(browser, "sim/stream");
    await page.getByRole("textbox", { name: "Prompt 1" }).fill("Write about gates. tokens=4000 rate=100");
    assert.equal(await compare.isDisabled(), true);
    await add(browser, "sim/think", "sim/down");
    await page.getByText("1 prompt × 3 models = 3 requests").waitFor();
    await page.getByLabel("Temperature").fill("3");
    await page.getByText("A number from 0 to 2").waitFor();
    assert.equal(await compare.isDisabled(), true);
    await page.getByLabel("Temperature").fill("0.7");
    await browser.assertAccessible("the form");
    await shoot(page, "compare-new");
  });

  await t.test("streams all at once, and stops", async () => {
    await compare.click();
    await page.waitForFunction(
      () =>
        [...document.querySelectorAll("article[aria-busy]")].filter(a => a.innerText.length > 150).length > 1,
    );
    await page.getByText(/of 3 answered/).waitFor();
    await answers(page).nth(2).getByRole("alert").waitFor();
    await shoot(page, "compare-streaming");
    await page.keyboard.press("Escape");
    await answers(page).first().getByText("Stopped.").waitFor();
    await page.getByText("Stopped before its end.").waitFor();
  });

  await t.test("changes and repeats; the winner is kept", async () => {
    await page.getByRole("button", { name: "Change and repeat" }).click();
    await page.getByRole("button", { name: "Take sim/down out" }).click();
    await page.getByRole("textbox", { name: "Prompt 1" }).fill("Why is the sky blue?");
    await compare.click();
    await answers(page).nth(1).getByRole("button", { name: "Pick as winner" }).click();
    await answers(page).nth(1).getByRole("button", { name: "Winner", pressed: true }).waitFor();
    for (const fact of ["in", "out", "cost", "first token", "speed"]) {
      await answers(page)
        .first()
        .locator("dt", { hasText: new RegExp(`^${fact}$`) })
        .waitFor();
    }
    await page.reload();
    await answers(page).nth(1).getByRole("button", { name: "Winner", pressed: true }).waitFor();
    await browser.assertAccessible("a comparison");
    await shoot(page, "compare-one");
  });

  await t.test("repeats over saved prompts and gives a table", async () => {
    await page.getByRole("button", { name: "New", exact: true }).click();
    assert.equal(await page.getByRole("textbox", { name: "Prompt 1" }).inputValue(), "");
    await page.getByRole("button", { name: "Take sim/stream out" }).click();
    await page.getByRole("button", { name: "Take sim/think out" }).click();
    await add(browser, "sim/echo", "sim/think");
    await page.getByRole("textbox", { name: "Prompt 1" }).fill("one");
    await page.getByRole("button", { name: "Add a prompt" }).click();
    await page.getByRole("textbox", { name: "Prompt 2" }).fill("شو هالبوابة؟");
    await page.getByRole("button", { name: "Add a prompt" }).click();
    await page.getByRole("textbox", { name: "Prompt 3" }).fill('three, with a "quote"');
    await page.getByRole("button", { name: "Saved prompts" }).click();
    await page.getByRole("menuitem", { name: "Save these prompts" }).click();
    const dialog = page.getByRole("dialog", { name: "Save these prompts" });
    await dialog.getByLabel("Name").fill("three of them");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Remove prompt 3" }).click();
    await page.getByRole("button", { name: "Remove prompt 2" }).click();
    await page.getByRole("button", { name: "Saved prompts" }).click();
    await page.getByRole("menuitem", { name: /^three of them/ }).click();
    assert.equal(await page.getByRole("textbox", { name: "Prompt 3" }).inputValue(), 'three, with a "quote"');
    await compare.click();
    const table = page.getByRole("table");
    await table.getByText("2 answered").or(table.getByText("3 answered")).first().waitFor();
    assert.equal(await table.getByRole("row").count(), 5);
    await table.getByRole("button", { name: "three, with" }).click();
    await page.getByRole("region", { name: "Answers to prompt 3" }).waitFor();
    await answers(page).first().getByRole("button", { name: "Pick as winner" }).click();
    await table.getByText("1 won, 3 answered").waitFor();
    await browser.assertAccessible("a table");
    await shoot(page, "compare-table");

    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: "CSV" }).click();
    const download = await downloading;
    assert.equal(download.suggestedFilename(), "one.csv");
    const lines = (await readFile(await download.path(), "utf8")).split("\r\n");
    assert.match(lines[0], /^prompt,model,.*cost_usd/);
    assert.ok(
      lines.some(l => l.startsWith('"three, with a ""quote""",sim/echo,') && l.includes(",done,yes,")),
    );
  });

  await t.test("is listed, deleted and brought back", async () => {
    await page.getByRole("button", { name: "New", exact: true }).click();
    const made = page.getByRole("region", { name: "Made before" });
    assert.equal(await made.getByRole("listitem").count(), 3);
    await made.getByRole("button", { name: "Delete one" }).click();
    await page.getByRole("button", { name: "Undo" }).click();
    await made.getByRole("link", { name: /^one/ }).click();
    await page.getByRole("table").waitFor();
  });

  await t.test("counts for the window's project", async () => {
    const usage = JSON.parse(await gatehouse.cli("usage", "--json"));
    assert.equal(usage.length, 3 + 2 + 6);
    assert.ok(usage.every(r => r.project === "chat"));
  });
  browser.assertNoFaults();
});
