// Each SDK against a provider that speaks the other's dialect only: a second Gatehouse, whose simulator answers. Its
// history tells what reached it.
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import OpenAI from "openai";
import { rejection } from "./support/client.mjs";
import { startGatehouse } from "./support/gatehouse.mjs";
import {
  assertCounted, city, echoed, odd, parameters, pondered, question, reported, thought, weather,
} from "./support/sim.mjs";

const joined = (content, type, field) => content.filter((b) => b.type === type).map((b) => b[field]).join("");

describe("crossing dialects", () => {
  let upstream;
  let gatehouse;
  let openai;
  let anthropic;
  let gemini;

  before(async () => {
    upstream = await startGatehouse();
    gatehouse = await startGatehouse({
      settings: {
        providers: {
          groq: { baseURL: `${upstream.url}/v1` },
          anthropic: { baseURL: upstream.url },
          google: { baseURL: upstream.url },
          openai: { baseURL: `${upstream.url}/v1` },
        },
      },
      credentials: {
        GROQ_API_KEY: await upstream.key("groq"),
        ANTHROPIC_API_KEY: await upstream.key("anthropic"),
        GEMINI_API_KEY: await upstream.key("google"),
        OPENAI_API_KEY: await upstream.key("openai"),
      },
    });
    const apiKey = await gatehouse.key("crossing");
    openai = new OpenAI({ apiKey, baseURL: `${gatehouse.url}/v1`, maxRetries: 0 });
    anthropic = new Anthropic({ apiKey, baseURL: gatehouse.url, maxRetries: 0 });
    gemini = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: gatehouse.url } });
  });
  after(async () => {
    await gatehouse?.stop();
    await upstream?.stop();
  });

  for (const stream of [false, true]) {
    const how = stream ? "streamed" : "whole";

    describe(`openai to a provider of Messages, ${how}`, () => {
      const ask = async (request) => {
        if (!stream) return openai.chat.completions.create(request);
        const options = { stream_options: { include_usage: true } };
        return openai.chat.completions.stream({ ...request, ...options }).finalChatCompletion();
      };

      test("text, byte for byte", async () => {
        const messages = [{ role: "system", content: "be brief" }, { role: "user", content: odd }];
        const done = await ask({ model: "anthropic/echo", messages });
        assert.equal(done.choices[0].message.content, echoed(odd));
        assert.equal(done.choices[0].finish_reason, "stop");
        assertCounted(done.usage.prompt_tokens, done.usage.completion_tokens, done.usage.total_tokens);
      });

      test("a limit that cuts the answer off", async () => {
        const messages = [{ role: "user", content: odd }];
        const done = await ask({ model: "anthropic/echo", messages, max_completion_tokens: 5 });
        assert.equal(done.choices[0].finish_reason, "length");
        assert.equal(done.usage.completion_tokens, 5);
      });

      test("two tools at once, then their results", async () => {
        const tools = ["weather", "forecast"].map((name) => ({ type: "function", function: { name, parameters } }));
        const messages = [{ role: "user", content: "How is the weather?" }];
        const first = await ask({ model: "anthropic/tools", messages, tools });
        assert.equal(first.choices[0].finish_reason, "tool_calls");
        const calls = first.choices[0].message.tool_calls;
        assert.deepEqual(calls.map((call) => call.function.name), ["weather", "forecast"]);
        for (const call of calls) assert.deepEqual(JSON.parse(call.function.arguments), { city });
        messages.push(
          first.choices[0].message,
          ...calls.map((call, i) => ({ role: "tool", tool_call_id: call.id, content: `${weather} ${i}` })),
        );
        const second = await ask({ model: "anthropic/tools", messages, tools });
        assert.equal(
          second.choices[0].message.content,
          `${reported(`${weather} 0`)}\nThe tool forecast answered: ${weather} 1`,
        );
      });

      test("reasoning", async () => {
        const messages = [{ role: "user", content: question }];
        const request = { model: "anthropic/think", messages, reasoning_effort: "low" };
        let reasoning = "";
        let text = "";
        if (stream) {
          for await (const { choices } of await openai.chat.completions.create({ ...request, stream: true })) {
            reasoning += choices[0]?.delta.reasoning_content ?? "";
            text += choices[0]?.delta.content ?? "";
          }
        } else {
          const { message } = (await ask(request)).choices[0];
          [reasoning, text] = [message.reasoning_content, message.content];
        }
        assert.match(reasoning, thought);
        assert.equal(text, pondered);
      });

      test("an outage", async () => {
        const error = await rejection(ask({ model: "anthropic/down", messages: [{ role: "user", content: "hi" }] }));
        assert.ok(error instanceof OpenAI.InternalServerError, String(error));
        assert.match(error.message, /overloaded/);
      });
    });

    describe(`@anthropic-ai/sdk to a provider of Chat Completions, ${how}`, () => {
      const ask = (more) => {
        const request = { max_tokens: 2000, ...more };
        return stream ? anthropic.messages.stream(request).finalMessage() : anthropic.messages.create(request);
      };

      test("text, byte for byte", async () => {
        const messages = [{ role: "user", content: odd }];
        const done = await ask({ model: "groq/echo", system: "be brief", messages });
        assert.equal(joined(done.content, "text", "text"), echoed(odd));
        assert.equal(done.stop_reason, "end_turn");
        assert.ok(done.usage.input_tokens > 0 && done.usage.output_tokens > 0, JSON.stringify(done.usage));
      });

      test("a limit that cuts the answer off", async () => {
        const done = await ask({ model: "groq/echo", messages: [{ role: "user", content: odd }], max_tokens: 5 });
        assert.equal(done.stop_reason, "max_tokens");
        assert.equal(done.usage.output_tokens, 5);
      });

      test("two tools at once, then their results", async () => {
        const tools = ["weather", "forecast"].map((name) => ({ name, input_schema: parameters }));
        const messages = [{ role: "user", content: "How is the weather?" }];
        const first = await ask({ model: "groq/tools", messages, tools });
        assert.equal(first.stop_reason, "tool_use");
        const calls = first.content.filter((block) => block.type === "tool_use");
        assert.deepEqual(calls.map((call) => [call.name, call.input]), [["weather", { city }], ["forecast", { city }]]);
        const results = calls.map((call, i) => ({
          type: "tool_result",
          tool_use_id: call.id,
          content: [{ type: "text", text: `${weather} ${i}` }],
        }));
        messages.push({ role: "assistant", content: first.content }, { role: "user", content: results });
        const second = await ask({ model: "groq/tools", messages, tools });
        assert.equal(
          joined(second.content, "text", "text"),
          `${reported(`${weather} 0`)}\nThe tool forecast answered: ${weather} 1`,
        );
      });

      test("thinking, echoed back in the second turn", async () => {
        const thinking = { type: "enabled", budget_tokens: 1024 };
        const messages = [{ role: "user", content: question }];
        const first = await ask({ model: "groq/think", messages, thinking });
        assert.deepEqual(first.content.map((block) => block.type), ["thinking", "text"]);
        assert.match(first.content[0].thinking, thought);
        assert.equal(first.content[1].text, pondered);
        messages.push({ role: "assistant", content: first.content }, { role: "user", content: "rate=0 and then?" });
        const second = await ask({ model: "groq/think", messages, thinking });
        assert.ok(joined(second.content, "text", "text").endsWith("You asked:\n\nrate=0 and then?"));
        assert.ok(second.usage.input_tokens > first.usage.input_tokens, "the first turn counts");
      });

      test("an outage", async () => {
        const error = await rejection(ask({ model: "groq/down", messages: [{ role: "user", content: "hi" }] }));
        assert.ok(error instanceof Anthropic.InternalServerError, String(error));
        assert.match(error.message, /overloaded/);
      });
    });

    for (const provider of ["anthropic", "groq", "google", "openai"]) {
      test(`@anthropic-ai/sdk to ${provider}, ${how}`, async () => {
        const request = { model: `${provider}/echo`, max_tokens: 9000, messages: [{ role: "user", content: odd }] };
        const asked = stream ? anthropic.messages.stream(request).finalMessage() : anthropic.messages.create(request);
        assert.equal(joined((await asked).content, "text", "text"), echoed(odd));
      });

      test(`@google/genai to ${provider}, ${how}`, async () => {
        const request = { model: `${provider}/echo`, contents: odd };
        let text = "";
        if (!stream) text = (await gemini.models.generateContent(request)).text;
        else for await (const chunk of await gemini.models.generateContentStream(request)) text += chunk.text ?? "";
        assert.equal(text, echoed(odd));
      });

      test(`openai's Responses to ${provider}, ${how}`, async () => {
        const request = { model: `${provider}/echo`, input: odd };
        const asked = stream ? openai.responses.stream(request).finalResponse() : openai.responses.create(request);
        const done = await asked;
        assert.equal(done.output_text, echoed(odd));
      });
    }
  }

  test("@google/genai: a chat of its own keeping that changes the model at every turn", async () => {
    const history = [];
    for (const [i, model] of ["anthropic/think", "google/think", "groq/think", "google/echo", "openai/think"].entries()) {
      const config = { thinkingConfig: { includeThoughts: true } };
      const chat = gemini.chats.create({ model, history: [...history], config });
      let text = "";
      for await (const chunk of await chat.sendMessageStream({ message: `rate=0 turn ${i}` })) text += chunk.text ?? "";
      assert.ok(text.endsWith(`rate=0 turn ${i}`), text);
      history.splice(0, history.length, ...chat.getHistory(true));
      assert.equal(history.filter((content) => content.role === "user").length, i + 1, "no turn is lost");
    }
  });

  test("the provider was asked in its own dialect only", async () => {
    const wanted = { anthropic: "messages", groq: "chat-completions", google: "gemini", openai: "responses" };
    const records = await upstream.usage((all) => new Set(all.map((r) => r.dialect)).size > 3);
    assert.ok(records.length > 20, `${records.length} requests`);
    for (const { key, dialect } of records) assert.equal(dialect, wanted[key]);
  });

  // A token every 100 s: after the first, nothing is written that could fail, so only the abort itself ends the stream.
  const slow = [{ role: "user", content: "tokens=500 rate=0.01" }];
  for (const [who, key, begin] of [
    [
      "openai",
      "anthropic",
      () => openai.chat.completions.create({ model: "anthropic/stream", messages: slow, stream: true }),
    ],
    [
      "@anthropic-ai/sdk",
      "groq",
      () => anthropic.messages.create({ model: "groq/stream", max_tokens: 9000, messages: slow, stream: true }),
    ],
  ]) {
    test(`${who}: aborting a stream reaches the upstream`, async () => {
      const stream = await begin();
      for await (const event of stream) {
        assert.ok(event);
        break; // the SDK aborts the request
      }
      const aborted = (r) => r.outcome === "cancelled" && r.model === "sim/stream" && r.key === key;
      const records = await upstream.usage((all) => all.some(aborted));
      assert.ok(records.find(aborted).stream);
      await gatehouse.usage((all) => all.some((r) => r.outcome === "cancelled" && r.model === `${key}/stream`));
    });
  }
});
