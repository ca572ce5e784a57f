import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./gatehouse.mjs";

const focused = page =>
  page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.id);

test("everything on the way to an answer works without a mouse", async t => {
  const { gatehouse, browser, page } = await open(t);
  const { keyboard } = page;

  // The first stop is the link past the navigation.
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Start" }).waitFor();
  await page.evaluate(() => document.activeElement?.blur());
  await keyboard.press("Tab");
  await page.getByRole("button", { name: "Skip to the content" }).waitFor();
  await keyboard.press("Enter");
  assert.equal(await focused(page), "main");

  // A page by its number, a model by typing, a message, its end by Esc.
  await keyboard.press("Control+2");
  await page.getByRole("heading", { level: 1, name: "Chat" }).waitFor({ state: "attached" });
  await page.getByLabel("Message", { exact: true }).waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Message");
  await keyboard.press("Tab");
  assert.equal(await focused(page), "System prompt and temperature");
  await keyboard.press("Tab");
  assert.match(await focused(page), /^Model of this conversation/);
  await keyboard.press("Enter");
  await page.getByLabel("Search model of this conversation").waitFor();
  await keyboard.type("sim/stream");
  await page.getByRole("option", { name: "sim/stream" }).waitFor();
  await keyboard.press("Enter");
  // The focus comes back to the button when the list is gone.
  await page.waitForFunction(() =>
    document.activeElement?.getAttribute("aria-label")?.startsWith("Model of this conversation: sim/stream"),
  );
  await keyboard.press("Shift+Tab");
  await keyboard.press("Shift+Tab");
  assert.equal(await focused(page), "Message");
  await keyboard.type("tokens=5000 rate=100");
  await keyboard.press("Enter");
  const answer = page.getByRole("article", { name: /^Answer from/ });
  await answer.locator("p, h1, h2").first().waitFor();
  await page.getByRole("button", { name: "Stop the answer" }).waitFor();
  await keyboard.press("Escape");
  await answer.getByText("Stopped.").waitFor();

  // Any action by its name.
  await keyboard.press("Control+k");
  await page.getByPlaceholder("Find an action or a model").waitFor();
  await keyboard.type("go to usage");
  await page.getByRole("button", { name: /Go to Usage/ }).waitFor();
  await keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Usage" }).waitFor();

  await keyboard.press("Control+k");
  await page.getByPlaceholder("Find an action or a model").waitFor();
  await keyboard.type("sim/think");
  await page.getByRole("button", { name: /^sim\/think/ }).waitFor();
  await keyboard.press("Enter");
  await page.getByRole("button", { name: "Active model: sim/think" }).waitFor();

  // Settings by what is usual for them; an action by letters that only resemble its name; actions that are no page's.
  const search = page.getByPlaceholder("Find an action or a model");
  const act = async (words, label) => {
    await search.waitFor({ state: "detached" });
    await keyboard.press("Control+k");
    await search.waitFor();
    await keyboard.type(words);
    await page.getByRole("dialog").getByRole("button", { name: label }).waitFor();
    await keyboard.press("Enter");
  };
  const said = text => page.getByRole("status").getByText(text).waitFor({ state: "attached" });
  await search.waitFor({ state: "detached" });
  await keyboard.press("Control+,");
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await keyboard.press("Alt+0");
  await page.getByRole("heading", { level: 1, name: "Credentials" }).waitFor();
  await act("nwky", "New key");
  await page.getByRole("dialog", { name: "New key" }).getByLabel("Name").waitFor();
  await keyboard.press("Escape");
  await page.getByRole("dialog", { name: "New key" }).waitFor({ state: "hidden" });
  assert.match(page.url(), /#\/keys$/);
  await act("favourite", "Make the active model a favourite");
  await said("sim/think is a favourite.");
  await act("address", "Copy the endpoint's address");
  await said("Copied the endpoint's address.");
  assert.ok((await page.evaluate(() => navigator.clipboard.readText())).startsWith(gatehouse.url));
  await act("test all", "Test all credentials");
  await said("There is no credential to test.");
  await page.getByRole("heading", { level: 1, name: "Credentials" }).waitFor();

  await search.waitFor({ state: "detached" });
  await keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor({ state: "hidden" });
  await keyboard.press("Alt+n");
  await page.getByText("What would you like to ask?").waitFor();
  browser.assertNoFaults();
});
