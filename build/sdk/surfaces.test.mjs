// Model lists, account routes and agent surfaces, as the official SDKs ask for them.
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import * as ai5 from "ai5";
import * as ai6 from "ai6";
import * as ai7 from "ai7";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as gateway2 from "gateway2";
import * as gateway3 from "gateway3";
import * as gateway4 from "gateway4";
import OpenAI from "openai";
import { rejection } from "./support/client.mjs";
import { startGatehouse } from "./support/gatehouse.mjs";
import { echoed } from "./support/sim.mjs";
import { json, startUpstream } from "./support/upstream.mjs";

const shelf = [
  {
    id: "maker/large", object: "model", created: 1700000000, released: 1690000000, owned_by: "maker", name: "Large",
    description: "Knows a lot.", context_window: 1_000_000, max_tokens: 64_000, type: "language",
    tags: ["tool-use", "reasoning", "vision"],
    pricing: { input: "0.000003", output: "0.000015", input_cache_read: "0.0000003" },
  },
  { id: "maker/paint", object: "model", created: 1700000000, owned_by: "maker", type: "image" },
];

describe("lists, accounts and surfaces", () => {
  let hosted;
  let gatehouse;
  let key;

  before(async () => {
    hosted = await startUpstream((request, res) => {
      if (request.path.startsWith("/v1/models")) return json(res, 200, { object: "list", data: shelf });
      if (request.path === "/v1/credits") return json(res, 200, { balance: "95.50", total_used: "1000" });
      return json(res, 404, { error: { message: "nothing here" } });
    });
    gatehouse = await startGatehouse({
      settings: { providers: { gateway: { baseURL: hosted.url } } },
      credentials: { AI_GATEWAY_API_KEY: "vck-hosted-canary-0123456789" },
    });
    key = await gatehouse.key("surfaces");
    await listed("maker/large");
  });
  after(async () => {
    await gatehouse?.stop();
    await hosted?.stop();
  });

  const get = async (path, headers = {}) => {
    const answer = await fetch(gatehouse.url + path, { headers: { authorization: `Bearer ${key}`, ...headers } });
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  };

  // The lists are fetched in the background at the start.
  const listed = async (id) => {
    const until = Date.now() + 15_000;
    for (;;) {
      const { data } = JSON.parse((await get("/v1/models")).body);
      if (data.some((model) => model.id === id)) return data;
      assert.ok(Date.now() < until, `${id} is never listed`);
      await new Promise((wake) => setTimeout(wake, 50));
    }
  };

  test("openai: list and retrieve, with what editors read", async () => {
    const client = new OpenAI({ apiKey: key, baseURL: `${gatehouse.url}/v1` });
    const models = {};
    for await (const model of client.models.list()) models[model.id] = model;
    const large = models["maker/large"];
    assert.deepEqual(
      [large.context_window, large.max_tokens, large.type, large.pricing.input, large.pricing.completion, large.released],
      [1_000_000, 64_000, "language", "0.000003", "0.000015", 1690000000],
    );
    assert.deepEqual(large.architecture.input_modalities, ["text", "image"]);
    assert.deepEqual(large.top_provider, { context_length: 1_000_000, max_completion_tokens: 64_000 });
    assert.ok(large.supported_parameters.includes("tools"), String(large.supported_parameters));
    assert.deepEqual(Object.keys(models["maker/paint"]).sort(), ["created", "id", "object", "owned_by", "type"]);
    assert.deepEqual(await client.models.retrieve("maker/large"), large);
    const error = await rejection(client.models.retrieve("maker/none"));
    assert.ok(error instanceof OpenAI.NotFoundError, String(error));
  });

  test("anthropic: list page by page, and retrieve", async () => {
    const client = new Anthropic({ apiKey: key, baseURL: gatehouse.url });
    const all = [];
    for await (const model of client.models.list({ limit: 2 })) all.push(model);
    const ids = all.map((model) => model.id);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ["gatehouse/active", "maker/large", "sim/echo"]) assert.ok(ids.includes(id), ids.join(" "));
    const large = all.find((model) => model.id === "maker/large");
    assert.deepEqual([large.max_input_tokens, large.max_tokens, large.display_name], [1_000_000, 64_000, "Large"]);
    assert.equal(all.find((model) => model.id === "maker/paint").max_tokens, null);
    const back = await client.models.list({ limit: 2, before_id: ids[3] });
    assert.deepEqual(back.data.map((model) => model.id), ids.slice(1, 3));
    assert.equal((await client.models.retrieve("maker/large")).id, "maker/large");
    assert.ok((await rejection(client.models.list({ limit: 0 }))) instanceof Anthropic.BadRequestError);
  });

  test("anthropic on Claude Code's surface: its ids are listed, and understood on the way in", async () => {
    const client = new Anthropic({ apiKey: key, baseURL: `${gatehouse.url}/claude-code` });
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    assert.ok(ids.includes("claude-code/maker/large[1m]") && ids.includes("claude-code/sim/echo"), ids.join(" "));
    assert.ok(!ids.some((id) => id.includes("paint")), ids.join(" "));
    for (const model of ["claude-code/sim/echo", "claude-code/sim/echo[1m]", "sim/echo[1m]"]) {
      const done = await client.messages.create({ model, max_tokens: 100, messages: [{ role: "user", content: "hi" }] });
      assert.equal(done.content[0].text, echoed("hi"));
    }
  });

  test("@google/genai: list page by page, and get", async () => {
    const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: gatehouse.url } });
    const names = [];
    for await (const model of await client.models.list({ config: { pageSize: 2 } })) names.push(model.name);
    assert.equal(new Set(names).size, names.length);
    for (const name of ["models/maker/large", "models/sim/echo"]) assert.ok(names.includes(name), names.join(" "));
    const large = await client.models.get({ model: "maker/large" });
    assert.deepEqual(
      [large.name, large.displayName, large.inputTokenLimit, large.outputTokenLimit, large.supportedActions?.includes("generateContent")],
      ["models/maker/large", "Large", 1_000_000, 64_000, true],
    );
  });

  test("Codex's own list", async () => {
    for (const path of ["/codex/v1/models", "/v1/models?client_version=0.169.0"]) {
      const { models } = JSON.parse((await get(path)).body);
      const large = models.find((model) => model.slug === "maker/large");
      assert.deepEqual(
        [large.shell_type, large.visibility, large.context_window, large.input_modalities, large.supported_reasoning_levels.length],
        ["shell_command", "list", 1_000_000, ["text", "image"], 3],
      );
      assert.ok(large.base_instructions.length > 100);
    }
  });

  test("who serves a model", async () => {
    const { data } = JSON.parse((await get("/v1/models/maker/large/endpoints")).body);
    assert.deepEqual(data.endpoints.map((one) => [one.tag, one.context_length, one.pricing.prompt]), [["gateway", 1_000_000, "0.000003"]]);
  });

  test("a list that did not change is not sent again", async () => {
    const first = await get("/v1/models");
    const again = await get("/v1/models", { "if-none-match": first.headers.get("etag") });
    assert.deepEqual([again.status, again.body], [304, ""]);
  });

  test("Cursor's surface answers a request of Responses as Chat Completions", async () => {
    const client = new OpenAI({ apiKey: key, baseURL: `${gatehouse.url}/cursor/v1` });
    const done = await client.post("/chat/completions", {
      body: { model: "sim/echo", input: "hi", tools: [{ type: "function", name: "f", parameters: { type: "object" } }] },
    });
    assert.equal(done.choices[0].message.content, echoed("hi"));
    const records = await gatehouse.usage((all) => all.some((record) => record.client === "Cursor" && record.outcome === "ok"));
    assert.ok(records.some((record) => record.client === "Claude Code"), "the surface names the client");
  });

  for (const [version, path, provider, ai] of [
    [5, "/v1/ai", gateway2, ai5],
    [6, "/v3/ai", gateway3, ai6],
    [7, "/v4/ai", gateway4, ai7],
  ]) {
    describe(`AI SDK ${version}`, () => {
      const connect = (apiKey = key) => provider.createGateway({ baseURL: gatehouse.url + path, apiKey });

      test("getAvailableModels: with price and kind", async () => {
        const { models } = await connect().getAvailableModels();
        const large = models.find((model) => model.id === "maker/large");
        assert.deepEqual([large.name, large.modelType, large.pricing?.input, large.pricing?.cachedInputTokens],
          ["Large", "language", "0.000003", "0.0000003"]);
        assert.equal(models.find((model) => model.id === "maker/paint").modelType, "image");
      });

      test("getCredits: the hosted balance and what was spent here", async () => {
        const credits = await connect().getCredits();
        assert.deepEqual(credits, { balance: "95.50", totalUsed: "0" });
      });

      test("getSpendReport", async () => {
        const fresh = await gatehouse.key(`report-${version}`);
        const gateway = connect(fresh);
        const today = new Date().toISOString().slice(0, 10);
        const days = { startDate: today, endDate: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10) };
        assert.deepEqual(await gateway.getSpendReport(days), { results: [] });
        await ask(fresh);
        const { results } = await gateway.getSpendReport({ ...days, groupBy: "model" });
        assert.equal(results.length, 1);
        const [row] = results;
        assert.deepEqual([row.model, row.totalCost, row.requestCount], ["sim/echo", 0, 1]);
        assert.ok(row.inputTokens > 0 && row.outputTokens > 0, JSON.stringify(row));
        const byType = await gateway.getSpendReport({ ...days, groupBy: "credential_type" });
        assert.equal(byType.results[0].credentialType, "byok");
        const error = await rejection(gateway.getSpendReport({ startDate: "soon", endDate: today }));
        assert.equal(error.name, "GatewayInvalidRequestError", String(error));
        assert.match(error.message, /start_date/);
      });

      test("getSpendReport by user, tag, provider, day and hour, and filtered", async () => {
        const name = `spend-${version}`;
        const gateway = connect(await gatehouse.key(name));
        const ask = async (user, tags) => {
          await ai.generateText({
            model: gateway("sim/echo"), prompt: "hi", maxRetries: 0, providerOptions: { gateway: { user, tags } },
          });
        };
        await ask("ann", ["web", "beta"]);
        await ask("ann", ["web"]);
        await ask("bob", []);
        const today = new Date(Date.now() - 60_000).toISOString().slice(0, 10);
        const days = { startDate: today, endDate: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10) };
        const rows = async (params, name) => {
          const { results } = await gateway.getSpendReport({ ...days, ...params });
          return results.map((row) => [row[name], row.requestCount]).sort();
        };
        assert.deepEqual(await rows({ groupBy: "user" }, "user"), [["ann", 2], ["bob", 1]]);
        assert.deepEqual(await rows({ groupBy: "tag" }, "tag"), [["beta", 1], ["web", 2]]);
        assert.deepEqual(await rows({ groupBy: "provider" }, "provider"), [["sim", 3]]);
        assert.deepEqual(await rows({ groupBy: "model", userId: "ann", tags: ["beta", "other"] }, "model"), [["sim/echo", 1]]);
        assert.deepEqual(await rows({ userId: "nobody" }, "day"), []);
        const sum = (list) => list.reduce((n, row) => n + row[1], 0);
        const byDay = await rows({}, "day");
        const byHour = await rows({ datePart: "hour" }, "hour");
        assert.deepEqual([sum(byDay), sum(byHour)], [3, 3]);
        assert.match(byHour[0][0], /^\d{4}-\d\d-\d\dT\d\d$/);
      });

      test("getGenerationInfo", async () => {
        const id = await ask(key);
        const info = await connect().getGenerationInfo({ id });
        assert.deepEqual([info.id, info.model, info.providerName, info.finishReason, info.totalCost],
          [id, "sim/echo", "sim", "stop", 0]);
        assert.ok(info.promptTokens > 0 && info.completionTokens > 0, JSON.stringify(info));
        const strangers = connect(await gatehouse.key(`stranger-${version}`));
        const error = await rejection(strangers.getGenerationInfo({ id }));
        assert.equal(error.statusCode, 404, String(error));
      });
    });
  }

  test("the id in an answer's metadata leads to its generation", async () => {
    for (const [ai, provider, path] of [[ai6, gateway3, "/v3/ai"], [ai7, gateway4, "/v4/ai"]]) {
      const gateway = provider.createGateway({ baseURL: gatehouse.url + path, apiKey: key });
      const done = await ai.generateText({ model: gateway("sim/echo"), prompt: "hi", maxRetries: 0 });
      const id = done.providerMetadata.gateway.generationId;
      assert.match(id, /^gen_/);
      assert.equal((await gateway.getGenerationInfo({ id })).id, id);
    }
  });

  // ask has the simulator answer and gives the answer's id.
  const ask = async (apiKey) => {
    const client = new OpenAI({ apiKey, baseURL: `${gatehouse.url}/coding-agent/v1` });
    const { response } = await client.chat.completions
      .create({ model: "sim/echo", messages: [{ role: "user", content: "hi" }] })
      .withResponse();
    return response.headers.get("x-gatehouse-request-id").replace("req_", "gen_");
  };
});
