import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import http from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { open, shoot } from "./gatehouse.mjs";

const OPUS = "anthropic/claude-opus-4.5";

/** Stands in for a provider of the user's own and for the hosted gateway's public list; answers can be changed. */
async function standIn(t) {
  const answers = {
    "/lab/v1/models": {
      data: [
        {
          id: "small",
          name: "Small",
          context_window: 32_000,
          pricing: { input: "0.0000002", output: "0.0000004" },
        },
        {
          id: "large",
          name: "Large",
          context_window: 1_048_576,
          pricing: { input: "0.000002", output: "0.000008" },
        },
        { id: "seer", name: "Seer", type: "language", tags: ["vision", "tool-use"], spin: "up" },
      ],
    },
    "/hosted/v1/models": {
      data: [
        {
          id: OPUS,
          name: "Claude Opus 4.5",
          description: "Anthropic's model for hard work.",
          type: "language",
          tags: ["vision", "tool-use", "reasoning", "file-input"],
          context_window: 200_000,
          max_tokens: 64_000,
          released: 1_763_942_400,
          pricing: { input: "0.000005", output: "0.000025", input_cache_read: "0.0000005" },
        },
      ],
    },
    [`/hosted/v1/models/${OPUS}/endpoints`]: {
      data: {
        endpoints: ["anthropic", "bedrock"].map(tag => ({
          tag,
          context_length: 200_000,
          status: 0,
          pricing: { prompt: "0.000005", completion: "0.000025" },
        })),
      },
    },
  };
  const server = http.createServer((request, response) => {
    const answer = answers[request.url];
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(typeof answer === "string" ? answer : JSON.stringify(answer ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { answers, url: `http://127.0.0.1:${server.address().port}` };
}

for (const colorScheme of ["light", "dark"]) {
  test(`models are found, narrowed, sorted, looked into and liked, in the ${colorScheme} theme`, async t => {
    const { gatehouse, browser, page } = await open(t, { colorScheme });
    const { answers, url } = await standIn(t);
    const key = await gatehouse.cli("key", "create", "e2e");
    for (let i = 0; i < 3; i++) {
      await gatehouse.ask(key, {
        model: "sim/echo",
        stream: true,
        messages: [{ role: "user", content: "hi" }],
      });
    }
    await writeFile(
      join(gatehouse.home, "gatehouse.jsonc"),
      JSON.stringify({
        discoverLocal: false,
        providers: {
          lab: { type: "openai-compatible", name: "Lab", baseURL: `${url}/lab/v1` },
          gateway: { baseURL: `${url}/hosted` },
        },
      }),
    );
    await browser.goTo("Models");
    const row = id =>
      page.getByRole("row").filter({ has: page.getByRole("button", { name: id, exact: true }) });
    const firstCells = async () =>
      (await page.getByRole("row").getByRole("gridcell").nth(1).innerText()).split("\n")[0];

    const only = page.getByRole("group", { name: "Show only" });

    // What can be asked for is shown first; what can't is one click away.
    await row("lab/large").waitFor();
    assert.equal(await row(OPUS).count(), 0);
    const search = page.getByLabel("Search models");
    await search.fill("opus 4.5");
    await page.getByText("need a credential").or(page.getByText("needs a credential")).waitFor();
    await page.getByRole("button", { name: /^Show (it|them)$/ }).click();
    await row(OPUS).getByText("no credential").waitFor();

    // By the keyboard: down into the list, into a model, back.
    await search.press("ArrowDown");
    await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "grid");
    await page.keyboard.press("End");
    await page.keyboard.press("Home");
    const ids = await page.getByRole("row").evaluateAll(rows => rows.slice(1).map(r => r.textContent));
    for (let i = 0; i < ids.findIndex(text => text.includes(OPUS) && !text.includes("openrouter/")); i++) {
      await page.keyboard.press("ArrowDown");
    }
    await page.keyboard.press("Enter");
    const drawer = page.getByRole("dialog", { name: "Model" });
    const served = drawer.getByRole("region", { name: "Served by" });
    await served.getByRole("row", { name: /bedrock through the hosted gateway/ }).waitFor();
    await drawer
      .getByRole("region", { name: "Prices" })
      .getByRole("row", { name: "Output $25.00" })
      .waitFor();
    const from = drawer.getByRole("region", { name: "Where this is from" });
    await from.getByRole("row", { name: /^Prices the hosted gateway just now/ }).waitFor();
    await drawer.getByText("none", { exact: true }).waitFor();
    await browser.assertAccessible("a model");
    await shoot(page, `model-${colorScheme}`);
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "hidden" });

    // A maker's own entry of the same model, from what came with the program.
    await row("anthropic/claude-opus-4-5")
      .getByRole("button", { name: "anthropic/claude-opus-4-5", exact: true })
      .click();
    await from
      .getByRole("row", { name: /^Prices @pydantic\/genai-prices|^Prices the hosted gateway/ })
      .waitFor();
    await drawer.getByRole("row", { name: "Cache write, 1 hour $10.00" }).waitFor();
    await served.getByRole("button", { name: "Vercel AI Gateway" }).click();
    await drawer.getByRole("heading", { name: "Claude Opus 4.5" }).waitFor();
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "hidden" });

    // Filters and orders.
    await search.fill("");
    await page.getByRole("combobox", { name: "Provider" }).fill("lab");
    await page.getByRole("option", { name: "Lab", exact: true }).click();
    await page.getByText(/^3 of /).waitFor();
    await page.getByRole("button", { name: "Input" }).click();
    assert.match(await firstCells(), /small/);
    await page.getByRole("button", { name: "Input" }).click();
    assert.match(await firstCells(), /large/);
    assert.equal(
      await page.getByRole("columnheader", { name: "Input" }).getAttribute("aria-sort"),
      "descending",
    );
    await only.getByText("Vision", { exact: true }).click();
    await page.getByText(/^1 of /).waitFor();
    await row("lab/seer").waitFor();
    await page.getByRole("button", { name: "Clear filters" }).click();
    await only.getByText("Ready to use", { exact: true }).click();
    await page.getByRole("combobox", { name: "Context" }).click();
    await page.getByRole("option", { name: "1M or more" }).click();
    await page.getByText(/^1 of /).waitFor();
    await browser.assertAccessible("the models");
    await page.getByRole("button", { name: "Clear filters" }).click();

    // What was measured here, and favourites.
    assert.match(await row("sim/echo").innerText(), /\d+ ms|\d\.\d s/);
    const star = row("sim/echo").getByRole("button", { name: "Favourite sim/echo" });
    await star.click();
    await page.waitForFunction(
      () =>
        document.querySelector('[aria-label="Favourite sim/echo"]')?.getAttribute("aria-pressed") === "true",
    );
    assert.deepEqual(JSON.parse(await readFile(join(gatehouse.home, "gatehouse.jsonc"), "utf8")).favourites, [
      "sim/echo",
    ]);
    await only.getByText("Favourites", { exact: true }).click();
    await page.getByText(/^1 of /).waitFor();
    await page.getByRole("button", { name: "Clear filters" }).click();
    await gatehouse.cli("models", "favourite", "sim/echo", "--remove");
    await page.waitForFunction(
      () =>
        document.querySelector('[aria-label="Favourite sim/echo"]')?.getAttribute("aria-pressed") === "false",
    );

    // A bad answer replaces nothing, and is seen.
    answers["/lab/v1/models"] = "<html>Sign in</html>";
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.getByRole("alert").getByText("The list of Lab is not renewed").waitFor();
    await row("lab/large").waitFor();
    await page.getByRole("button", { name: /^Lists as of/ }).click();
    await page.getByText("Came with Gatehouse").waitFor();
    await browser.assertAccessible("the ages of the lists");
    await shoot(page, `models-ages-${colorScheme}`);
    await page.keyboard.press("Escape");
    await only.getByText("Ready to use", { exact: true }).click();
    await page.mouse.move(2, 2);
    await shoot(page, `models-all-${colorScheme}`);
    browser.assertNoFaults();
  });
}
