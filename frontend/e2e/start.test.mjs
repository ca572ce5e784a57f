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

  const editor = page.getByRole("region", { name: "Point an editor at it" });
  await editor.getByRole("button", { name: "Create a key for Cline" }).click();
  await editor.getByText("This is the only time the key “cline” is shown").waitFor();
  assert.equal(await editor.getByText(`${gatehouse.url}/v1`).count(), 1);
  assert.equal(await editor.getByText("OpenAI Compatible", { exact: true }).count(), 1);
  await editor.getByRole("button", { name: "Copy the API Key" }).click();
  await page.getByRole("status").getByText("Copied the API Key.").waitFor({ state: "attached" });
  const key = await page.evaluate(() => navigator.clipboard.readText());
  await shoot(page, "start-key");

  const response = await gatehouse.ask(key, {
    model: "gatehouse/active",
    messages: [{ role: "user", content: "Hello from an editor" }],
  });
  assert.equal(response.status, 200);
  assert.match((await response.json()).choices[0].message.content, /Hello from an editor/);

  // Each client has a key of its own, and a second one for the same gets another name.
  for (const [client, name] of [
    ["Kilo Code", "kilo-code"],
    ["Caret", "caret"],
    ["curl", "curl"],
  ]) {
    await editor.getByText(client, { exact: true }).click();
    await editor.getByRole("button", { name: `Create a key for ${client}` }).click();
    await editor.getByText(`“${name}”`).waitFor();
  }
  const line = await editor.locator("pre").innerText();
  assert.match(line, /^curl -N http:\/\/127\.0\.0\.1:\d+\/v1\/chat\/completions/);
  assert.doesNotMatch(line, /YOUR_KEY/);
  const keys = JSON.parse(await gatehouse.cli("key", "list", "--json"));
  assert.deepEqual(keys.map(k => k.name).sort(), ["caret", "cline", "curl", "kilo-code"]);
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
