// The official OpenAI SDK against the endpoint: to the simulator, and to a provider played here.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import OpenAI from "openai";
import { assertForwarded, assertNoTrace, oddly, recorder, rejection, within } from "./support/client.mjs";
import { startGatehouse } from "./support/gatehouse.mjs";
import { city, echoed, odd, parameters, reported, weather } from "./support/sim.mjs";
import { events, json, startUpstream } from "./support/upstream.mjs";

const credential = `sk-proj-${randomBytes(24).toString("hex")}`;
const asked = "openai/gpt-sdk-test";
const served = "gpt-sdk-test";
const messages = [{ role: "user", content: "Grüße, 世界 <&> \u2028 🙂" }];

const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
const chunk = (delta, finish_reason = null) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: served,
  choices: [{ index: 0, delta, finish_reason }],
});

let closed; // resolves when the held stream's connection closes

function answer(request, res) {
  if (request.method !== "POST") return json(res, 200, { object: "list", data: [{ id: served, object: "model" }] });
  const text = request.body.toString();
  if (text.includes("please refuse")) {
    return json(
      res,
      429,
      { error: { message: "slow down, upstream says", type: "rate_limit_error", code: "rate_limit_exceeded", param: null } },
      { "retry-after": "7" },
    );
  }
  if (text.includes("please leak")) {
    const message = `Incorrect API key provided: ${credential}.`;
    return json(res, 401, { error: { message, type: "invalid_request_error", code: "invalid_api_key", param: null } });
  }
  if (!/"stream"\s*:\s*true/.test(text)) {
    return json(res, 200, {
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1,
      model: served,
      choices: [{ index: 0, message: { role: "assistant", content: "hello from upstream" }, finish_reason: "stop" }],
      usage,
    });
  }
  if (text.includes("please hold")) {
    closed = new Promise((resolve) => res.once("close", resolve));
    return events(res, [chunk({ role: "assistant", content: "first" })]);
  }
  events(res, [
    chunk({ role: "assistant", content: "hello " }),
    chunk({ content: "from upstream" }),
    chunk({}, "stop"),
    { ...chunk({}), choices: [], usage },
    "[DONE]",
  ]);
  res.end();
}

describe("openai SDK", () => {
  let upstream;
  let gatehouse;
  let key;
  let record;
  let client;

  before(async () => {
    upstream = await startUpstream(answer);
    gatehouse = await startGatehouse({
      settings: { providers: { openai: { baseURL: `${upstream.url}/v1` } } },
      credentials: { OPENAI_API_KEY: credential },
    });
    key = await gatehouse.key("openai-sdk");
    record = recorder();
    client = new OpenAI({ apiKey: key, baseURL: `${gatehouse.url}/v1`, maxRetries: 0, fetch: record.fetch });
  });
  after(async () => {
    await gatehouse?.stop();
    await upstream?.stop();
  });

  const read = async (stream) => {
    let text = "";
    let finish = null;
    let last = null;
    for await (const part of stream) {
      text += part.choices[0]?.delta?.content ?? "";
      finish = part.choices[0]?.finish_reason ?? finish;
      last = part.usage ?? last;
    }
    return { text, finish, usage: last };
  };

  test("sim: a whole answer", async () => {
    const done = await client.chat.completions.create({
      model: "sim/echo",
      messages: [{ role: "user", content: "say seventeen geese" }],
    });
    assert.match(done.choices[0].message.content, /seventeen geese/);
    assert.equal(done.choices[0].finish_reason, "stop");
    assert.ok(done.usage.prompt_tokens > 0 && done.usage.completion_tokens > 0);
  });

  test("sim: a streamed answer", async () => {
    const { text, finish, usage: counted } = await read(
      await client.chat.completions.create({
        model: "sim/stream",
        messages: [{ role: "user", content: "tokens=40 rate=0" }],
        stream: true,
        stream_options: { include_usage: true },
      }),
    );
    assert.ok(text.length > 40, text);
    assert.ok(finish === "stop" || finish === "length", finish);
    assert.ok(counted.completion_tokens > 0);
  });

  for (const stream of [false, true]) {
    const how = stream ? "streamed" : "whole";
    const ask = async (request) => {
      if (stream) return (await client.chat.completions.stream(request).finalChatCompletion()).choices[0];
      return (await client.chat.completions.create(request)).choices[0];
    };

    test(`sim: text byte for byte, ${how}`, async () => {
      const { message } = await ask({ model: "sim/echo", messages: [{ role: "user", content: odd }] });
      assert.equal(message.content, echoed(odd));
    });

    test(`sim: a tool loop, ${how}`, async () => {
      const tools = [{ type: "function", function: { name: "weather", parameters } }];
      const turns = [{ role: "user", content: "How is the weather?" }];
      const first = await ask({ model: "sim/tools", messages: turns, tools });
      assert.equal(first.finish_reason, "tool_calls");
      const [call] = first.message.tool_calls;
      assert.equal(call.function.name, "weather");
      assert.deepEqual(JSON.parse(call.function.arguments), { city });
      turns.push(first.message, { role: "tool", tool_call_id: call.id, content: weather });
      const second = await ask({ model: "sim/tools", messages: turns, tools });
      assert.equal(second.message.content, reported(weather));
      assert.equal(second.finish_reason, "stop");
    });

    test(`sim: an outage, ${how}`, async () => {
      const error = await rejection(ask({ model: "sim/down", messages }));
      assert.ok(error instanceof OpenAI.InternalServerError, String(error));
      assert.equal(error.status, 503);
      assert.match(error.message, /overloaded/);
    });
  }

  test("the active model", async () => {
    await gatehouse.cli("use", "sim/echo");
    const done = await client.chat.completions.create({
      model: "gatehouse/active",
      messages: [{ role: "user", content: "eleven otters" }],
    });
    assert.match(done.choices[0].message.content, /eleven otters/);
  });

  test("upstream: a whole answer, the body byte for byte, the credential exchanged", async () => {
    const done = await client.chat.completions.create({ model: asked, messages, temperature: 0.1, seed: 12345678901234567 });
    assert.equal(done.choices[0].message.content, "hello from upstream");
    assert.deepEqual(done.usage, usage);
    const got = upstream.last();
    assert.equal(got.path, "/v1/chat/completions");
    assert.equal(got.headers.authorization, `Bearer ${credential}`);
    assertNoTrace(got, key);
    assertForwarded(record.sent, got, asked, served);
  });

  test("upstream: a streamed answer, the body byte for byte, the credential exchanged", async () => {
    const stream = await client.chat.completions.create({
      model: asked,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    assert.deepEqual(await read(stream), { text: "hello from upstream", finish: "stop", usage });
    const got = upstream.last();
    assert.equal(got.headers.authorization, `Bearer ${credential}`);
    assertNoTrace(got, key);
    assertForwarded(record.sent, got, asked, served);
  });

  test("upstream: an oddly spelt body stays as it is", async () => {
    record.rewrite = oddly;
    try {
      await client.chat.completions.create({ model: asked, messages });
    } finally {
      record.rewrite = null;
    }
    assertForwarded(record.sent, upstream.last(), asked, served);
  });

  test("upstream: aborting a stream closes the upstream's connection", async () => {
    const stream = await client.chat.completions.create({
      model: asked,
      messages: [{ role: "user", content: "please hold" }],
      stream: true,
    });
    for await (const part of stream) {
      assert.equal(part.choices[0].delta.content, "first");
      break; // the SDK aborts the request
    }
    await within(10_000, "the upstream's connection closes", closed);
  });

  test("upstream: its refusal arrives as its own", async () => {
    const error = await rejection(
      client.chat.completions.create({ model: asked, messages: [{ role: "user", content: "please refuse" }] }),
    );
    assert.ok(error instanceof OpenAI.RateLimitError, String(error));
    assert.match(error.message, /slow down, upstream says/);
    assert.equal(error.code, "rate_limit_exceeded");
    assert.equal(error.headers.get("retry-after"), "7");
  });

  test("upstream: a credential that its refusal quotes is masked", async () => {
    await gatehouse.cli("health", "--reset", "all"); // a rate limit was told before
    const error = await rejection(
      client.chat.completions.create({ model: asked, messages: [{ role: "user", content: "please leak" }] }),
    );
    assert.ok(error instanceof OpenAI.APIError && error.status >= 400, String(error));
    assert.match(error.message, /Incorrect API key/);
    assert.ok(!JSON.stringify(error.error).includes(credential.slice(10, 20)), "the refusal quotes the credential");
  });

  test("the list of models", async () => {
    const ids = [];
    for await (const model of client.models.list()) {
      assert.equal(model.object, "model");
      ids.push(model.id);
    }
    assert.ok(ids.includes("sim/echo") && ids.includes("gatehouse/active"), ids.join(" "));
  });

  test("one model by its id", async () => {
    assert.equal((await client.models.retrieve("sim/echo")).id, "sim/echo");
  });

  describe("refusals", () => {
    const echo = { model: "sim/echo", messages };

    for (const [what, apiKey] of [
      ["a wrong key", "gh-this-is-not-a-key-0123456789"],
      ["the provider's own credential", credential],
    ]) {
      test(what, async () => {
        const error = await rejection(client.withOptions({ apiKey }).chat.completions.create(echo));
        assert.ok(error instanceof OpenAI.AuthenticationError, String(error));
        assert.equal(error.status, 401);
        assert.ok(error.error.message && error.error.type, JSON.stringify(error.error));
        assert.ok(!JSON.stringify(error.error).includes(apiKey), "the refusal repeats the key");
      });
    }

    test("a revoked key", async () => {
      const name = "soon-revoked";
      const doomed = client.withOptions({ apiKey: await gatehouse.key(name) });
      await doomed.chat.completions.create(echo);
      await gatehouse.cli("key", "revoke", name);
      const error = await rejection(doomed.chat.completions.create(echo));
      assert.ok(error instanceof OpenAI.AuthenticationError, String(error));
    });

    for (const model of ["no-such-provider/model", "sim/no-such-model", "nonsense"]) {
      test(`an unknown model: ${model}`, async () => {
        const error = await rejection(client.chat.completions.create({ ...echo, model }));
        assert.ok(error instanceof OpenAI.NotFoundError, String(error));
        assert.equal(error.code, "model_not_found");
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
        const error = await rejection(odd.chat.completions.create(echo));
        assert.ok(error instanceof OpenAI.BadRequestError, String(error));
        assert.equal(error.error.type, "invalid_request_error");
        assert.ok(error.error.message.length > 10, error.error.message);
      });
    }

    test("a path that is not there", async () => {
      const error = await rejection(client.post("/no/such/route", { body: echo }));
      assert.ok(error instanceof OpenAI.NotFoundError, String(error));
    });
  });

  test("the history has what was served, with the upstream's own counts", async () => {
    const mine = (r) => r.model === asked && r.outcome === "ok";
    const records = await gatehouse.usage(
      (all) => all.filter(mine).length === 3 && all.some((r) => r.outcome === "cancelled"),
    );
    for (const record of records.filter(mine)) {
      assert.equal(record.provider, "openai");
      assert.equal(record.inputTokens, usage.prompt_tokens);
      assert.equal(record.outputTokens, usage.completion_tokens);
    }
    assert.ok(!JSON.stringify(records).includes(credential) && !JSON.stringify(records).includes(key));
    assert.ok(records.some((r) => r.requestedModel === "gatehouse/active" && r.model === "sim/echo"));
  });
});

test("a provider that is not there", async (t) => {
  const upstream = await startUpstream(() => {});
  await upstream.stop(); // its port refuses connections now
  const gatehouse = await startGatehouse({
    settings: { providers: { openai: { baseURL: `${upstream.url}/v1` } } },
    credentials: { OPENAI_API_KEY: credential },
  });
  t.after(() => gatehouse.stop());
  const client = new OpenAI({ apiKey: await gatehouse.key("dead"), baseURL: `${gatehouse.url}/v1`, maxRetries: 0 });
  const error = await rejection(client.chat.completions.create({ model: asked, messages }));
  assert.ok(error instanceof OpenAI.InternalServerError, String(error));
  assert.match(error.message, /openai/i);
  assert.ok(!error.message.includes(credential));
});

test("a provider without a credential", async (t) => {
  const gatehouse = await startGatehouse();
  t.after(() => gatehouse.stop());
  const client = new OpenAI({ apiKey: await gatehouse.key("poor"), baseURL: `${gatehouse.url}/v1`, maxRetries: 0 });
  const error = await rejection(client.chat.completions.create({ model: asked, messages }));
  assert.ok(error instanceof OpenAI.APIError && error.status >= 400, String(error));
  assert.match(error.message, /OPENAI_API_KEY|credential/);
});
