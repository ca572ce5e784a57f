import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";

async function say(page, text) {
  const message = page.getByLabel("Message", { exact: true });
  await message.fill(text);
  await message.press("Enter");
}

const answers = page => page.getByRole("article", { name: /^Answer from/ });
const finished = page => answers(page).last().getByText("took");

test("a conversation from its first message to its deletion, and back", async t => {
  const { gatehouse, browser, page } = await open(t);
  await browser.goTo("Chat");

  await t.test("streams Markdown and stops", async () => {
    await browser.pick("Model of this conversation", "sim/stream");
    await say(page, "Write something long. tokens=4000 rate=150");
    const answer = answers(page).last();
    await answer.locator("h1, h2, h3").first().waitFor();
    assert.equal(await answer.getAttribute("aria-busy"), "true");
    const early = (await answer.innerText()).length;
    await page.waitForFunction(
      n => [...document.querySelectorAll("article[aria-busy]")].at(-1).innerText.length > n + 600,
      early,
    );
    // Whoever is at the end stays there while it grows.
    await page.waitForFunction(() => {
      const scroller = document.querySelector("[data-turns]");
      return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 4;
    });
    await shoot(page, "chat-streaming");

    // Whoever scrolled away is left alone.
    await answer.hover();
    await page.mouse.wheel(0, -5000);
    await page.getByRole("button", { name: "Follow the answer" }).waitFor();
    const nearTop = () => document.querySelector("[data-turns]").scrollTop < 60;
    await page.waitForFunction(nearTop); // it glides there
    const before = (await answer.innerText()).length;
    await page.waitForFunction(
      n => [...document.querySelectorAll("article[aria-busy]")].at(-1).innerText.length > n + 200,
      before,
    );
    assert.ok(await page.evaluate(nearTop));
    await page.getByRole("button", { name: "Follow the answer" }).click();

    await page.getByRole("button", { name: "Stop the answer" }).click();
    await answer.getByText("Stopped.").waitFor();
    assert.equal(await answer.getAttribute("aria-busy"), "false");
  });

  await t.test("asks again, of the same model and of another", async () => {
    await page.getByRole("button", { name: "Retry with the same model" }).click();
    await page.getByRole("button", { name: "Stop the answer" }).click();
    await answers(page).last().getByText("Stopped.").waitFor();
    await browser.pick("Retry with another model", "sim/echo");
    await answers(page).last().getByText("tokens=4000").waitFor();
    await finished(page).waitFor();
    assert.equal(await answers(page).count(), 1, "the answer asked for again takes the old one's place");
    assert.match(await answers(page).last().getAttribute("aria-label"), /sim\/echo/);
  });

  await t.test("shows reasoning folded", async () => {
    await browser.pick("Model of this conversation", "sim/think");
    await say(page, "Think about gates.");
    const reasoning = answers(page)
      .last()
      .getByRole("button", { name: /^(Thinking|Thought)/ });
    await reasoning.waitFor();
    assert.equal(await reasoning.getAttribute("aria-expanded"), "false");
    await reasoning.click();
    await finished(page).waitFor();
    assert.match(await reasoning.innerText(), /^Thought for [\d.]+ m?s$/);
    await shoot(page, "chat");
  });

  await t.test("shows a failure and asks another model", async () => {
    await browser.pick("Model of this conversation", "sim/down");
    await say(page, "Are you down?");
    await answers(page).last().getByRole("alert").waitFor();
    assert.match(await answers(page).last().getByRole("alert").innerText(), /\S/);
    await browser.pick("Retry with another model", "sim/echo");
    await answers(page).last().getByText("Are you down?").waitFor();
    await finished(page).waitFor();
  });

  const list = page.getByRole("complementary", { name: "Conversations" });

  await t.test("is renamed", async () => {
    await list
      .getByRole("button", { name: /^More for/ })
      .first()
      .click();
    await page.getByRole("menuitem", { name: "Rename" }).click();
    const dialog = page.getByRole("dialog", { name: "Rename the conversation" });
    await dialog.getByLabel("Title").fill("Gates and their keepers");
    await dialog.getByRole("button", { name: "Rename" }).click();
    await dialog.waitFor({ state: "hidden" });
    await list.getByRole("link", { name: "Gates and their keepers" }).waitFor();
    await page.getByRole("heading", { level: 2, name: "Gates and their keepers" }).waitFor();
  });

  await t.test("is found", async () => {
    await page.getByRole("button", { name: "New chat" }).click();
    await browser.pick("Model of this conversation", "sim/echo");
    await say(page, "A word about portcullises");
    await finished(page).waitFor();
    assert.equal(await list.getByRole("listitem").count(), 2);
    const search = list.getByLabel("Search conversations");
    await search.fill("portcullis");
    await list.getByRole("link", { name: "Gates and their keepers" }).waitFor({ state: "detached" });
    assert.equal(await list.getByRole("listitem").count(), 1);
    await search.fill("nothing has this");
    await list.getByText("Nothing found").waitFor();
    await search.fill("keepers");
    await list.getByRole("link", { name: "Gates and their keepers" }).waitFor();
    await list.getByRole("button", { name: "Clear the search" }).click();
    await list.getByRole("listitem").nth(1).waitFor();
  });

  await t.test("is deleted, and brought back", async () => {
    await list.getByRole("button", { name: "More for Gates and their keepers" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await list.getByRole("link", { name: "Gates and their keepers" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).click();
    await list.getByRole("link", { name: "Gates and their keepers" }).waitFor();
    await page.getByRole("heading", { level: 2, name: "Gates and their keepers" }).waitFor();
    await answers(page).nth(2).waitFor();
  });

  await t.test("is still there after a reload, and in the usage history", async () => {
    await page.reload();
    await page.getByRole("heading", { level: 2, name: "Gates and their keepers" }).waitFor();
    await answers(page).nth(2).waitFor();
    const usage = JSON.parse(await gatehouse.cli("usage", "--json"));
    assert.ok(usage.length >= 6);
    assert.ok(usage.every(r => r.project === "chat"));
    assert.ok(usage.some(r => r.outcome === "cancelled"));
    assert.ok(usage.some(r => r.outcome === "error"));
  });

  browser.assertNoFaults();
});

test("two windows on one conversation show the same stream", async t => {
  const { browser, page } = await open(t);
  await browser.goTo("Chat");
  await browser.pick("Model of this conversation", "sim/stream");
  await say(page, "tokens=900 rate=120");
  await page.waitForFunction(() => /^#\/chat\/./.test(location.hash));
  const other = await browser.context.newPage();
  await other.goto(page.url());
  await finished(other).waitFor();
  await finished(page).waitFor();
  assert.equal(await answers(other).last().innerText(), await answers(page).last().innerText());
  browser.assertNoFaults();
});

test("a conversation is configured, edited, branched, pinned and exported", async t => {
  const { browser, page } = await open(t);
  await browser.goTo("Chat");
  await browser.pick("Model of this conversation", "sim/echo");
  await say(page, "first words");
  await finished(page).waitFor();
  await say(page, "second words");
  await page.waitForFunction(
    () =>
      [...document.querySelectorAll("article[aria-busy=false]")].filter(a => a.innerText.includes("took"))
        .length === 2,
  );
  const list = page.getByRole("complementary", { name: "Conversations" });

  await t.test("branches at an answer", async () => {
    const whole = page.url();
    await answers(page).first().getByRole("button", { name: "Branch from here" }).click();
    await page.waitForFunction(was => location.href !== was, whole);
    await list.getByRole("listitem").nth(1).waitFor();
    await answers(page).nth(1).waitFor({ state: "detached" });
    assert.equal(await answers(page).count(), 1);
    await page.goto(whole);
    await answers(page).nth(1).waitFor();
  });

  await t.test("sends a message anew", async () => {
    await page.getByText("first words").first().hover();
    await page.getByRole("button", { name: "Edit and send again" }).first().click();
    const box = page.getByLabel("Edit the message");
    await box.fill("مرحبا other words");
    await shoot(page, "chat-edit");
    await page.getByRole("button", { name: "Send again", exact: true }).click();
    await answers(page).first().getByText("other words").waitFor();
    await finished(page).waitFor();
    assert.equal(await answers(page).count(), 1);
    const dir = page.getByRole("article", { name: "You" }).locator("[dir=auto]");
    assert.equal(await dir.evaluate(e => getComputedStyle(e).direction), "rtl");
  });

  await t.test("keeps a system prompt and a temperature", async () => {
    const settings = page.getByRole("button", { name: "System prompt and temperature" });
    await settings.click();
    const dialog = page.getByRole("dialog", { name: "System prompt and temperature" });
    // What is set for the model holds until the conversation has something of its own.
    const asSet = dialog.getByRole("switch", { name: "As set for the model" });
    assert.equal(await asSet.isChecked(), true);
    assert.equal(await dialog.getByLabel("Temperature").inputValue(), "0.7");
    await browser.assertAccessible("what is set for a model");
    await asSet.click();
    await dialog.getByLabel("System prompt").fill("Be short.");
    await dialog.getByLabel("Temperature").fill("5");
    await dialog.getByText("A number from 0 to 2").waitFor();
    await dialog.getByLabel("Temperature").fill("0.2");
    await browser.assertAccessible("the settings of a conversation");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.reload();
    await answers(page).first().waitFor();
    await settings.click();
    assert.equal(await dialog.getByLabel("System prompt").inputValue(), "Be short.");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "hidden" });
  });

  await t.test("is pinned", async () => {
    await page.getByRole("button", { name: "Pin the conversation" }).click();
    await page.getByRole("button", { name: "Pin the conversation", pressed: true }).waitFor();
    await list.getByRole("listitem").first().getByLabel("Pinned").waitFor();
    await browser.assertAccessible("a pinned conversation");
    await shoot(page, "chat-pinned");
  });

  await t.test("is exported", async () => {
    for (const [form, ending, holds] of [
      ["Markdown", ".md", "## You\n\nمرحبا other words"],
      ["JSON", ".json", '"system": "Be short."'],
    ]) {
      const downloading = page.waitForEvent("download");
      await page.getByRole("button", { name: "Export the conversation" }).click();
      await page.getByRole("menuitem", { name: `Export as ${form}` }).click();
      const download = await downloading;
      assert.ok(download.suggestedFilename().endsWith(ending));
      assert.ok((await readFile(await download.path(), "utf8")).includes(holds));
    }
  });
  browser.assertNoFaults();
});
