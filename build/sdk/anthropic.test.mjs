// The official Anthropic SDK against the endpoint: to the simulator, and to a provider played here.
import Anthropic from "@anthropic-ai/sdk";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { assertForwarded, assertNoTrace, oddly, recorder, rejection, within } from "./support/client.mjs";
import { startGatehouse } from "./support/gatehouse.mjs";
import { city, echoed, odd, parameters, pondered, question, reported, thought, weather } from "./support/sim.mjs";
import { events, json, startUpstream } from "./support/upstream.mjs";

const credential = `sk-ant-${randomBytes(24).toString("hex")}`;
const asked = "anthropic/claude-sdk-test";
const served = "claude-sdk-test";
const messages = [{ role: "user", content: "Grüße, 世界 <&> \u2028 🙂" }];

const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: served,
  content: [{ type: "text", text: "hello from upstream" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 11, cache_creation_input_tokens: 3, cache_read_input_tokens: 5, output_tokens: 7 },
};
const start = [
  "message_start",
  {
    type: "message_start",
    message: { ...message, content: [], stop_reason: null, usage: { ...message.usage, output_tokens: 1 } },
  },
];
const blockStart = [
  "content_block_start",
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
];
const delta = (text) => [
  "content_block_delta",
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } },
];

let closed; // resolves when the held stream's connection closes

function answer(request, res) {
  if (request.method !== "POST") {
    const data = [{ type: "model", id: served, display_name: served, created_at: "2026-01-01T00:00:00Z" }];
    return json(res, 200, { data, has_more: false, first_id: served, last_id: served });
  }
  const text = request.body.toString();
  if (text.includes("please refuse")) {
    return json(
      res,
      429,
      { type: "error", error: { type: "rate_limit_error", message: "slow down, upstream says" } },
      { "retry-after": "7" },
    );
  }
  if (text.includes("please leak")) {
    return json(res, 401, { type: "error", error: { type: "authentication_error", message: `no such key: ${credential}` } });
  }
  if (!/"stream"\s*:\s*true/.test(text)) return json(res, 200, message);
  if (text.includes("please hold")) {
    closed = new Promise((resolve) => res.once("close", resolve));
    return events(res, [start, blockStart, delta("first")]);
  }
  events(res, [
    start,
    blockStart,
    delta("hello "),
    delta("from upstream"),
    ["content_block_stop", { type: "content_block_stop", index: 0 }],
    [
      "message_delta",
      { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 7 } },
    ],
    ["message_stop", { type: "message_stop" }],
  ]);
  res.end();
}

describe("anthropic SDK", () => {
  let upstream;
  let gatehouse;
  let key;
  let record;
  let client;

  before(async () => {
    upstream = await startUpstream(answer);
    gatehouse = await startGatehouse({
      settings: { providers: { anthropic: { baseURL: upstream.url } } },
      credentials: { ANTHROPIC_API_KEY: credential },
    });
    key = await gatehouse.key("anthropic-sdk");
    record = recorder();
    client = new Anthropic({ apiKey: key, baseURL: gatehouse.url, maxRetries: 0, fetch: record.fetch });
  });
  after(async () => {
    await gatehouse?.stop();
    await upstream?.stop();
  });

  const request = { model: asked, max_tokens: 64, messages };

  test("sim: a whole answer", async () => {
    const done = await client.messages.create({
      model: "sim/echo",
      max_tokens: 500,
      messages: [{ role: "user", content: "say seventeen geese" }],
    });
    assert.match(done.content.map((part) => part.text).join(""), /seventeen geese/);
    assert.equal(done.stop_reason, "end_turn");
    assert.ok(done.usage.input_tokens > 0 && done.usage.output_tokens > 0);
  });

  test("sim: a streamed answer", async () => {
    const stream = client.messages.stream({
      model: "sim/stream",
      max_tokens: 500,
      messages: [{ role: "user", content: "tokens=40 rate=0" }],
    });
    const done = await stream.finalMessage();
    assert.ok(done.content[0].text.length > 40, done.content[0].text);
    assert.equal(done.stop_reason, "end_turn");
    assert.ok(done.usage.output_tokens > 0);
  });

  for (const stream of [false, true]) {
    const how = stream ? "streamed" : "whole";
    const ask = (more) => {
      const body = { max_tokens: 2000, ...more };
      return stream ? client.messages.stream(body).finalMessage() : client.messages.create(body);
    };

    test(`sim: text byte for byte, ${how}`, async () => {
      const done = await ask({ model: "sim/echo", messages: [{ role: "user", content: odd }] });
      assert.deepEqual(done.content, [{ type: "text", text: echoed(odd) }]);
    });

    test(`sim: a tool loop, ${how}`, async () => {
      const tools = [{ name: "weather", input_schema: parameters }];
      const turns = [{ role: "user", content: "How is the weather?" }];
      const first = await ask({ model: "sim/tools", messages: turns, tools });
      assert.equal(first.stop_reason, "tool_use");
      const [call] = first.content;
      assert.equal(call.name, "weather");
      assert.deepEqual(call.input, { city });
      turns.push(
        { role: "assistant", content: first.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: weather }] },
      );
      const second = await ask({ model: "sim/tools", messages: turns, tools });
      assert.deepEqual(second.content, [{ type: "text", text: reported(weather) }]);
      assert.equal(second.stop_reason, "end_turn");
    });

    test(`sim: thinking, echoed back in the second turn, ${how}`, async () => {
      const thinking = { type: "enabled", budget_tokens: 1024 };
      const turns = [{ role: "user", content: question }];
      const first = await ask({ model: "sim/think", messages: turns, thinking });
      assert.deepEqual(first.content.map((block) => block.type), ["thinking", "text"]);
      assert.match(first.content[0].thinking, thought);
      assert.equal(first.content[1].text, pondered);
      turns.push({ role: "assistant", content: first.content }, { role: "user", content: "rate=0 and then?" });
      const second = await ask({ model: "sim/think", messages: turns, thinking });
      assert.ok(second.content.at(-1).text.endsWith("rate=0 and then?"));
      first.content[0].signature = first.content[0].signature.replace(/^./, (c) => (c === "A" ? "B" : "A"));
      const third = await ask({ model: "sim/think", messages: turns, thinking });
      assert.ok(third.content.at(-1).text.endsWith("rate=0 and then?"), "an altered signature is left out");
    });

    test(`sim: an outage, ${how}`, async () => {
      const error = await rejection(ask({ model: "sim/down", messages }));
      assert.equal(error.status, 529);
      assert.equal(error.error.error.type, "overloaded_error");
    });
  }

  test("the active model", async () => {
    await gatehouse.cli("use", "sim/echo");
    const done = await client.messages.create({
      model: "gatehouse/active",
      max_tokens: 500,
      messages: [{ role: "user", content: "eleven otters" }],
    });
    assert.match(done.content[0].text, /eleven otters/);
  });

  test("upstream: a whole answer, the body byte for byte, the credential exchanged", async () => {
    const done = await client.messages.create({ ...request, temperature: 0.1 }, { headers: { "anthropic-beta": "odd-1" } });
    assert.deepEqual(done.content, message.content);
    assert.deepEqual(done.usage, message.usage);
    const got = upstream.last();
    assert.equal(got.path, "/v1/messages");
    assert.equal(got.headers["x-api-key"], credential);
    assert.match(got.headers["anthropic-version"], /^20\d\d-/);
    assert.equal(got.headers["anthropic-version"], record.headers.get("anthropic-version"));
    assert.equal(got.headers["anthropic-beta"], "odd-1");
    assertNoTrace(got, key);
    assertForwarded(record.sent, got, asked, served);
  });

  test("upstream: a streamed answer, the body byte for byte, the credential exchanged", async () => {
    const done = await client.messages.stream(request).finalMessage();
    assert.equal(done.content[0].text, "hello from upstream");
    assert.equal(done.stop_reason, "end_turn");
    assert.equal(done.usage.output_tokens, 7);
    const got = upstream.last();
    assert.equal(got.headers["x-api-key"], credential);
    assertNoTrace(got, key);
    assertForwarded(record.sent, got, asked, served);
  });

  test("upstream: a key sent as a bearer token is exchanged too", async () => {
    const bearer = new Anthropic({ authToken: key, apiKey: null, baseURL: gatehouse.url, maxRetries: 0 });
    await bearer.messages.create(request);
    const got = upstream.last();
    assert.equal(got.headers["x-api-key"], credential);
    assert.equal(got.headers.authorization, undefined);
    assertNoTrace(got, key);
  });

  test("upstream: an oddly spelt body stays as it is", async () => {
    record.rewrite = oddly;
    try {
      await client.messages.create(request);
    } finally {
      record.rewrite = null;
    }
    assertForwarded(record.sent, upstream.last(), asked, served);
  });

  test("upstream: aborting a stream closes the upstream's connection", async () => {
    const stream = await client.messages.create({
      ...request,
      messages: [{ role: "user", content: "please hold" }],
      stream: true,
    });
    for await (const event of stream) if (event.type === "content_block_delta") break; // the SDK aborts the request
    await within(10_000, "the upstream's connection closes", closed);
  });

  test("upstream: its refusal arrives as its own", async () => {
    const error = await rejection(
      client.messages.create({ ...request, messages: [{ role: "user", content: "please refuse" }] }),
    );
    assert.ok(error instanceof Anthropic.RateLimitError, String(error));
    assert.equal(error.error.error.message, "slow down, upstream says");
    assert.equal(error.headers.get("retry-after"), "7");
  });

  test("upstream: a credential that its refusal quotes is masked", async () => {
    await gatehouse.cli("health", "--reset", "all"); // a rate limit was told before
    const error = await rejection(
      client.messages.create({ ...request, messages: [{ role: "user", content: "please leak" }] }),
    );
    assert.ok(error instanceof Anthropic.APIError && error.status >= 400, String(error));
    assert.match(error.message, /no such key/);
    assert.ok(!JSON.stringify(error.error).includes(credential.slice(10, 20)), "the refusal quotes the credential");
  });

  test("the list of models", async () => {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    assert.ok(ids.includes("sim/echo") && ids.includes("gatehouse/active"), ids.join(" "));
  });

  describe("refusals", () => {
    const echo = { ...request, model: "sim/echo" };

    test("a wrong key", async () => {
      const apiKey = "gh-this-is-not-a-key-0123456789";
      const error = await rejection(client.withOptions({ apiKey }).messages.create(echo));
      assert.ok(error instanceof Anthropic.AuthenticationError, String(error));
      assert.equal(error.error.type, "error");
      assert.equal(error.error.error.type, "authentication_error");
      assert.ok(!JSON.stringify(error.error).includes(apiKey), "the refusal repeats the key");
    });

    for (const model of ["no-such-provider/model", "sim/no-such-model", "nonsense"]) {
      test(`an unknown model: ${model}`, async () => {
        const error = await rejection(client.messages.create({ ...echo, model }));
        assert.ok(error instanceof Anthropic.NotFoundError, String(error));
        assert.equal(error.error.error.type, "not_found_error");
        assert.match(error.message, new RegExp(model.split("/").at(-1)));
      });
    }

    for (const [what, body] of [
      ["malformed JSON", '{"model": "sim/echo", "messages": ['],
      ["no model", '{"messages": []}'],
      ["a model that is not text", '{"model": 7, "messages": []}'],
      ["an empty body", " "],
      ["an array", "[1]"],
    ]) {
      test(what, async () => {
        const odd = client.withOptions({ fetch: (url, init) => fetch(url, { ...init, body }) });
        const error = await rejection(odd.messages.create(echo));
        assert.ok(error instanceof Anthropic.BadRequestError, String(error));
        assert.equal(error.error.error.type, "invalid_request_error");
      });
    }
  });

  test("the history has what was served, with the upstream's own counts", async () => {
    const mine = (r) => r.model === asked && r.outcome === "ok";
    const records = await gatehouse.usage(
      (all) => all.filter(mine).length === 4 && all.some((r) => r.outcome === "cancelled"),
    );
    for (const record of records.filter(mine)) {
      assert.equal(record.provider, "anthropic");
      assert.equal(record.inputTokens, 11);
      assert.equal(record.cacheReadTokens, 5);
      assert.equal(record.cacheWriteTokens, 3);
      assert.equal(record.outputTokens, 7);
    }
    assert.ok(!JSON.stringify(records).includes(credential) && !JSON.stringify(records).includes(key));
  });
});
