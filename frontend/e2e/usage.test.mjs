import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";

const say = (model, content = "tokens=60 rate=0", more = {}) => ({
  model,
  messages: [{ role: "user", content }],
  ...more,
});

test("requests show while they run, and what became of them", async t => {
  const { gatehouse, browser, page } = await open(t);
  const key = await gatehouse.cli("key", "create", "editor", "--project", "site");
  await browser.goTo("Usage");
  await page.getByText("No requests in this range").waitFor();
  await page.getByRole("tab", { name: "Requests" }).click();
  await page.getByText("No requests in this range").waitFor();

  const streaming = await gatehouse.ask(key, say("sim/stream", "tokens=150 rate=60", { stream: true }));
  const rows = page.getByRole("grid", { name: "Requests" }).locator("[data-outcome]");
  await rows.first().getByText("Running").waitFor();
  await streaming.text();
  await rows.first().getByText("OK").waitFor();
  assert.equal(await rows.count(), 1);
  const text = await rows.first().innerText();
  for (const part of ["site", "sim/stream", "$0"]) assert.ok(text.includes(part), `${part} in ${text}`);

  const failing = await gatehouse.ask(key, say("sim/down", "hi"));
  assert.ok(failing.status >= 500);
  await rows.nth(1).waitFor();
  await rows.first().getByText("Error").waitFor();

  const controller = new AbortController();
  const cancelled = await fetch(`${gatehouse.url}/v1/chat/completions`, {
    method: "POST",
    signal: controller.signal,
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify(say("sim/stream", "tokens=5000", { stream: true })),
  });
  await cancelled.body.getReader().read();
  controller.abort();
  await rows.first().getByText("Cancelled").waitFor();
  browser.assertNoFaults();
});

for (const colorScheme of ["light", "dark"]) {
  test(`a range is summed up, drawn, grouped, narrowed, and leads to its requests, in the ${colorScheme} theme`, async t => {
    const { gatehouse, browser, page } = await open(t, { colorScheme });
    const site = await gatehouse.cli("key", "create", "editor", "--project", "site");
    const shop = await gatehouse.cli("key", "create", "agent", "--project", "shop");
    await gatehouse.cli("budget", "set", "all", "20 usd/day").catch(() => {});
    for (let i = 0; i < 4; i++) {
      await gatehouse.ask(site, say("sim/echo", `hello ${i}`)).then(r => r.text());
      await gatehouse.ask(shop, say("sim/stream", "tokens=90 rate=0", { stream: true })).then(r => r.text());
    }
    await gatehouse.ask(shop, say("sim/down")).then(r => r.text());

    await browser.goTo("Usage");
    const figures = page.getByRole("region", { name: "Figures" });
    await figures.getByRole("button", { name: "Requests: 9. Show the requests" }).waitFor();
    await figures.getByRole("button", { name: "Errors: 1. Show the requests" }).waitFor();
    assert.match(await figures.innerText(), /Time to first token[\s\S]*p95/);
    await page.locator("canvas").waitFor();
    const groups = page.getByRole("region", { name: "Totals by model" });
    await groups.getByRole("row", { name: /sim\/stream/ }).waitFor();
    await browser.assertAccessible("the overview");
    await shoot(page, `usage-overview-${colorScheme}`);

    // Every metric, and its numbers as a table.
    const over = page.getByRole("region", { name: "Over time" });
    await over.getByText("As a table").click();
    for (const metric of ["Requests", "Tokens", "Errors", "First token", "Duration", "Tokens/s", "Spend"]) {
      await over.getByText(metric, { exact: true }).first().click();
      await over.getByRole("region", { name: `${metric} over time` }).waitFor();
    }
    await over.getByText("Requests", { exact: true }).first().click();
    await page.getByText("Today", { exact: true }).click();
    const drawn = over.getByRole("table", { name: /Requests over time/ });
    await drawn
      .getByRole("row")
      .filter({ hasText: /sim\/(stream|echo) via sim/ })
      .first()
      .waitFor();
    await browser.assertAccessible("the chart as a table");
    await shoot(page, `usage-chart-${colorScheme}`);

    // From a bar to its requests: by the table's time, and by a click on the drawing.
    await drawn.getByRole("row").filter({ hasText: "via sim" }).first().getByRole("button").click();
    const rows = page.getByRole("grid", { name: "Requests" }).locator("[data-outcome]");
    await rows.nth(8).waitFor();
    assert.equal(new URL(page.url()).hash, "#/usage/requests");
    await page.getByText("9 requests", { exact: true }).waitFor();
    await page.goBack();
    await page.getByText("30 days", { exact: true }).click();
    const plot = page.locator(".u-over");
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    await page.mouse.click(box.x + box.width - 8, box.y + box.height / 2); // today is the last bar
    await rows.nth(8).waitFor();
    await page.getByRole("tab", { name: "Overview" }).click();
    await page.getByText("30 days", { exact: true }).click();

    // By project, narrowed to one, and on to its requests.
    const by = page.getByRole("region", { name: "Groups" });
    for (const dimension of ["Provider", "Key", "Client", "User", "Tag", "Project"]) {
      await by.getByText(dimension, { exact: true }).first().click();
      await by.getByRole("region", { name: `Totals by ${dimension.toLowerCase()}` }).waitFor();
    }
    await by.getByRole("row", { name: /^shop/ }).waitFor();
    await by.getByRole("button", { name: "site", exact: true }).click();
    await figures.getByRole("button", { name: "Requests: 4. Show the requests" }).waitFor();
    await by.getByRole("button", { name: "Requests of project site" }).click();
    await page.getByText("4 requests", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.getByText("9 requests", { exact: true }).waitFor();

    // Filters and the search.
    await page.getByRole("combobox", { name: "Outcome" }).click();
    await page.getByRole("option", { name: "Error" }).click();
    await page.getByText("1 request", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Clear filters" }).click();
    const search = page.getByLabel("Search requests");
    await search.fill("EDITOR");
    await page.getByText("4 requests", { exact: true }).waitFor();
    await search.fill("nothing has this");
    await page.getByText("No request matches").waitFor();
    await search.fill("");
    await page.getByRole("combobox", { name: "Model" }).click();
    await page.getByRole("option", { name: "sim/echo" }).click();
    await page.getByText("4 requests", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.getByText("9 requests", { exact: true }).waitFor();
    await browser.assertAccessible("the requests");
    await shoot(page, `usage-requests-${colorScheme}`);

    // By keyboard to a request, and what it shows.
    await page.getByRole("grid", { name: "Requests" }).focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    const drawer = page.getByRole("dialog", { name: "Request" });
    await drawer.getByRole("heading", { name: "Attempts" }).waitFor();
    await drawer.getByRole("table", { name: "Tokens by kind" }).waitFor();
    await drawer.getByRole("row", { name: /^Output .* the provider/ }).waitFor();
    assert.match(await drawer.innerText(), /sim\/stream via sim[\s\S]*took \d/);
    await browser.assertAccessible("a request");
    await shoot(page, `usage-request-${colorScheme}`);
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "hidden" });

    // A link to a request opens it; one to a request that is none says so.
    const [record] = JSON.parse(await gatehouse.cli("usage", "--json"));
    await page.goto(`${page.url().split("#")[0]}#/usage/${record.id}`);
    await drawer.getByText(record.id).waitFor();
    assert.match(await drawer.innerText(), /sim\/down via sim/);
    await shoot(page, `usage-error-${colorScheme}`);
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "hidden" });
    await page.goto(`${page.url().split("#")[0]}#/usage/req_none`);
    await drawer.getByText("This request can't be shown").waitFor();
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "hidden" });
    assert.equal(browser.faults.filter(fault => !fault.includes("404")).length, 0, browser.faults.join("\n"));
  });
}

test("what is shown is exported, all of it", async t => {
  const { gatehouse, browser, page } = await open(t);
  const key = await gatehouse.cli("key", "create", "editor", "--project", "site");
  for (const model of ["sim/echo", "sim/down", "sim/echo"])
    await gatehouse.ask(key, say(model)).then(r => r.text());
  await page.keyboard.press("Alt+l"); // the shortcut of the requests
  await page.getByText("3 requests", { exact: true }).waitFor();
  await page.getByRole("combobox", { name: "Outcome" }).click();
  await page.getByRole("option", { name: "OK" }).click();
  await page.getByText("2 requests", { exact: true }).waitFor();
  const exported = async (name, encoding = "utf8") => {
    await page.getByRole("button", { name: "Export" }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("menuitem", { name }).click();
    return readFile(await (await download).path(), encoding);
  };
  const lines = (await exported("Download CSV")).trimEnd().split("\n");
  assert.equal(lines.length, 3);
  assert.match(lines[0], /^id,/);
  assert.match(lines[1], /^req_\w+,.*sim\/echo/);
  const records = JSON.parse(await exported("Download JSON"));
  assert.deepEqual(
    records.map(r => r.model),
    ["sim/echo", "sim/echo"],
  );
  const parquet = await exported("Download Parquet", null);
  assert.equal(parquet.subarray(0, 4).toString() + parquet.subarray(-4).toString(), "PAR1PAR1");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: "Copy CSV" }).click();
  await page.waitForFunction(async () => (await navigator.clipboard.readText()).startsWith("id,startedAt"));
  await page.getByRole("tab", { name: "Overview" }).click();
  const totals = JSON.parse(await exported("Download JSON"));
  assert.deepEqual(
    totals.map(r => [r.name, r.requests]),
    [["sim/echo", 2]],
  );

  // A conversation that does not go on as it began: in the sums, in the list, and at the request.
  const turn = (system, turns) => ({
    model: "sim/echo",
    messages: [
      { role: "system", content: system },
      { role: "user", content: "hello" },
      ...Array.from({ length: turns }, () => [
        { role: "assistant", content: "so" },
        { role: "user", content: "and on" },
      ]).flat(),
    ],
  });
  for (const body of [turn("It is noon", 0), turn("It is one", 1)])
    await gatehouse.ask(key, body).then(r => r.text());
  await page.getByRole("tab", { name: "Overview" }).click();
  const broken = page.getByRole("region", { name: "Broken prefixes", exact: true });
  await broken.getByRole("row", { name: /^System prompt 1 / }).waitFor();
  await broken.scrollIntoViewIfNeeded();
  await browser.assertAccessible("broken prefixes");
  await shoot(page, "usage-prefixes");
  await broken.getByRole("button", { name: "Show the requests" }).click();
  await page.getByText("1 request", { exact: true }).waitFor();
  await page.getByRole("grid", { name: "Requests" }).locator("[data-outcome]").first().click();
  const drawer = page.getByRole("dialog", { name: "Request" });
  await drawer.getByText("Prefix broken at the system prompt: 0 of 2 blocks kept.").waitFor();
  await browser.assertAccessible("a broken prefix");
  await shoot(page, "usage-prefix");
  await drawer.getByRole("button", { name: "Show the request before" }).click();
  await drawer.getByText("Prefix broken").waitFor({ state: "hidden" });
  browser.assertNoFaults();
});
