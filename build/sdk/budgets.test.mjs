// What the official SDKs make of a budget that is spent and of a rate limit: which class of error, with what inside.
import Anthropic from "@anthropic-ai/sdk";
import { ApiError, GoogleGenAI } from "@google/genai";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as ai5 from "ai5";
import * as ai6 from "ai6";
import * as ai7 from "ai7";
import * as gateway2 from "gateway2";
import * as gateway3 from "gateway3";
import * as gateway4 from "gateway4";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { rejection } from "./support/client.mjs";
import { startGatehouse } from "./support/gatehouse.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;

const model = "sim/echo";
const messages = [{ role: "user", content: "hello" }];
const spent = "gatehouse budget allow 'key spent' 2";
const limited = 'the API key "busy" may make 1 request in a minute';

let gatehouse;
let keys;

before(async () => {
  const settings = { catalog: { [model]: { pricing: { input: "0.001", output: "0.001" } } } };
  gatehouse = await startGatehouse({ settings });
  const create = async (...args) => (await gatehouse.cli("key", "create", ...args)).trim();
  keys = { spent: await create("spent", "--budget", "0.001/month"), busy: await create("busy", "--rpm", "1") };
  const first = new OpenAI({ baseURL: `${gatehouse.url}/v1`, apiKey: keys.busy });
  await first.chat.completions.create({ model, messages });
});

after(() => gatehouse?.stop());

/** sdks are the ways of one SDK; each is asked with the key whose budget is spent, and with the one at its rate limit. */
const sdks = {
  "openai, chat": (apiKey) => new OpenAI({ baseURL: `${gatehouse.url}/v1`, apiKey, maxRetries: 0 }).chat.completions.create({ model, messages }),
  "openai, chat streamed": async (apiKey) => {
    const client = new OpenAI({ baseURL: `${gatehouse.url}/v1`, apiKey, maxRetries: 0 });
    for await (const _ of await client.chat.completions.create({ model, messages, stream: true }));
  },
  "openai, responses": (apiKey) => new OpenAI({ baseURL: `${gatehouse.url}/v1`, apiKey, maxRetries: 0 }).responses.create({ model, input: "hello" }),
};

for (const [name, ask] of Object.entries(sdks)) {
  describe(name, () => {
    test("a spent budget", async () => {
      const error = await rejection(ask(keys.spent));
      assert.ok(error instanceof OpenAI.APIError, String(error));
      assert.equal(error.status, 402);
      assert.equal(error.code, "quota_for_entity_exceeded");
      assert.equal(error.type, "insufficient_quota");
      assert.ok(error.message.includes(spent), error.message);
    });
    test("a rate limit", async () => {
      const error = await rejection(ask(keys.busy));
      assert.ok(error instanceof OpenAI.RateLimitError, String(error));
      assert.equal(error.code, "rate_limit_exceeded");
      assertWait(error.headers);
      assert.ok(error.message.includes(limited), error.message);
    });
  });
}

/** assertWait checks that a minute's window says when to come again: within that minute. */
function assertWait(headers) {
  const seconds = Number(headers.get("retry-after"));
  assert.ok(seconds > 0 && seconds <= 60, `retry-after: ${headers.get("retry-after")}`);
}

describe("anthropic", () => {
  const ask = (apiKey) => new Anthropic({ baseURL: gatehouse.url, apiKey, maxRetries: 0 }).messages.create({ model, messages, max_tokens: 50 });

  test("a spent budget", async () => {
    const error = await rejection(ask(keys.spent));
    assert.ok(error instanceof Anthropic.APIError, String(error));
    assert.equal(error.status, 402);
    assert.equal(error.error.error.type, "billing_error");
    assert.ok(error.message.includes(spent), error.message);
  });
  test("a rate limit", async () => {
    const error = await rejection(ask(keys.busy));
    assert.ok(error instanceof Anthropic.RateLimitError, String(error));
    assert.equal(error.error.error.type, "rate_limit_error");
    assertWait(error.headers);
  });
});

for (const [name, path, ai, provider] of [
  ["ai 5", "/v1/ai", ai5, gateway2],
  ["ai 6", "/v3/ai", ai6, gateway3],
  ["ai 7", "/v4/ai", ai7, gateway4],
]) {
  describe(name, () => {
    const ask = (apiKey) =>
      ai.generateText({
        model: provider.createGateway({ baseURL: gatehouse.url + path, apiKey })(model),
        prompt: "hello",
        maxRetries: 0,
      });

    test("a spent budget", async () => {
      const error = await rejection(ask(keys.spent));
      assert.ok(provider.GatewayError.isInstance(error), String(error));
      assert.equal(error.statusCode, 402);
      assert.ok(error.message.includes(spent), error.message);
    });
    test("a rate limit", async () => {
      const error = await rejection(ask(keys.busy));
      assert.ok(provider.GatewayRateLimitError.isInstance(error), String(error));
      assert.equal(error.statusCode, 429);
      assert.ok(error.message.includes(limited), error.message);
    });
  });
}

describe("google genai", () => {
  const ask = (apiKey) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: gatehouse.url } }).models.generateContent({ model, contents: "hello" });

  test("a spent budget", async () => {
    const error = await rejection(ask(keys.spent));
    assert.ok(error instanceof ApiError, String(error));
    assert.equal(error.status, 402);
    assert.ok(error.message.includes(spent), error.message);
  });
  test("a rate limit", async () => {
    const error = await rejection(ask(keys.busy));
    assert.equal(error.status, 429);
    assert.ok(error.message.includes("RESOURCE_EXHAUSTED") && error.message.includes("RetryInfo"), error.message);
  });
});

describe("ollama", () => {
  const ask = (apiKey) => new Ollama({ host: gatehouse.url, headers: { Authorization: `Bearer ${apiKey}` } }).chat({ model, messages });

  test("a spent budget", async () => {
    const error = await rejection(ask(keys.spent));
    assert.equal(error.status_code, 402);
    assert.ok(error.message.includes(spent), error.message);
  });
  test("a rate limit", async () => {
    const error = await rejection(ask(keys.busy));
    assert.equal(error.status_code, 429);
  });
});

test("one action goes on", async () => {
  await gatehouse.cli("budget", "allow", "key spent", "5");
  const client = new OpenAI({ baseURL: `${gatehouse.url}/v1`, apiKey: keys.spent, maxRetries: 0 });
  const { data, response } = await client.chat.completions.create({ model, messages }).withResponse();
  assert.ok(data.choices[0].message.content);
  assert.equal(response.status, 200);
  const [budget] = JSON.parse(await gatehouse.cli("budget", "list", "--json"));
  assert.equal(budget.allowed, 5e12);
  assert.ok(budget.spent > 0);
});
