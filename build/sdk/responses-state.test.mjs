// What OpenAI keeps at the server and Gatehouse keeps for models of others, through the official SDK: chains, retrieval,
// conversations, answers in the background, compaction, and Responses over WebSocket. The simulator speaks another dialect.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import OpenAI from "openai";
import { ResponsesWS } from "openai/resources/responses/ws";
import { rejection, within } from "./support/client.mjs";
import { startGatehouse } from "./support/gatehouse.mjs";
import { city, echoed, odd, parameters, question, reported, weather } from "./support/sim.mjs";

const tools = [{ type: "function", name: "weather", description: "The weather", parameters, strict: true }];

describe("openai SDK, Responses with state", () => {
  let gatehouse;
  let client;
  let stranger;

  before(async () => {
    gatehouse = await startGatehouse();
    const baseURL = `${gatehouse.url}/v1`;
    client = new OpenAI({ apiKey: await gatehouse.key("state"), baseURL, maxRetries: 0 });
    stranger = new OpenAI({ apiKey: await gatehouse.key("stranger"), baseURL, maxRetries: 0 });
  });
  after(() => gatehouse?.stop());

  const ways = {
    create: (request) => client.responses.create(request),
    stream: (request) => client.responses.stream(request).finalResponse(),
  };

  for (const [way, ask] of Object.entries(ways)) {
    test(`${way}: a chain with tools and reasoning, its model changing`, async () => {
      const first = await ask({ model: "sim/tools", input: "How is the weather?", tools, instructions: "be brief" });
      const [call] = first.output;
      assert.deepEqual(JSON.parse(call.arguments), { city });
      const second = await ask({
        model: "sim/tools",
        previous_response_id: first.id,
        input: [{ type: "function_call_output", call_id: call.call_id, output: weather }],
        tools,
      });
      assert.equal(second.output_text, reported(weather));
      assert.equal(second.previous_response_id, first.id);
      const third = await ask({ model: "sim/think", previous_response_id: second.id, input: question });
      assert.deepEqual(third.output.map((item) => item.type), ["reasoning", "message"]);
      const fourth = await ask({ model: "sim/echo", previous_response_id: third.id, input: odd });
      assert.equal(fourth.output_text, echoed(odd));
      assert.ok(fourth.usage.input_tokens > third.usage.input_tokens, "the turns before count");

      const kept = await client.responses.retrieve(fourth.id);
      assert.equal(kept.output_text, fourth.output_text);
      assert.deepEqual(kept.output, JSON.parse(JSON.stringify(fourth.output, dropParsed)));

      const items = [];
      for await (const item of client.responses.inputItems.list(fourth.id, { order: "asc", limit: 2 })) items.push(item);
      assert.deepEqual(
        items.map((item) => item.type),
        ["message", "function_call", "function_call_output", "message", "message", "reasoning", "message", "message"],
      );
      assert.equal(new Set(items.map((item) => item.id)).size, items.length, "each item has an id of its own");
      assert.equal(items.at(-1).content[0].text, odd);
    });
  }

  test("what is not there: another key's, deleted, never stored", async () => {
    const made = await client.responses.create({ model: "sim/echo", input: "mine" });
    for (const ask of [
      () => stranger.responses.retrieve(made.id),
      () => stranger.responses.inputItems.list(made.id),
      () => stranger.responses.delete(made.id),
    ]) {
      assert.ok((await rejection(ask())) instanceof OpenAI.NotFoundError);
    }
    await client.responses.delete(made.id);
    assert.ok((await rejection(client.responses.retrieve(made.id))) instanceof OpenAI.NotFoundError);
    const unkept = await client.responses.create({ model: "sim/echo", input: "mine", store: false });
    assert.equal(unkept.store, false);
    for (const id of [made.id, unkept.id]) {
      const error = await rejection(client.responses.create({ model: "sim/echo", previous_response_id: id, input: "x" }));
      assert.ok(error instanceof OpenAI.BadRequestError, String(error));
      assert.equal(error.code, "previous_response_not_found");
      assert.equal(error.param, "previous_response_id");
    }
  });

  test("a conversation", async () => {
    const conversation = await client.conversations.create({ metadata: { a: "b" }, items: [{ role: "user", content: "one" }] });
    await client.responses.create({ model: "sim/echo", conversation: conversation.id, input: "two" });
    const last = await client.responses.create({ model: "sim/echo", conversation: conversation.id, input: odd });
    assert.equal(last.conversation.id, conversation.id);
    assert.equal(last.output_text, echoed(odd));
    const roles = [];
    for await (const item of client.conversations.items.list(conversation.id, { order: "asc", limit: 2 })) roles.push(item.role);
    assert.deepEqual(roles, ["user", "user", "assistant", "user", "assistant"]);
    await client.conversations.update(conversation.id, { metadata: { c: "d" } });
    assert.deepEqual((await client.conversations.retrieve(conversation.id)).metadata, { c: "d" });
    assert.equal((await client.conversations.delete(conversation.id)).deleted, true);
    assert.ok((await rejection(client.conversations.retrieve(conversation.id))) instanceof OpenAI.NotFoundError);
  });

  test("in the background: polled, streamed again from any event, cancelled", async () => {
    let answer = await client.responses.create({ model: "sim/echo", input: odd, background: true });
    assert.equal(answer.status, "queued");
    const deadline = Date.now() + 20_000;
    while (["queued", "in_progress"].includes(answer.status)) {
      assert.ok(Date.now() < deadline, answer.status);
      answer = await client.responses.retrieve(answer.id);
    }
    assert.equal(answer.output_text, echoed(odd));

    const seen = [];
    for await (const event of await client.responses.create({ model: "sim/echo", input: odd, background: true, stream: true })) {
      seen.push(event);
      if (seen.length === 4) break; // the client leaves; the answer goes on
    }
    const { id } = seen[0].response;
    for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: seen.at(-1).sequence_number })) {
      seen.push(event);
    }
    assert.deepEqual(seen.map((event) => event.sequence_number), seen.map((_, i) => i));
    assert.equal(seen.at(-1).type, "response.completed");
    assert.equal(seen.filter((e) => e.type === "response.output_text.delta").map((e) => e.delta).join(""), echoed(odd));

    const slow = await client.responses.create({ model: "sim/slow", input: "x", background: true });
    assert.equal((await client.responses.cancel(slow.id)).status, "cancelled");
    assert.equal((await client.responses.retrieve(slow.id)).status, "cancelled");
  });

  test("compaction", async () => {
    const input = [{ role: "user", content: "remember the canary" }, { role: "assistant", content: "noted" }];
    const compacted = await client.responses.compact({ model: "sim/echo", input });
    assert.equal(compacted.object, "response.compaction");
    assert.deepEqual(compacted.output.map((item) => item.type), ["message", "compaction"]);
    assert.ok(compacted.usage.input_tokens > 0 && compacted.usage.output_tokens > 0);
    const next = await client.responses.create({ model: "sim/echo", input: [...compacted.output, { role: "user", content: odd }] });
    assert.match(next.output_text, /remember the canary.*replaced by this summary/);
    assert.ok(next.output_text.endsWith(odd), next.output_text);
  });

  test("over WebSocket: turns, a warm-up, lanes, an error", async () => {
    const socket = new ResponsesWS(client);
    const messages = socket.stream();
    const ask = (request) => {
      socket.send({ type: "response.create", store: false, ...request });
      return within(20_000, JSON.stringify(request), end());
    };
    const end = async () => {
      for (;;) {
        const { value } = await messages.next();
        if (value.type === "error") return value.error.error;
        if (value.type !== "message") continue;
        if (["response.completed", "response.failed"].includes(value.message.type)) return value.message;
      }
    };
    try {
      const warm = await ask({ model: "sim/tools", input: "How is the weather?", tools, generate: false });
      assert.deepEqual(warm.response.output, []);
      const first = await ask({ model: "sim/tools", previous_response_id: warm.response.id, input: [], tools });
      const [call] = first.response.output;
      assert.equal(call.name, "weather");
      const second = await ask({
        model: "sim/tools",
        previous_response_id: first.response.id,
        input: [{ type: "function_call_output", call_id: call.call_id, output: weather }],
        tools,
      });
      assert.equal(second.response.output[0].content[0].text, reported(weather));
      const third = await ask({ model: "sim/echo", previous_response_id: second.response.id, input: odd, stream_id: "side" });
      assert.equal(third.stream_id, "side");
      assert.equal(third.response.output[0].content[0].text, echoed(odd));
      const failed = await ask({ model: "sim/echo", previous_response_id: "resp_nowhere", input: "x" });
      assert.equal(failed.status, 400);
      assert.equal(failed.error.code, "previous_response_not_found");
      const last = await ask({ model: "sim/echo", input: "still here" });
      assert.equal(last.response.output[0].content[0].text, echoed("still here"));
    } finally {
      await messages.return?.();
      socket.close();
    }
  });
});

// The stream helper adds what it parsed.
function dropParsed(name, value) {
  return name === "parsed" || name === "parsed_arguments" ? undefined : value;
}
