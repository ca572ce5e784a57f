// What a request asks of routing, by the clients' own means: providerOptions.gateway of three majors of the AI SDK, the extra
// body of OpenAI's and Anthropic's SDKs, and headers. Providers played here keep who was asked, with what credential and body.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import * as ai5 from "ai5";
import * as ai6 from "ai6";
import * as ai7 from "ai7";
import * as gateway2 from "gateway2";
import * as gateway3 from "gateway3";
import * as gateway4 from "gateway4";
import OpenAI from "openai";
import { rejection } from "./support/client.mjs";
import { startGatehouse } from "./support/gatehouse.mjs";
import { json, startUpstream } from "./support/upstream.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;

const secret = (prefix) => prefix + randomBytes(24).toString("hex");
const credentials = {
  groq: secret("gsk_"), anthropic: secret("sk-ant-"), openai: secret("sk-proj-"), openrouter: secret("sk-or-"), gateway: secret("vck_"),
};

const inChat = {
  id: "chatcmpl-1", object: "chat.completion", created: 1, model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "chat" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 },
};
const inMessages = {
  id: "msg_1", type: "message", role: "assistant", model: "m", content: [{ type: "text", text: "messages" }],
  stop_reason: "end_turn", stop_sequence: null, usage: { input_tokens: 9, output_tokens: 1 },
};
const inResponses = {
  id: "resp_1", object: "response", created_at: 1, status: "completed", model: "m", error: null, incomplete_details: null,
  output: [{ id: "msg_1", type: "message", role: "assistant", status: "completed", content: [{ type: "output_text", text: "responses", annotations: [] }] }],
  usage: { input_tokens: 9, output_tokens: 1, total_tokens: 10 },
};
const inAISDK = (version) => ({
  content: [{ type: "text", text: "hosted" }], warnings: [],
  finishReason: version === "2" ? "stop" : { unified: "stop", raw: "stop" },
  usage: version === "2" ? { inputTokens: 9, outputTokens: 1, totalTokens: 10 } : { inputTokens: { total: 9 }, outputTokens: { total: 1 } },
});

/** answer plays every provider; the models that begin with down and slow do what they are called. */
function answer({ method, path: where, headers, body }, res) {
  if (method !== "POST") return json(res, 200, { object: "list", data: [] });
  const { model = "" } = JSON.parse(body.toString()); // the AI SDK names it in a header
  if (model.startsWith("slow")) return; // for ever
  if (model.startsWith("down")) return json(res, 500, { error: { message: "resting", type: "internal_error" } });
  if (where.endsWith("/language-model")) return json(res, 200, inAISDK(headers["ai-language-model-specification-version"]));
  if (where.endsWith("/responses")) return json(res, 200, inResponses);
  return json(res, 200, where.endsWith("/messages") ? inMessages : inChat);
}

describe("options of a request", () => {
  const upstreams = {};
  let gatehouse;
  let key;

  before(async () => {
    for (const id of Object.keys(credentials)) upstreams[id] = await startUpstream(answer);
    gatehouse = await startGatehouse({
      settings: {
        providers: {
          groq: { baseURL: `${upstreams.groq.url}/v1` }, anthropic: { baseURL: upstreams.anthropic.url },
          openai: { baseURL: `${upstreams.openai.url}/v1` }, gateway: { baseURL: upstreams.gateway.url },
        },
      },
      credentials: {
        GROQ_API_KEY: credentials.groq, ANTHROPIC_API_KEY: credentials.anthropic, OPENAI_API_KEY: credentials.openai,
        AI_GATEWAY_API_KEY: credentials.gateway,
      },
    });
    key = await gatehouse.key("routing");
  });
  beforeEach(() => {
    for (const upstream of Object.values(upstreams)) upstream.requests.length = 0;
  });
  after(async () => {
    await gatehouse?.stop();
    for (const upstream of Object.values(upstreams)) await upstream.stop();
  });

  /** asked lists who was asked, each with its credential and body. */
  const asked = () =>
    Object.entries(upstreams).flatMap(([id, upstream]) =>
      upstream.requests.filter((r) => r.method === "POST").map((r) => ({
        id,
        credential: (r.headers.authorization ?? `Bearer ${r.headers["x-api-key"]}`).replace("Bearer ", ""),
        headers: r.headers,
        body: JSON.parse(r.body.toString()),
      })),
    );
  const only = (id) => {
    const all = asked();
    assert.deepEqual(all.map((a) => a.id), [id]);
    return all[0];
  };

  const aiSDK = (ai, provider, where) => async (model, gateway, headers) => {
    const connected = provider.createGateway({ baseURL: gatehouse.url + where, apiKey: key });
    const result = await ai.generateText({ model: connected(model), prompt: "hello", maxRetries: 0, providerOptions: { gateway }, headers });
    return { text: result.text, told: result.providerMetadata?.gateway };
  };
  const clients = {
    "AI SDK 5": aiSDK(ai5, gateway2, "/v1/ai"),
    "AI SDK 6": aiSDK(ai6, gateway3, "/v3/ai"),
    "AI SDK 7": aiSDK(ai7, gateway4, "/v4/ai"),
    "OpenAI's SDK": async (model, gateway, headers) => {
      const client = new OpenAI({ apiKey: key, baseURL: `${gatehouse.url}/v1`, maxRetries: 0 });
      const body = { model, messages: [{ role: "user", content: "hello" }], providerOptions: { gateway } };
      const { message } = (await client.chat.completions.create(body, { headers })).choices[0];
      return { text: message.content, told: message.provider_metadata?.gateway };
    },
    "Anthropic's SDK": async (model, gateway, headers) => {
      const client = new Anthropic({ apiKey: key, baseURL: gatehouse.url, maxRetries: 0 });
      const body = { model, max_tokens: 64, messages: [{ role: "user", content: "hello" }], providerOptions: { gateway } };
      const message = await client.messages.create(body, { headers });
      return { text: message.content[0].text, told: message.provider_metadata?.gateway };
    },
  };

  for (const [i, [name, ask]] of Object.entries(clients).entries()) {
    describe(name, () => {
      test("without any, the model's own provider is asked", async () => {
        await ask("groq/m", {});
        assert.equal(only("groq").credential, credentials.groq);
        assert.ok(!("providerOptions" in only("groq").body));
      });

      test("order and only", async () => {
        await ask("groq/m", { order: ["gateway", "groq"] });
        assert.equal(only("gateway").credential, credentials.gateway);
        upstreams.gateway.requests.length = 0;
        await ask("groq/m", { only: ["gateway"] });
        assert.equal(only("gateway").credential, credentials.gateway);
        upstreams.gateway.requests.length = 0;
        await ask("groq/m", { only: ["groq"] });
        only("groq");
      });

      test("models: the fallback answers, in the answer stands why", async () => {
        const { told } = await ask(`groq/down-${i}`, { models: ["anthropic/m", "groq/m"], allowGatewayFallback: false });
        const all = asked();
        assert.deepEqual(all.map((a) => [a.id, a.credential]), [["groq", credentials.groq], ["anthropic", credentials.anthropic]]);
        for (const { body } of all) assert.ok(!JSON.stringify(body).includes("gateway"), JSON.stringify(body));
        if (name === "Anthropic's SDK") return; // its answer is passed on as it came
        assert.equal(told.routing.finalProvider, "anthropic");
        assert.equal(told.routing.originalModelId, `groq/down-${i}`);
        assert.equal(told.routing.modelAttempts.at(-1).success, true);
      });

      test("byok: the request's own credential is used", async () => {
        const own = secret("gsk_own_");
        await ask("groq/m", { byok: { groq: [{ apiKey: own }] } });
        assert.equal(only("groq").credential, own);
        assert.ok(!JSON.stringify(only("groq").body).includes(own));
        for (const file of await readdir(gatehouse.home, { recursive: true, withFileTypes: true })) {
          if (!file.isFile()) continue;
          const text = await readFile(path.join(file.parentPath, file.name));
          assert.ok(!text.includes(own), `${file.name} holds it`);
        }
      });

      test("serviceTier and caching, as the provider spells them", async () => {
        await ask("openai/m", { serviceTier: "flex" });
        assert.equal(only("openai").body.service_tier, "flex");
        await ask("anthropic/m", { caching: "auto", cacheTtl: "1h" });
        const { body } = asked().find((a) => a.id === "anthropic");
        assert.deepEqual(body.messages.at(-1).content.at(-1).cache_control, { type: "ephemeral", ttl: "1h" });
      });

      test("what only the hosted gateway can promise is asked of it", async () => {
        const region = { scope: "zone", geoRegion: "eu" };
        await ask("groq/m", { inferenceRegion: region, zeroDataRetention: true, disallowPromptTraining: true, has: ["vision"], speed: "fast", tags: ["a"] });
        const { gateway } = only("gateway").body.providerOptions;
        assert.deepEqual(gateway, {
          inferenceRegion: region, zeroDataRetention: true, disallowPromptTraining: true, has: ["vision"], speed: "fast", tags: ["a"],
        });
      });

      test("providerTimeouts", { timeout: 20_000 }, async () => {
        await ask(`groq/slow-${i}`, { allowGatewayFallback: false, models: ["anthropic/m"], providerTimeouts: { byok: { groq: 1000 } } });
        assert.deepEqual(asked().map((a) => a.id), ["groq", "anthropic"]);
      });

      test("user and tags are in the history", async () => {
        const user = `user-${randomBytes(6).toString("hex")}`;
        await ask("groq/m", { user, tags: ["team:a"] }, { "ai-reporting-tags": "late" });
        const records = await gatehouse.usage((all) => all.some((r) => r.user === user && r.outcome === "ok"));
        assert.deepEqual(records.find((r) => r.user === user).tags, ["team:a", "late"]);
      });

      test("what is not understood is refused by its name", async () => {
        for (const [options, what] of [[{ magic: 1 }, /magic/], [{ sort: "beauty" }, /sort/], [{ providerTimeouts: { byok: { groq: 1 } } }, /providerTimeouts/]]) {
          const error = await rejection(ask("groq/m", options));
          assert.equal(error.status ?? error.statusCode, 400, String(error));
          assert.match(error.message, what);
        }
        assert.deepEqual(asked(), []);
      });

      test("headers say the same", async () => {
        await ask("groq/m", {}, { "x-gatehouse-only": "gateway", "x-gatehouse-sort": "cost" });
        assert.equal(only("gateway").body.providerOptions?.gateway?.sort, "cost");
        const error = await rejection(ask("groq/m", {}, { "x-gatehouse-magic": "1" }));
        assert.match(error.message, /magic/i);
      });

      test("the long context by its suffix", async () => {
        await ask("anthropic/m[1m]", {});
        const { body, headers } = only("anthropic");
        assert.equal(body.model, "m");
        assert.match(headers["anthropic-beta"] ?? "", /context-1m/);
      });
    });
  }

  test("OpenAI's SDK: the shorthand members", async () => {
    const client = new OpenAI({ apiKey: key, baseURL: `${gatehouse.url}/v1`, maxRetries: 0 });
    const messages = [{ role: "user", content: "hello" }];
    await client.chat.completions.create({
      model: "groq/down-short", models: ["anthropic/m"], provider: { allowGatewayFallback: false }, messages,
    });
    assert.deepEqual(asked().map((a) => [a.id, ...Object.keys(a.body).sort()]), [
      ["groq", "messages", "model"],
      ["anthropic", "max_tokens", "messages", "model"],
    ]);
  });

  test("a dry run asks nobody", async () => {
    const client = new OpenAI({ apiKey: key, baseURL: `${gatehouse.url}/v1`, maxRetries: 0 });
    const plan = await client.chat.completions.create(
      { model: "groq/m", messages: [], providerOptions: { gateway: { models: ["anthropic/m"] } } },
      { headers: { "x-gatehouse-dry-run": "1" } },
    );
    assert.deepEqual(plan.attempts.map((a) => a.provider), ["groq", "gateway", "anthropic", "gateway"]);
    assert.deepEqual(asked(), []);
  });
});
