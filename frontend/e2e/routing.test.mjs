import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";

const fileOf = gatehouse => join(gatehouse.home, "gatehouse.jsonc");
const hi = [{ role: "user", content: "hi" }];

/** The settings file without its comments and trailing commas; the forms write neither into texts. */
async function settingsOf(gatehouse) {
  const text = await readFile(fileOf(gatehouse), "utf8");
  return JSON.parse(text.replace(/^\s*\/\/.*$/gm, "").replace(/,(\s*[}\]])/g, "$1"));
}

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

test("a credential that is refused and a provider that wants to wait are passed over", async t => {
  const answer = { status: 401, headers: {} };
  const upstream = createServer((request, response) => {
    if (request.url === "/v1/user/balance") {
      response.end(JSON.stringify({ balance_infos: [{ currency: "USD", total_balance: "12.34" }] }));
      return;
    }
    response.writeHead(answer.status, { "Content-Type": "application/json", ...answer.headers });
    response.end(JSON.stringify({ error: { message: "not with this key" } }));
  }).listen(0, "127.0.0.1");
  t.after(() => upstream.close());
  await once(upstream, "listening");
  const { gatehouse, browser, page } = await open(t, {
    env: { OPENAI_API_KEY: "sk-e2e-of-nobody", DEEPSEEK_API_KEY: "sk-e2e-of-somebody" },
  });
  const baseURL = `http://127.0.0.1:${upstream.address().port}/v1`;
  await writeFile(
    fileOf(gatehouse),
    JSON.stringify({ providers: { openai: { baseURL }, deepseek: { baseURL } } }),
  );
  const key = await gatehouse.cli("key", "create", "e2e");
  const ask = () => gatehouse.ask(key, { model: "openai/gpt-5", messages: hi });
  await browser.goTo("Routing");
  await section(page, "Health");
  await page.getByText("Everybody is well").waitFor();

  await ask();
  const row = page.getByRole("row", { name: /OpenAI/ });
  await row.getByText("Credential set aside").waitFor();
  await row.getByText("All", { exact: true }).waitFor();
  await row.getByText(/not with this key|refused/).waitFor();
  await section(page, "Dry run");
  await page.getByRole("region", { name: "The request" }).getByLabel("Model").fill("openai/gpt-5");
  // With nobody else left it would be tried all the same, as a probe.
  await page.getByRole("list", { name: "Attempts in order" }).getByText("not well: a probe").waitFor();
  await section(page, "Health");
  await page.getByRole("button", { name: "Reset all" }).click();
  await page.getByText("Everybody is well").waitFor();

  Object.assign(answer, { status: 429, headers: { "Retry-After": "120" } });
  await ask();
  await row.getByText("Rate limited").waitFor();
  await row.getByText("in 2 min").waitFor();
  await browser.assertAccessible("the health of a provider");

  await browser.goTo("Credentials");
  const deepseek = page.getByRole("region", { name: "DeepSeek" });
  await deepseek.getByText("$12.34 left, asked just now").waitFor();
  await page.getByRole("button", { name: "Add the credential of OpenTelemetry collector" }).waitFor();
  await browser.assertAccessible("what is left of an account");
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
  for (let i = 0; i < 40 && served.size < 2; i++) {
    const content = `conversation ${i} rate=0`;
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

test("a virtual model's form has every option that settings know", async t => {
  const { gatehouse, browser, page } = await open(t);
  await page.evaluate(() => {
    location.hash = `#/routing/${encodeURIComponent("models/new")}`;
  });
  const form = page.getByRole("form", { name: "New virtual model" });
  const choose = async (field, option) => {
    await form.getByRole("combobox", { name: field }).click();
    await page.getByRole("option", { name: option, exact: true }).click();
    await page.keyboard.press("Escape");
  };
  await form.getByLabel("Name").fill("full");
  await fill(page, form.getByLabel(/^Model/), "sim/echo");
  await form.getByLabel("Add to fallbacks").fill("sim/think");
  await page.keyboard.press("Enter");
  await form.getByLabel("Instructions").fill("Be kind.");
  for (const name of ["Parameters", "Providers", "Requirements", "Waiting, speed and caching", "Reports"]) {
    await form.getByRole("button", { name, exact: true }).click();
  }
  await form.getByLabel("Temperature").fill("0");
  await form.getByLabel("Top P").fill("0.5");
  await form.getByLabel("Longest answer").fill("4096");
  await choose("Reasoning effort", "low");
  await choose("Add a provider to try first", "Simulator");
  await choose("Only these providers", "Simulator");
  await choose("Order the others by", "Cheapest first");
  await choose("Hosted gateway as a paid fallback", "Forbidden");
  await choose("The model must have", "tools");
  await choose("Where it may run", "Only in the EU");
  await form.getByLabel("Only providers known to keep nothing").click();
  await form.getByLabel("Only providers known not to train").click();
  await form.getByRole("button", { name: "Add a wait" }).click();
  await form.getByLabel("Start a second attempt").click();
  await form.getByLabel("Ask for the faster variant").click();
  await choose("Ordinary variant as a fallback", "Allowed");
  await choose("Service tier", "flex");
  await choose("Prompt caching", "Marked automatically");
  await choose("Cache lifetime", "1 hour");
  await form.getByLabel("First items that never change").fill("2");
  await form.getByLabel("User").fill("ada");
  await form.getByLabel("Tags").fill("nightly");
  await page.keyboard.press("Enter");
  await form.getByLabel("Put away").click();
  await form.getByText('"archived": true').waitFor();
  await browser.assertAccessible("the whole form of a virtual model");
  await form.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /full/ }).getByText("Put away").waitFor();

  const schema = JSON.parse(await readFile(join(gatehouse.home, "gatehouse.schema.json"), "utf8"));
  const { properties } = schema.properties.virtualModels.additionalProperties;
  const written = (await settingsOf(gatehouse)).virtualModels.full;
  const names = object => Object.keys(object).sort();
  assert.deepEqual(names({ ...written, targets: [] }), names(properties));
  assert.deepEqual(names(written.options), names(properties.options.properties));
  assert.deepEqual(names(written.parameters), names(properties.parameters.properties));
  assert.deepEqual(written.options, {
    models: ["sim/think"],
    order: ["sim"],
    only: ["sim"],
    sort: "cost",
    allowGatewayFallback: false,
    has: ["tools"],
    inferenceRegion: { scope: "zone", geoRegion: "eu" },
    zeroDataRetention: true,
    disallowPromptTraining: true,
    providerTimeouts: { firstToken: { "*": 30_000 } },
    hedge: true,
    speed: "fast",
    allowFallbackFromFast: true,
    serviceTier: "flex",
    caching: "auto",
    cacheTtl: "1h",
    cacheAnchorItems: 2,
    user: "ada",
    tags: ["nightly"],
  });

  // Opened again, the form says the same.
  await page.getByRole("button", { name: "Edit full" }).click();
  await page.getByRole("form", { name: "The virtual model full" }).getByText("Nothing changes.").waitFor();
  browser.assertNoFaults();
});

test("rules are made, tried on a request, put in order by keyboard, switched off and deleted", async t => {
  const { gatehouse, browser, page } = await open(t);
  const key = await gatehouse.cli("key", "create", "laptop", "--project", "site");
  const ask = model => gatehouse.ask(key, { model, messages: hi });
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Find an action or a model").fill("new routing rule");
  await page.getByRole("button", { name: /New routing rule/ }).waitFor();
  await page.keyboard.press("Enter");

  const form = page.getByRole("form", { name: "New rule" });
  await form.getByLabel("Name").fill("given up");
  await browser.goTo("Keys");
  await page.goBack();
  assert.equal(
    await form.getByLabel("Name").inputValue(),
    "given up",
    "a form that is left keeps what was typed",
  );
  await form.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("No rules yet").waitFor();
  await page.getByRole("button", { name: "New rule" }).click();
  assert.equal(await form.getByLabel("Name").inputValue(), "");
  await form.getByLabel("Name").fill("no-think");
  await form.getByLabel("Reason").fill("Too dear for this project.");
  await form.getByLabel("Models").fill("sim/think");
  await page.keyboard.press("Enter");
  await form.getByLabel("Projects").fill("site");
  await page.keyboard.press("Enter");
  const sample = form.getByRole("region", { name: "Try it on a request" });
  await sample.getByText("No rule matches").waitFor();
  await fill(page, sample.getByLabel("Model"), "sim/think");
  await sample.getByRole("combobox", { name: "API key" }).click();
  await page.getByRole("option", { name: "laptop" }).click();
  await sample.getByText("This rule decides").waitFor();
  await sample.getByText("Too dear for this project").first().waitFor();
  assert.equal((await ask("sim/think")).status, 200, "a rule that is not saved yet holds for nobody");
  await browser.assertAccessible("the form of a rule");
  await shoot(page, "routing-rule-form");
  await form.getByRole("button", { name: "Save" }).click();
  await page.getByRole("list", { name: "Rules in order" }).getByText("no-think").waitFor();
  const denied = await ask("sim/think");
  assert.equal(denied.status, 403);
  assert.match(JSON.stringify(await denied.json()), /no-think.*Too dear/);

  await page.getByRole("button", { name: "New rule" }).click();
  await form.getByLabel("Name").fill("all-echo");
  await form.getByText("Use another model").click();
  await fill(page, form.getByLabel("Model to use instead"), "sim/echo");
  await form.getByRole("combobox", { name: "Protocols" }).click();
  await page.getByRole("option", { name: "Chat Completions" }).click();
  await page.keyboard.press("Escape");
  await form.getByRole("button", { name: "Save" }).click();
  const rules = page.getByRole("list", { name: "Rules in order" });
  await rules.getByText("Uses sim/echo").waitFor();
  assert.equal((await ask("sim/think")).status, 403, "the first rule that matches decides");
  await browser.assertAccessible("the rules");
  await shoot(page, "routing-rules");

  await rules.getByRole("button", { name: "Edit all-echo" }).focus();
  await page.keyboard.press("Alt+ArrowUp");
  await page.getByRole("status").getByText("all-echo is 1 of 2.").waitFor({ state: "attached" });
  await page.getByRole("button", { name: "Put back" }).click();
  await page.getByRole("button", { name: "Put back" }).waitFor({ state: "detached" });
  await rules.getByRole("button", { name: "Move all-echo up" }).click();
  await page.getByRole("button", { name: "Save the order" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Save" }).click();
  await page.getByRole("alertdialog").waitFor({ state: "detached" });
  const rewritten = await ask("sim/think");
  assert.equal(rewritten.headers.get("x-gatehouse-model"), "sim/echo");

  await rules.getByRole("button", { name: "Switch off all-echo" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Switch off" }).click();
  await rules.getByText("Off", { exact: true }).first().waitFor();
  await rules.getByRole("button", { name: "Switch on all-echo" }).waitFor();
  assert.equal((await ask("sim/think")).status, 403);

  await rules.getByRole("button", { name: "Edit no-think" }).click();
  const edit = page.getByRole("form", { name: "The rule no-think" });
  await edit.getByRole("combobox", { name: "Hours of the day" }).click();
  const other = (new Date().getHours() + 12) % 24;
  await page.getByRole("option", { name: `${String(other).padStart(2, "0")}:00` }).click();
  await page.keyboard.press("Escape");
  await edit.getByRole("button", { name: "Save" }).click();
  await rules.getByText(/at \d\d:00 to \d\d:59/).waitFor();
  assert.equal((await ask("sim/think")).status, 200, "the rule holds at another hour");

  for (const id of ["no-think", "all-echo"]) {
    await page.getByRole("button", { name: `Delete ${id}` }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("alertdialog").waitFor({ state: "detached" });
  }
  await page.getByText("No rules yet").waitFor();
  browser.assertNoFaults();
});

test("a rollout is started, compared, raised, rolled back by hand and by its guard, and goes on", async t => {
  const { gatehouse, browser, page } = await open(t);
  const key = await gatehouse.cli("key", "create", "e2e");
  let conversation = 0;
  const ask = async () => {
    const messages = [{ role: "user", content: `conversation ${conversation++} rate=0` }];
    const response = await gatehouse.ask(key, { model: "sim/echo", messages });
    await response.text();
    return response.headers.get("x-gatehouse-model");
  };
  await browser.goTo("Routing");
  await section(page, "Rollouts");
  await page.getByText("No rollouts yet").waitFor();
  await page.getByRole("button", { name: "New rollout" }).click();
  const form = page.getByRole("form", { name: "New rollout" });
  await form.getByLabel("Name").fill("thinking");
  await fill(page, form.getByLabel("Model that is asked for"), "sim/echo");
  await fill(page, form.getByLabel("Model that gets a share of it"), "sim/think");
  await form.getByLabel("Share of the conversations").fill("50");
  await form.getByRole("button", { name: "Add a step" }).click();
  await form.getByLabel("Share from step 1 on").fill("75");
  await form.getByLabel("How far back they look").fill("soon");
  await form.getByText("is no length of time").waitFor();
  await form.getByLabel("How far back they look").fill("30m");
  await form.getByText('"window": "30m"').waitFor();
  await browser.assertAccessible("the form of a rollout");
  await shoot(page, "routing-rollout-form");
  await page.keyboard.press("Control+s");

  const card = page.getByRole("region", { name: "thinking" });
  await card.getByText("50 % of the conversations with").waitFor();
  await card.getByText("Goes to 75 %").waitFor();
  const served = [];
  for (let i = 0; i < 30; i++) served.push(await ask());
  const news = served.filter(model => model === "sim/think").length;
  assert.ok(news > 0 && news < 30, `${news} of 30`);
  const compared = card.getByRole("row", { name: /^Requests/ });
  await compared
    .getByRole("cell", { name: String(news), exact: true })
    .first()
    .waitFor();
  await compared
    .getByRole("cell", { name: String(30 - news), exact: true })
    .last()
    .waitFor();
  await card.getByText("The last 30 min").click();
  await browser.assertAccessible("a rollout");
  await shoot(page, "routing-rollout");

  await card.getByLabel("Share of thinking", { exact: true }).fill("99");
  await card.getByRole("button", { name: "Set the share of thinking" }).click();
  await card.getByText("99 % of the conversations with").waitFor();
  await card.getByRole("button", { name: "Raise to 100 %" }).click();
  await card.getByText("100 % of the conversations with").waitFor();
  assert.equal(await ask(), "sim/think");

  await card.getByRole("button", { name: "Roll back thinking" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Roll back" }).click();
  await card.getByText("Stopped", { exact: true }).waitFor();
  assert.equal(await ask(), "sim/echo");
  await card.getByRole("button", { name: "Go on with thinking" }).click();
  await card.getByText("Running", { exact: true }).waitFor();
  assert.equal(await ask(), "sim/think");

  // A new model that fails is rolled back by the guard, which says why.
  await card.getByRole("button", { name: "Edit thinking" }).click();
  const edit = page.getByRole("form", { name: "The rollout thinking" });
  await fill(page, edit.getByLabel("Model that gets a share of it"), "sim/down");
  await edit.getByLabel("Failed requests, at most").fill("10");
  await edit.getByLabel("Requests before one may trip").fill("3");
  await edit.getByRole("button", { name: "Save" }).click();
  await card.getByText("sim/down").first().waitFor();
  for (let i = 0; i < 6; i++) await ask();
  await card.getByText("Rolled back", { exact: true }).waitFor();
  await card
    .getByText(/errors|failed/i)
    .first()
    .waitFor();
  await shoot(page, "routing-rollout-back");

  await card.getByRole("button", { name: "Delete thinking" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("No rollouts yet").waitFor();
  browser.assertNoFaults();
});

test("timeouts, parameters and the paid fallback are set, and hold", async t => {
  const { gatehouse, browser, page } = await open(t, { env: { OPENAI_API_KEY: "sk-e2e-of-nobody" } });
  const key = await gatehouse.cli("key", "create", "e2e");
  await browser.goTo("Routing");
  await section(page, "Defaults");
  const form = page.getByRole("form", { name: "What holds for every request" });
  await form.getByText("Nothing changes.").waitFor();
  await form.getByRole("combobox", { name: "Where OpenAI fails" }).click();
  await page.getByRole("option", { name: "Forbidden" }).click();
  await form.getByText('"gatewayFallback": false').waitFor();
  await form.getByLabel("The hosted gateway may answer").click();

  await form.getByRole("combobox", { name: "Add a provider's timeouts" }).click();
  await page.getByRole("option", { name: "Simulator" }).click();
  await form.getByLabel("First token, Simulator").fill("1 second");
  await form.getByText("is no length of time").waitFor();
  await form.getByLabel("First token, Simulator").fill("1s");
  await form.getByRole("button", { name: "Add a pattern" }).click();
  await form.getByLabel("Models of pattern 1").fill("sim/*");
  await form.getByLabel("Temperature").fill("0.25");
  await form.getByText('"temperature": 0.25').waitFor();
  await browser.assertAccessible("the defaults");
  await shoot(page, "routing-defaults");
  await form.getByRole("button", { name: "Save" }).click();
  await form.getByText("Nothing changes.").waitFor();

  const settings = await settingsOf(gatehouse);
  assert.equal(settings.gatewayFallback, false);
  assert.equal(settings.credentials.openai.named.default.gatewayFallback, false);
  assert.deepEqual(settings.timeouts, { sim: { firstToken: "1s" } });
  assert.deepEqual(settings.modelDefaults, [{ model: "sim/*", parameters: { temperature: 0.25 } }]);
  const late = await gatehouse.ask(key, { model: "sim/slow", messages: hi });
  assert.equal(late.status, 504);
  browser.assertNoFaults();
});

// 150 % and 200 % of a window of 1280 by 800 leave it this much room.
const ZOOMS = [
  { width: 1280, height: 800 },
  { width: 853, height: 533 },
  { width: 640, height: 400 },
];
const FILE = `{
  "virtualModels": {
    "team/coder-with-a-rather-long-name": {
      "model": "sim/down",
      "options": { "models": ["sim/echo", "sim/think", "sim/stream"], "providerTimeouts": { "idle": { "*": 5000 } } }
    }
  },
  "rules": [
    { "id": "no-night-work", "deny": true, "hours": [0, 1, 2, 3, 4, 5], "reason": "Go to bed.", "projects": ["site"] },
    { "id": "cheaper", "rewrite": "sim/echo", "models": ["sim/stream"], "disabled": true }
  ],
  "rollouts": { "try-thinking": { "from": "sim/echo", "to": "sim/think", "percent": 12.5 } },
  "timeouts": { "*": { "firstToken": "30s" } }
}
`;
const VIEWS = [
  ["dry-run", "routing/dry-run"],
  ["models", "routing/models"],
  ["model", `routing/${encodeURIComponent("models/edit/team/coder-with-a-rather-long-name")}`],
  ["rules", "routing/rules"],
  ["rule", `routing/${encodeURIComponent("rules/edit/no-night-work")}`],
  ["rollouts", "routing/rollouts"],
  ["rollout", `routing/${encodeURIComponent("rollouts/edit/try-thinking")}`],
  ["defaults", "routing/defaults"],
  ["health", "routing/health"],
];

for (const colorScheme of ["light", "dark"]) {
  test(`all of routing can be used at any zoom, in the ${colorScheme} theme`, async t => {
    const { gatehouse, browser, page } = await open(t, { colorScheme });
    await writeFile(fileOf(gatehouse), FILE);
    const key = await gatehouse.cli("key", "create", "e2e");
    for (let i = 0; i < 3; i++) await gatehouse.ask(key, { model: "sim/down", messages: hi });
    const note = page.getByRole("button", { name: "Hide this note" });
    while ((await note.count()) > 0) await note.first().click();
    for (const [name, hash] of VIEWS) {
      await page.evaluate(to => {
        location.hash = `#/${to}`;
      }, hash);
      await page.getByRole("tabpanel").waitFor();
      await page.waitForFunction(() => !document.querySelector("main [aria-label^=Loading]"));
      for (const size of ZOOMS) {
        await page.setViewportSize(size);
        const wider = await page.evaluate(() =>
          [document.documentElement, ...document.querySelectorAll("main, main > div, header")]
            .filter(e => e.scrollWidth > e.clientWidth)
            .map(e => `${e.tagName} ${e.className}`),
        );
        assert.deepEqual(wider, [], `${name} at ${size.width} is wider than its window`);
        await shoot(page, `routing-${name}-${colorScheme}-${size.width}`);
      }
      await browser.assertAccessible(`${name}, ${colorScheme}`);
    }
    browser.assertNoFaults();
  });
}
