// The official OpenAI SDK's Responses against the simulator, which speaks another dialect.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import OpenAI from "openai";
import { rejection } from "./support/client.mjs";
import { startGatehouse } from "./support/gatehouse.mjs";
import {
  assertCounted, city, echoed, odd, parameters, pondered, question, refused, reported, thought, weather, wrongKey,
} from "./support/sim.mjs";

const tools = [{ type: "function", name: "weather", description: "The weather", parameters, strict: true }];

describe("openai SDK, Responses", () => {
  let gatehouse;
  let client;

  before(async () => {
    gatehouse = await startGatehouse();
    const apiKey = await gatehouse.key("responses");
    client = new OpenAI({ apiKey, baseURL: `${gatehouse.url}/v1`, maxRetries: 0 });
  });
  after(() => gatehouse?.stop());

  const ways = {
    create: (request, by = client) => by.responses.create(request),
    stream: (request, by = client) => by.responses.stream(request).finalResponse(),
  };

  for (const [way, ask] of Object.entries(ways)) {
    test(`${way}: text, byte for byte`, async () => {
      const done = await ask({ model: "sim/echo", input: odd });
      assert.equal(done.output_text, echoed(odd));
      assert.equal(done.object, "response");
      assert.equal(done.status, "completed");
      assert.deepEqual(done.output.map((item) => item.type), ["message"]);
      assertCounted(done.usage.input_tokens, done.usage.output_tokens, done.usage.total_tokens);
    });

    test(`${way}: a limit that cuts the answer off`, async () => {
      const done = await ask({ model: "sim/echo", input: odd, max_output_tokens: 5 });
      assert.equal(done.status, "incomplete");
      assert.equal(done.incomplete_details.reason, "max_output_tokens");
      assert.ok(echoed(odd).startsWith(done.output_text) && done.output_text !== "", done.output_text);
      assert.equal(done.usage.output_tokens, 5);
    });

    test(`${way}: a tool loop`, async () => {
      const input = [{ role: "user", content: "How is the weather?" }];
      const first = await ask({ model: "sim/tools", input, tools, store: false });
      assert.deepEqual(first.output.map((item) => item.type), ["function_call"]);
      const [call] = first.output;
      assert.equal(call.name, "weather");
      assert.deepEqual(JSON.parse(call.arguments), { city });
      assert.ok(call.call_id && call.id, JSON.stringify(call));

      input.push(call, { type: "function_call_output", call_id: call.call_id, output: weather });
      const second = await ask({ model: "sim/tools", input, tools, store: false });
      assert.equal(second.output_text, reported(weather));
    });

    test(`${way}: reasoning, echoed back in the second turn`, async () => {
      const request = { model: "sim/think", store: false, include: ["reasoning.encrypted_content"] };
      const input = [{ role: "user", content: question }];
      const first = await ask({ ...request, input });
      assert.deepEqual(first.output.map((item) => item.type), ["reasoning", "message"]);
      const [reasoning] = first.output;
      const told = [...(reasoning.summary ?? []), ...(reasoning.content ?? [])].map((part) => part.text).join("");
      assert.match(told, thought);
      assert.equal(first.output_text, pondered);
      assert.ok(first.usage.output_tokens_details.reasoning_tokens > 0);

      input.push(...first.output, { role: "user", content: "rate=0 and then?" });
      const second = await ask({ ...request, input });
      assert.ok(second.output_text.endsWith("You asked:\n\nrate=0 and then?"), second.output_text);
      assert.ok(second.usage.input_tokens > first.usage.input_tokens, "the first turn counts");
    });

    for (const [what, model, status, says] of refused) {
      test(`${way}: ${what}`, async () => {
        const error = await rejection(ask({ model, input: "hi" }));
        assert.ok(error instanceof (status === 404 ? OpenAI.NotFoundError : OpenAI.InternalServerError));
        assert.equal(error.status, status);
        assert.match(error.message, says);
        if (status === 404) assert.equal(error.code, "model_not_found");
      });
    }

    test(`${way}: a wrong key`, async () => {
      const stranger = client.withOptions({ apiKey: wrongKey });
      const error = await rejection(ask({ model: "sim/echo", input: "hi" }, stranger));
      assert.ok(error instanceof OpenAI.AuthenticationError, String(error));
      assert.ok(!error.message.includes(wrongKey), error.message);
    });
  }

  test("stream: events in order, numbered", async () => {
    const types = [];
    let numbered = -1;
    let text = "";
    for await (const event of await client.responses.create({ model: "sim/echo", input: odd, stream: true })) {
      assert.ok(event.sequence_number > numbered, `${event.type}: ${event.sequence_number} after ${numbered}`);
      numbered = event.sequence_number;
      types.push(event.type);
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    assert.equal(text, echoed(odd));
    assert.deepEqual(
      types.filter((type, i) => type !== types[i - 1]),
      [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
      ],
    );
    assert.ok(types.filter((type) => type === "response.output_text.delta").length > 10, "in pieces");
  });
});
