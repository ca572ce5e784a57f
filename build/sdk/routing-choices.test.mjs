// Each option of routing, end to end and by three means: the AI SDK's providerOptions.gateway, the extra body of OpenAI's SDK,
// and headers of a client that can't edit its bodies. Who is asked really changes, by prices, by what was measured here, and by
// what is known of models, credentials and providers; what is put into a request is seen in the bytes that a provider got.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import * as ai7 from "ai7";
import * as gateway4 from "gateway4";
import OpenAI from "openai";
import { rejection } from "./support/client.mjs";
import { startGatehouse } from "./support/gatehouse.mjs";
import { events, json, startUpstream } from "./support/upstream.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;

const secret = (prefix) => prefix + randomBytes(24).toString("hex");
const credentials = {
  GROQ_API_KEY: secret("gsk_"), ANTHROPIC_API_KEY: secret("sk-ant-"), OPENROUTER_API_KEY: secret("sk-or-"), AI_GATEWAY_API_KEY: secret("vck_"),
};
const providers = ["groq", "anthropic", "openrouter", "gateway"];

const whole = {
  id: "chatcmpl-1", object: "chat.completion", created: 1, model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "whole" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 },
};
const message = {
  id: "msg_1", type: "message", role: "assistant", model: "m", content: [{ type: "text", text: "whole" }],
  stop_reason: "end_turn", stop_sequence: null, usage: { input_tokens: 9, output_tokens: 1 },
};
const hosted = { content: [{ type: "text", text: "whole" }], warnings: [], finishReason: { unified: "stop", raw: "stop" }, usage: { inputTokens: { total: 9 }, outputTokens: { total: 1 } } };

// How the stand-ins stream: ms to the first token, and for the rest of a hundred tokens. Groq begins late and is quick then.
const pace = { groq: [400, 30], openrouter: [20, 600] };

const wait = (ms) => new Promise((wake) => setTimeout(wake, ms));

async function stream(id, res) {
  const [first, rest] = pace[id] ?? [0, 0];
  const chunk = (delta, more = {}) => ({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, ...more }] });
  res.writeHead(200, { "content-type": "text/event-stream" });
  await wait(first);
  events(res, [chunk({ role: "assistant", content: "begun" })]);
  await wait(rest);
  events(res, [
    { ...chunk({ content: " done" }, { finish_reason: "stop" }), usage: { prompt_tokens: 9, completion_tokens: 100, total_tokens: 109 } }, "[DONE]",
  ]);
  res.end();
}

const play = (id) => ({ method, path, body }, res) => {
  if (method !== "POST") return json(res, 200, { object: "list", data: [] });
  const asked = JSON.parse(body.toString());
  if (asked.model?.includes("slow")) return; // for ever
  if (asked.model?.includes("down")) return json(res, 503, { error: { message: "resting" } });
  if (asked.stream) return void stream(id, res);
  if (path.endsWith("/language-model")) return json(res, 200, hosted);
  return json(res, 200, path.endsWith("/messages") ? message : whole);
};

/** words turns an option's value into a header's. */
const words = (value) => (Array.isArray(value) ? value.join(",") : typeof value === "object" ? (value.geoRegion ?? value.scope) : String(value));
const headersOf = (options) =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) => {
      if (name === "providerTimeouts") {
        return Object.entries(value).map(([kind, of]) => [`x-gatehouse-${kind.replace("T", "-t").toLowerCase()}-timeout`, String(of["*"])]);
      }
      return [[`x-gatehouse-${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`, words(value)]];
    }),
  );

describe("what options of a request choose", () => {
  const upstreams = {};
  let gatehouse;
  let key;

  before(async () => {
    for (const id of providers) upstreams[id] = await startUpstream(play(id));
    const priced = (input, tags) => ({ pricing: { input, output: input }, ...(tags && { tags }) });
    gatehouse = await startGatehouse({
      settings: {
        providers: {
          groq: { baseURL: `${upstreams.groq.url}/v1` }, anthropic: { baseURL: upstreams.anthropic.url },
          openrouter: { baseURL: `${upstreams.openrouter.url}/v1` }, gateway: { baseURL: upstreams.gateway.url },
        },
        catalog: {
          "groq/m": priced("0.000002", ["tool-use"]), "openrouter/groq/m": priced("0.000001", ["tool-use", "vision"]),
          "groq/m-fast": priced("0.000004"), "groq/n": priced("0.000001"),
        },
        credentials: { openrouter: { named: { default: { zeroDataRetention: true } } } },
      },
      credentials,
    });
    key = await gatehouse.key("choices");
  });
  beforeEach(() => {
    for (const upstream of Object.values(upstreams)) upstream.requests.length = 0;
  });
  after(async () => {
    await gatehouse?.stop();
    for (const upstream of Object.values(upstreams)) await upstream.stop();
  });

  /** posts lists who was asked, with what body. */
  const posts = () =>
    providers.flatMap((id) =>
      upstreams[id].requests.filter((r) => r.method === "POST").map((r) => ({ id, headers: r.headers, body: JSON.parse(r.body.toString()) })),
    );
  const only = () => {
    const all = posts();
    assert.equal(all.length, 1, JSON.stringify(all.map((p) => [p.id, p.body.model])));
    return all[0];
  };

  const openai = () => new OpenAI({ apiKey: key, baseURL: `${gatehouse.url}/v1`, maxRetries: 0 });
  const hello = [{ role: "user", content: "hello" }];
  const inChat = (answer) => ({ text: answer.choices[0].message.content, told: answer.choices[0].message.provider_metadata?.gateway });
  const means = {
    "AI SDK 7's providerOptions": async (model, gateway, messages = hello) => {
      const connected = gateway4.createGateway({ baseURL: `${gatehouse.url}/v4/ai`, apiKey: key });
      const result = await ai7.generateText({ model: connected(model), messages, maxRetries: 0, providerOptions: { gateway } });
      return { text: result.text, told: result.providerMetadata?.gateway };
    },
    "OpenAI's SDK by its extra body": async (model, gateway, messages = hello) =>
      inChat(await openai().chat.completions.create({ model, messages, providerOptions: { gateway } })),
    "OpenAI's SDK by headers": async (model, gateway, messages = hello) =>
      inChat(await openai().chat.completions.create({ model, messages }, { headers: headersOf(gateway) })),
  };

  for (const [name, ask] of Object.entries(means)) {
    describe(name, () => {
      test("order, only and models", async () => {
        await ask("groq/m", { order: ["openrouter"] });
        assert.equal(only().id, "openrouter");
        upstreams.openrouter.requests.length = 0;
        await ask("groq/m", { only: ["gateway", "openrouter"] });
        assert.equal(only().id, "openrouter");
        upstreams.openrouter.requests.length = 0;
        await ask(`groq/down-${name.length}`, { models: ["anthropic/m"], only: ["groq", "anthropic"], allowGatewayFallback: false });
        assert.deepEqual(posts().map((p) => p.id), ["groq", "anthropic"]);
      });

      test("sort by cost, as listed", async () => {
        await ask("groq/m", {});
        assert.equal(only().id, "groq");
        upstreams.groq.requests.length = 0;
        await ask("groq/m", { sort: "cost" });
        assert.equal(only().id, "openrouter");
      });

      test("sort by the time to the first token and by speed, as measured here", { timeout: 20_000 }, async () => {
        for (const provider of ["groq", "openrouter"]) {
          const answer = await openai().chat.completions.create({ model: "groq/m", messages: hello, stream: true }, { headers: { "x-gatehouse-only": provider } });
          for await (const _ of answer);
        }
        for (const [sort, winner] of [["ttft", "openrouter"], ["tps", "groq"]]) {
          for (const upstream of Object.values(upstreams)) upstream.requests.length = 0;
          const { told } = await ask("groq/m", { sort });
          assert.equal(only().id, winner, sort);
          if (name.startsWith("AI SDK")) {
            const by = told.routing.sort;
            assert.deepEqual([by.option, by.executionOrder.slice(0, 2).at(0), by.metrics.gateway], [sort, winner, null]);
            assert.ok(sort === "ttft" ? by.metrics.openrouter < by.metrics.groq : by.metrics.openrouter < by.metrics.groq, JSON.stringify(by));
          }
        }
      });

      test("has, by what is known of the model there", async () => {
        await ask("groq/m", { has: ["vision"] });
        assert.equal(only().id, "openrouter");
        const error = await rejection(ask("groq/m", { has: ["vision"], only: ["groq"], allowGatewayFallback: false }));
        assert.match(error.message, /not known to have .*vision/);
      });

      test("zeroDataRetention: a credential with an agreement", async () => {
        await ask("groq/m", { zeroDataRetention: true });
        assert.equal(only().id, "openrouter");
      });

      test("disallowPromptTraining: a provider whose terms say so", async () => {
        await ask("groq/m", { order: ["openrouter"], disallowPromptTraining: true });
        assert.equal(only().id, "groq");
      });

      test("inferenceRegion: who promises it, or nobody", async () => {
        await ask("groq/m", { inferenceRegion: { scope: "zone", geoRegion: "eu" } });
        const { id, body } = only();
        assert.equal(id, "gateway");
        assert.deepEqual(body.providerOptions.gateway.inferenceRegion, { scope: "zone", geoRegion: "eu" });
        const error = await rejection(ask("groq/m", { inferenceRegion: { scope: "zone", geoRegion: "us" }, allowGatewayFallback: false }));
        assert.equal(error.status ?? error.statusCode, 400);
        assert.match(error.message, /only in us/);
      });

      test("providerTimeouts: the first token", { timeout: 20_000 }, async () => {
        const began = Date.now();
        await ask(`groq/slow-${name.length}`, { providerTimeouts: { firstToken: { "*": 1000 } }, models: ["anthropic/m"], allowGatewayFallback: false });
        assert.deepEqual(posts().map((p) => p.id), ["groq", "anthropic"]);
        assert.ok(Date.now() - began < 10_000);
      });

      test("providerTimeouts: all of it", { timeout: 20_000 }, async () => {
        const error = await rejection(ask(`groq/slow-all-${name.length}`, { providerTimeouts: { total: { "*": 1000 } }, only: ["groq"], allowGatewayFallback: false }));
        assert.equal(error.status ?? error.statusCode, 504);
        assert.match(error.message, /total timeout/);
      });

      test("speed, and the suffix that says the same", async () => {
        const { told } = await ask("groq/m", { speed: "fast" });
        assert.equal(only().body.model, "m-fast");
        if (name.startsWith("AI SDK")) assert.equal(told.routing.speed, "fast");
        upstreams.groq.requests.length = 0;
        await ask("groq/n-fast", { allowGatewayFallback: false }); // which nobody here lists, so the model itself
        assert.equal(only().body.model, "n");
      });

      test("serviceTier, as the provider spells it", async () => {
        await ask("anthropic/m", { serviceTier: "priority" });
        assert.equal(only().body.service_tier, "auto");
      });

      test("caching: anchors and lifetime", async () => {
        const turns = [
          { role: "user", content: "a first item that never changes" }, { role: "assistant", content: "yes" },
          { role: "user", content: "a second" }, { role: "assistant", content: "well" }, { role: "user", content: "and now?" },
        ];
        await ask("anthropic/m", { caching: "auto", cacheTtl: "1h", cacheAnchorItems: 1 }, turns);
        const marks = only().body.messages.map((m) => (Array.isArray(m.content) ? m.content.at(-1).cache_control : undefined));
        const mark = { type: "ephemeral", ttl: "1h" };
        assert.deepEqual(marks, [mark, undefined, undefined, mark, mark]);
      });

      test("user and tags", async () => {
        const user = `user-${randomBytes(6).toString("hex")}`;
        await ask("groq/m", { user, tags: ["a", "b"] });
        assert.ok(!JSON.stringify(only()).includes(user), "Groq need not know");
        const records = await gatehouse.usage((all) => all.some((r) => r.user === user && r.outcome === "ok"));
        assert.deepEqual(records.find((r) => r.user === user).tags, ["a", "b"]);
      });

      test("what is not understood is refused by its name, and nobody is asked", async () => {
        const error = await rejection(ask("groq/m", { magic: "wand" }));
        assert.equal(error.status ?? error.statusCode, 400);
        assert.match(error.message, /magic/i);
        assert.deepEqual(posts(), []);
      });
    });
  }

  test("the CLI and a dry run show one plan", async () => {
    for (const [model, options] of [
      ["groq/m", { sort: "cost" }], ["groq/m-fast", { order: ["gateway"] }], ["anthropic/m[1m]", { only: ["groq"] }], ["nobody/knows", { models: ["groq/m"] }],
    ]) {
      const cli = JSON.parse(await gatehouse.cli("route", model, "--json", "--key", "choices", "--options", JSON.stringify(options)));
      const dry = await openai().chat.completions.create(
        { model, messages: hello, providerOptions: { gateway: options } }, { headers: { "x-gatehouse-dry-run": "1" } },
      );
      for (const name of ["attempts", "left", "steps", "problem"]) assert.deepEqual(cli[name], dry[name], `${model}: ${name}`);
    }
    assert.deepEqual(posts(), []);
  });

  test("a credential is nothing for a header", async () => {
    const error = await rejection(means["OpenAI's SDK by headers"]("groq/m", { byok: "gsk_secret" }));
    assert.match(error.message, /X-Gatehouse-Byok/);
    assert.ok(!error.message.includes("gsk_secret"));
  });

  test("the generation tells its attempts, at once", async () => {
    const answer = await openai().chat.completions
      .create({ model: "groq/down-told", messages: hello, stream: true, models: ["anthropic/m", "openrouter/groq/m"], provider: { only: ["groq", "openrouter"], allowGatewayFallback: false } })
      .withResponse();
    for await (const _ of answer.data);
    const id = answer.response.headers.get("x-gatehouse-request-id").replace("req_", "gen_");
    const connected = gateway4.createGateway({ baseURL: `${gatehouse.url}/v4/ai`, apiKey: key });
    assert.equal((await connected.getGenerationInfo({ id })).providerName, "openrouter");
    const { data } = await (await fetch(`${gatehouse.url}/v1/generation?id=${id}`, { headers: { authorization: `Bearer ${key}` } })).json();
    assert.deepEqual(
      data.attempts.map((a) => [a.attemptNumber, a.provider, a.providerApiModelId, a.credentialType, a.success, a.statusCode]),
      [[1, "groq", "down-told", "byok", false, 503], [2, "openrouter", "groq/m", "byok", true, 200]],
    );
    for (const a of data.attempts) assert.ok(a.reason && a.endTime >= a.startTime && a.responseTimeMs >= 0, JSON.stringify(a));
  });
});
