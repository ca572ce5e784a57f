import assert from "node:assert/strict";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";

test("the first minutes: from nothing to an answer and a key that works", async t => {
  const { gatehouse, browser, page } = await open(t);

  const tryIt = page.getByRole("region", { name: "Try it" });
  await tryIt.getByLabel("What to ask").fill("Is anybody at the gate?");
  await tryIt.getByRole("button", { name: "Ask" }).click();
  const answer = tryIt.getByRole("region", { name: "Answer" });
  await answer.getByText("Is anybody at the gate?").waitFor();
  await answer.getByText("took").waitFor();
  const facts = await answer.locator("dl").innerText();
  assert.match(facts, /from\s+sim\/echo/);
  assert.match(facts, /in\s+\d+/);
  assert.match(facts, /out\s+\d+/);
  assert.match(facts, /cost\s+\$0/);
  await tryIt.getByText("(done)").waitFor({ state: "attached" });
  await page
    .getByRole("status")
    .getByText(/Answer finished/)
    .waitFor({ state: "attached" });
  await shoot(page, "start");

  const credential = page.getByRole("region", { name: "Add a credential" });
  await credential.getByText("No keychain").waitFor();
  assert.equal(await credential.getByLabel("API key").isDisabled(), true);

  // The editor's own dialog is a click away; its key is shown there once.
  const editor = page.getByRole("region", { name: "Point an editor at it" });
  await editor.getByText("Choose yours").waitFor();
  await shoot(page, "start-editors");
  await editor.getByRole("link", { name: "Caret", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Connect Caret" });
  await dialog.getByRole("button", { name: "Make a key and show the steps" }).click();
  await dialog.getByRole("button", { name: "Copy the API key" }).click();
  await page.getByRole("status").getByText("Copied the API key.").waitFor({ state: "attached" });
  const key = await page.evaluate(() => navigator.clipboard.readText());
  await dialog.getByRole("button", { name: "Close", exact: true }).last().click();

  const response = await gatehouse.ask(key, {
    model: "gatehouse/active",
    messages: [{ role: "user", content: "Hello from an editor" }],
  });
  assert.equal(response.status, 200);
  assert.match((await response.json()).choices[0].message.content, /Hello from an editor/);

  // An editor that is connected is among those on this machine from then on.
  await browser.goTo("Start");
  const here = editor.getByRole("list", { name: "Editors on this machine" });
  await here.getByRole("listitem").filter({ hasText: "Caret" }).getByText("Connected").waitFor();
  await editor.getByText("(done)").waitFor({ state: "attached" });
  await editor.getByRole("link", { name: "a program of your own" }).click();
  await page
    .getByRole("region", { name: "Your own programs" })
    .getByRole("button", { name: "Create a key" })
    .waitFor();
  browser.assertNoFaults();
});

test("the link to the pages works once, and without a session there is a way back in", async t => {
  const { gatehouse, browser, page } = await open(t);
  const link = await gatehouse.link();
  const second = await browser.context.newPage();
  await second.goto(link);
  await second.getByRole("heading", { level: 1, name: "Start" }).waitFor();
  const reused = await fetch(link, { redirect: "manual" });
  assert.ok(reused.status >= 400, `the used link answered ${reused.status}`);

  await browser.context.clearCookies();
  await second.getByRole("link", { name: "Settings" }).click();
  await second.getByText("gatehouse ui").waitFor();
  await second.getByRole("heading", { name: "This session has ended" }).waitFor();
  assert.equal(await page.getByRole("heading", { level: 1, name: "Start" }).count(), 1);
});
