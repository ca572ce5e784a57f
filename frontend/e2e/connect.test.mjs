import assert from "node:assert/strict";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";

const SETTINGS = '{\n    "theme": "dark", "env": {"MINE": "1"}\n}\n';

for (const colorScheme of ["light", "dark"]) {
  test(`editors are connected, tried and taken back, in the ${colorScheme} theme`, async t => {
    const { gatehouse, browser, page } = await open(t, { colorScheme });
    const file = join(gatehouse.user, ".claude", "settings.json");
    await mkdir(join(gatehouse.user, ".claude"));
    await writeFile(file, SETTINGS);

    await browser.goTo("Connect");
    const list = page.getByRole("list", { name: "Editors" });
    await list
      .getByRole("listitem")
      .filter({ hasText: "Claude Code" })
      .getByText("Found", { exact: true })
      .waitFor();
    assert.match(
      await list.getByRole("listitem").first().innerText(),
      /Claude Code/,
      "what is installed comes first",
    );
    await browser.assertAccessible("the list of editors");
    await shoot(page, `connect-${colorScheme}`);

    // The change is seen before anything is written, and nothing is written for looking at it.
    await list.getByRole("button", { name: "Connect Claude Code" }).click();
    const dialog = page.getByRole("dialog");
    const change = dialog.getByRole("group", { name: `Change of ${file}` });
    await change.getByText("ANTHROPIC_BASE_URL").waitFor();
    await browser.pick("Model", "sim/tools");
    await change.getByText('"ANTHROPIC_MODEL": "sim/tools"').waitFor();
    await browser.assertAccessible("a change");
    await shoot(page, `connect-change-${colorScheme}`);
    assert.equal(await readFile(file, "utf8"), SETTINGS);
    await dialog.getByRole("button", { name: "Cancel" }).click();
    assert.equal(await readFile(file, "utf8"), SETTINGS);
    assert.deepEqual(JSON.parse(await gatehouse.cli("key", "list", "--json")), []);

    await list.getByRole("button", { name: "Connect Claude Code" }).click();
    await browser.pick("Model", "sim/tools");
    await change.getByText('"ANTHROPIC_MODEL": "sim/tools"').waitFor();
    await dialog.getByRole("button", { name: "Make this change" }).click();
    await dialog.getByText("Claude Code is connected.").waitFor();
    await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
    const row = list.getByRole("listitem").filter({ hasText: "Claude Code" });
    await row.getByText("Connected", { exact: true }).waitFor();
    const written = JSON.parse(await readFile(file, "utf8"));
    assert.equal(written.env.ANTHROPIC_BASE_URL, `${gatehouse.url}/claude-code`);
    assert.equal(written.env.MINE, "1");

    await page.getByRole("button", { name: "Check" }).click();
    const findings = page.getByRole("list", { name: "Findings" });
    await findings.getByText(/sim\/tools answered at/).waitFor();
    await browser.assertAccessible("the findings");
    await shoot(page, `connect-checked-${colorScheme}`);

    // The palette does the same from anywhere.
    await browser.goTo("Keys");
    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Find an action or a model").fill("check the connected");
    await page.getByRole("button", { name: /Check the connected/ }).waitFor();
    await page.keyboard.press("Enter");
    await findings.getByText(/sim\/tools answered at/).waitFor();

    await page.keyboard.press("Control+k");
    await page.getByPlaceholder("Find an action or a model").fill("take back");
    await page.getByRole("dialog").getByRole("button", { name: "Take back Claude Code" }).click();
    await change.getByText("ANTHROPIC_BASE_URL").waitFor();
    await dialog.getByRole("button", { name: "Take it back" }).click();
    await dialog.getByText("as it was").waitFor();
    await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
    assert.equal(await readFile(file, "utf8"), SETTINGS);
    await row.getByText("Found", { exact: true }).waitFor();
    browser.assertNoFaults();
  });
}

test("an editor that hides its settings gets a key and steps with values to copy", async t => {
  const { gatehouse, browser, page } = await open(t);
  await page.goto(`${page.url().split("#")[0]}#/connect/caret`); // as the start page links to one
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Make a key and show the steps" }).click();
  const steps = dialog.getByRole("list", { name: "Steps" });
  await steps.getByText(`${gatehouse.url}/v1`).waitFor();
  await steps.getByRole("button", { name: "Copy the API key" }).click();
  await page.getByRole("status").getByText("Copied the API key.").waitFor({ state: "attached" });
  const key = await page.evaluate(() => navigator.clipboard.readText());
  await browser.assertAccessible("the steps");
  await shoot(page, "connect-steps");
  const answer = await gatehouse.ask(key, {
    model: "gatehouse/active",
    messages: [{ role: "user", content: "hi" }],
  });
  assert.equal(answer.status, 200);
  await dialog.getByRole("button", { name: "Close", exact: true }).last().click();

  // What can't be edited safely is left alone, and says why.
  await mkdir(join(gatehouse.user, ".codex"));
  await writeFile(join(gatehouse.user, ".codex", "config.toml"), 'model = "half');
  await page.getByRole("button", { name: "Connect Codex" }).click();
  await dialog.getByText("was left alone").waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Make this change" }).isDisabled(), true);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  // The refusal is in the console too: the browser tells of every answer that is one.
  assert.deepEqual(
    browser.faults.filter(fault => !/status of 400|INCOMPLETE_CHUNKED/.test(fault)),
    [],
  );
});

test("what a program needs is there to copy, with a key of its own", async t => {
  const { gatehouse, browser, page } = await open(t);
  await browser.goTo("Connect");
  const programs = page.getByRole("region", { name: "Your own programs" });
  await programs.getByText("YOUR_KEY").first().waitFor();
  await programs.getByRole("button", { name: "Create a key" }).click();
  await programs.getByText("This is the only time the key “program” is shown").waitFor();
  for (const name of ["Environment", "OpenAI", "OpenAI (Python)", "Anthropic", "AI SDK", "curl"]) {
    await programs.getByRole("tab", { name, exact: true }).click();
    const code = await programs.getByRole("tabpanel").innerText();
    assert.ok(code.includes(gatehouse.url) && /gh_\w+/.test(code), `${name}: ${code}`);
  }
  await browser.assertAccessible("snippets");
  await shoot(page, "connect-programs");
  assert.ok((await stat(gatehouse.user)).isDirectory());
  browser.assertNoFaults();
});

test("keys that lie around are found, shown in part, and left where they are without a keychain", async t => {
  const { gatehouse, browser, page } = await open(t);
  const secret = "sk-proj-e2ecanaryA1b2C3d4E5f6G7h8I9j0K1l2";
  const bashrc = join(gatehouse.user, ".bashrc");
  const env = join(gatehouse.user, "work.env");
  await writeFile(bashrc, `export OPENAI_API_KEY=${secret}\n`);
  await writeFile(env, `ANTHROPIC_API_KEY=sk-ant-api03-e2ecanary_Z9y8X7w6V5u4T3s2R1q0\n`);
  await browser.goTo("Connect");
  const region = page.getByRole("region", { name: "Keys lying around" });
  const files = region.getByRole("list", { name: "Files with keys" });
  await files.getByText("OpenAI, sk-p…K1l2").waitFor();
  await region.getByLabel("Look into another file").fill("no/absolute/path");
  await region.getByRole("button", { name: "Look" }).click();
  await region.getByText("is no absolute path").waitFor();
  await region.getByLabel("Look into another file").fill(env);
  await region.getByRole("button", { name: "Look" }).click();
  await files.getByText("Anthropic, sk-a…R1q0").waitFor();
  await browser.assertAccessible("the keys that were found");
  await region.scrollIntoViewIfNeeded();
  await shoot(page, "connect-found");

  await files.getByRole("button", { name: `Move the keys of ${bashrc}` }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("OPENAI_BASE_URL").waitFor();
  await browser.assertAccessible("the change of a file with keys");
  await shoot(page, "connect-found-change");
  await dialog.getByRole("button", { name: "Move them" }).click();
  await dialog.getByText("Nothing was changed").waitFor(); // there is no keychain to move them into
  assert.equal(await readFile(bashrc, "utf8"), `export OPENAI_API_KEY=${secret}\n`);
  assert.ok(!(await page.content()).includes(secret));
  const keys = JSON.parse(await gatehouse.cli("key", "list", "--json"));
  assert.ok(
    keys.every(k => k.revokedAt),
    "a key that nobody has still works",
  );
});
