import assert from "node:assert/strict";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";

test("requests show while they run, and what became of them", async t => {
  const { gatehouse, browser, page } = await open(t);
  const key = await gatehouse.cli("key", "create", "editor", "--project", "site");
  await browser.goTo("Usage");
  await page.getByText("No requests yet").waitFor();

  const content = "tokens=150 rate=60";
  const streaming = await gatehouse.ask(key, {
    model: "sim/stream",
    stream: true,
    messages: [{ role: "user", content }],
  });
  const rows = page.getByRole("region", { name: "Requests" }).locator("tbody tr");
  await rows.first().getByText("Running").waitFor();
  await streaming.text();
  await rows.first().getByText("OK").waitFor();
  assert.equal(await rows.count(), 1);
  const text = await rows.first().innerText();
  for (const part of ["site", "editor", "sim/stream", "$0"])
    assert.ok(text.includes(part), `${part} in ${text}`);

  const failing = await gatehouse.ask(key, {
    model: "sim/down",
    messages: [{ role: "user", content: "hi" }],
  });
  assert.ok(failing.status >= 500);
  await rows.nth(1).waitFor();
  await rows.first().getByText("Error").waitFor();

  const controller = new AbortController();
  const cancelled = await fetch(`${gatehouse.url}/v1/chat/completions`, {
    method: "POST",
    signal: controller.signal,
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify({
      model: "sim/stream",
      stream: true,
      messages: [{ role: "user", content: "tokens=5000" }],
    }),
  });
  await cancelled.body.getReader().read();
  controller.abort();
  await rows.first().getByText("Cancelled").waitFor();
  await shoot(page, "usage");

  await rows.nth(1).getByRole("button").click();
  const drawer = page.getByRole("dialog", { name: "Request" });
  await drawer.getByRole("heading", { name: "Attempts" }).waitFor();
  assert.match(await drawer.innerText(), /sim\/down via sim/);
  await shoot(page, "usage-request");
  await drawer.getByRole("button", { name: "Only this model" }).click();
  await drawer.waitFor({ state: "hidden" });
  await page.getByText("Only model sim/down").waitFor();
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
  await page.getByRole("button", { name: "Show all" }).click();
  await rows.nth(2).waitFor();

  await page.getByRole("tab", { name: "Totals" }).click();
  const totals = page.getByRole("region", { name: "Totals by model" });
  await totals.getByRole("row", { name: /sim\/stream/ }).waitFor();
  await page.getByText("Key", { exact: true }).click();
  await page
    .getByRole("region", { name: "Totals by key" })
    .getByRole("row", { name: /editor\s+3/ })
    .waitFor();
  await page.getByText("Day", { exact: true }).click();
  const days = page.getByRole("region", { name: "Totals by day" });
  await days.getByRole("row").nth(1).waitFor();
  await shoot(page, "usage-totals");
  browser.assertNoFaults();
});
