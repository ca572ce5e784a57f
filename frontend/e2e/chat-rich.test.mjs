// What goes with a message and what comes with an answer, besides text.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";
import { startUpstream } from "./upstream.mjs";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAGElEQVR4nGNkYPjPgA0wYRUdlhIAOVUBD4nGZ3EAAAAASUVORK5CYII=",
  "base64",
);
const PDF = Buffer.from("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n");

const answers = page => page.getByRole("article", { name: /^Answer from/ });

/** Sends a text and waits for its answer, which is told by its place: only turns in view are drawn. */
async function say(page, text) {
  const places = await page
    .locator("article[aria-posinset]")
    .evaluateAll(all => all.map(article => Number(article.ariaPosInSet)));
  const message = page.getByLabel("Message", { exact: true });
  await message.fill(text);
  assert.equal(await message.evaluate(e => getComputedStyle(e).unicodeBidi), "plaintext");
  await message.press("Enter");
  const answer = page.locator(`article[aria-posinset="${Math.max(0, ...places) + 2}"]`);
  await answer.getByText("took").waitFor();
  return answer;
}

/** Gives the page files as a drop onto it, or a paste into the message, does. */
function give(page, how, files) {
  return page.evaluate(
    ([kind, given]) => {
      const data = new DataTransfer();
      for (const { name, type, base64 } of given) {
        const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
        data.items.add(new File([bytes], name, { type }));
      }
      const message = document.querySelector("textarea[aria-label=Message]");
      if (kind === "paste") {
        message.dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
        );
        return;
      }
      for (const type of kind === "hover" ? ["dragenter", "dragover"] : ["dragover", "drop"])
        message.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    },
    [how, files.map(({ name, type, data }) => ({ name, type, base64: data.toString("base64") }))],
  );
}

const picture = { name: "gate.png", type: "image/png", data: PNG };
const paper = { name: "plan.pdf", type: "application/pdf", data: PDF };

test("pictures, PDFs, math, tools, the route and what is set for a model", async t => {
  const providers = await startUpstream(t);
  const { browser, page } = await open(t, {
    prepare: home =>
      writeFile(
        join(home, "gatehouse.jsonc"),
        JSON.stringify({
          discoverLocal: false,
          hostedList: false,
          providers,
          catalog: { "bench/vision": { tags: ["vision", "file-input"] } },
          virtualModels: { sure: { model: "bench/limited", options: { models: ["bench/math"] } } },
        }),
      ),
  });
  await browser.goTo("Chat");
  const { keyboard } = page;
  const files = page.getByRole("list", { name: "Files of this message" });

  await t.test("files are only offered where the model takes them", async () => {
    await browser.pick("Model of this conversation", "sim/echo");
    assert.equal(await page.getByRole("button", { name: /^Add pictures/ }).count(), 0);
    await give(page, "drop", [picture]);
    await page.getByRole("alert").getByText("sim/echo is not known to take pictures.").waitFor();
    await browser.pick("Model of this conversation", "bench/vision");
    await page.getByRole("button", { name: "Add pictures and PDFs" }).waitFor();
  });

  await t.test("files come by paste, drop and picker, and can be taken away", async () => {
    await give(page, "paste", [picture]);
    await files.getByText("gate.png").waitFor();
    await give(page, "hover", [paper]);
    await page.getByText("Drop pictures and PDFs here").waitFor();
    await shoot(page, "chat-drop");
    await give(page, "drop", [paper, { name: "notes.txt", type: "text/plain", data: PDF }]);
    await files.getByText("plan.pdf").waitFor();
    await page.getByRole("alert").getByText("notes.txt is neither a picture").waitFor();
    await page
      .locator("input[type=file]")
      .setInputFiles([{ name: "second.png", mimeType: "image/png", buffer: PNG }]);
    await files.getByText("second.png").waitFor();
    await browser.assertAccessible("files of a message");
    await browser.pick("Model of this conversation", "sim/echo");
    await page.getByRole("alert").getByText("sim/echo is not known to take pictures and PDFs.").waitFor();
    assert.ok(await page.getByRole("button", { name: "Send", exact: true }).isDisabled());
    await browser.pick("Model of this conversation", "bench/vision");
    await shoot(page, "chat-files");
    await files.getByRole("button", { name: "Remove second.png" }).click();
    await files.getByText("second.png").waitFor({ state: "detached" });
  });

  await t.test("files are sent, shown, and sent again with what follows", async () => {
    const first = await say(page, "What is this?");
    await first
      .getByText(/a picture of \d+ characters, the file plan.pdf, the text “What is this\?”/)
      .waitFor();
    await files.waitFor({ state: "detached" });
    const said = page.getByRole("article", { name: "You" }).first();
    await said.getByRole("img", { name: "gate.png" }).waitFor();
    await said.getByText("plan.pdf").waitFor();
    await (await say(page, "And now?")).getByText("1 earlier messages with pictures").waitFor();
    await page.reload();
    await said.getByRole("img", { name: "gate.png" }).waitFor();
    await said.getByRole("button", { name: "Show gate.png" }).click();
    const dialog = page.getByRole("dialog", { name: "gate.png" });
    await dialog.getByRole("img", { name: "gate.png" }).waitFor();
    await keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await browser.assertAccessible("files that were sent");
    await shoot(page, "chat-files-sent");
  });

  await t.test("math is set, prices are not", async () => {
    await browser.pick("Model of this conversation", "bench/math");
    await page.getByText("this conversation has some: it may refuse them").waitFor();
    const answer = await say(page, "حلها. Solve it.");
    await answer.locator(".katex").nth(3).waitFor();
    assert.equal(await answer.locator(".katex").count(), 4);
    assert.equal(await answer.locator(".katex-display").count(), 2);
    assert.equal(await answer.locator(".katex-error").count(), 0);
    assert.match(await answer.innerText(), /not \$5 or \$6/);
    assert.match(await answer.innerText(), /let price = '\$1\$'/);
    await page.evaluate(() => document.fonts.ready);
    assert.ok(await page.evaluate(() => document.fonts.check("16px KaTeX_Main")), "its fonts are our own");
    await browser.assertAccessible("math");
    await shoot(page, "chat-math");
  });

  await t.test("tools that were called are shown folded", async () => {
    await browser.pick("Model of this conversation", "bench/tools");
    const answer = await say(page, "Look it up.");
    const call = answer.getByRole("button", { name: /look_up/ });
    assert.equal(await call.getAttribute("aria-expanded"), "false");
    await call.click();
    await answer.getByText('"times": 2').waitFor();
    await browser.assertAccessible("a tool call");
    await shoot(page, "chat-tools");
  });

  await t.test("the route is told where the first one did not answer, and leads to the log", async () => {
    await browser.pick("Model of this conversation", "sure");
    const answer = await say(page, "Who answers?");
    const route = answer.getByRole("link", { name: /^Tried bench\/limited \(429\).*, then bench\/math$/ });
    await shoot(page, "chat-route");
    await route.click();
    await page.getByRole("dialog").getByText("429").first().waitFor();
    await page.goBack();
    await answers(page).last().waitFor();
  });

  await t.test(
    "what is set for a model holds for its conversations, and the palette leads everywhere",
    async () => {
      const search = page.getByPlaceholder("Find an action or a model");
      const act = async (words, label) => {
        await search.waitFor({ state: "detached" });
        await keyboard.press("Control+k");
        await search.fill(words);
        await page.getByRole("dialog").getByRole("button", { name: label }).waitFor();
        await keyboard.press("Enter");
      };
      await keyboard.press("Alt+n");
      await page.getByText("What would you like to ask?").waitFor();
      await browser.pick("Model of this conversation", "bench/warm");
      await act("system prompt", "Set the system prompt");
      const dialog = page.getByRole("dialog", { name: "System prompt and temperature" });
      await dialog.getByLabel("System prompt").fill("be brief");
      await dialog.getByLabel("Temperature").fill("0.3");
      await shoot(page, "chat-defaults");
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.waitFor({ state: "hidden" });
      const answer = await say(page, "How warm?");
      await answer.getByText("The temperature is 0.3, the system says be brief.").waitFor();
      await act("copy the last", "Copy the last answer");
      await page.getByRole("status").getByText("Copied the last answer.").waitFor({ state: "attached" });
      assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^The temperature is 0.3/);
      await keyboard.press("Alt+Shift+p");
      await page.getByRole("button", { name: "Pin the conversation", pressed: true }).waitFor();
      await act("ask another", "Ask another model");
      await browser.pick("Model that answers instead", "bench/tools");
      await answers(page)
        .getByRole("button", { name: /look_up/ })
        .waitFor();
      await keyboard.press("Alt+Shift+e");
      await page.getByLabel("Edit the message").fill("How warm is it?");
      await keyboard.press("Enter");
      await answers(page)
        .getByRole("button", { name: /look_up/ })
        .waitFor();
      await page.getByRole("article", { name: "You" }).getByText("How warm is it?").waitFor();
      await act("search the", "Search the conversations");
      await page.waitForFunction(() => document.activeElement.ariaLabel === "Search conversations");
      await act("delete the conv", "Delete the conversation");
      await page.getByRole("button", { name: "Undo" }).click();
      await answers(page)
        .getByRole("button", { name: /look_up/ })
        .waitFor();
    },
  );
  browser.assertNoFaults();
});
