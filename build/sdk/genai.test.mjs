// The official Gemini SDK against the simulator, which speaks another dialect.
import { ApiError, FunctionCallingConfigMode, GoogleGenAI } from "@google/genai";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { rejection } from "./support/client.mjs";
import { startGatehouse } from "./support/gatehouse.mjs";
import {
  assertCounted, city, echoed, odd, parameters, pondered, question, refused, reported, thought, weather, wrongKey,
} from "./support/sim.mjs";

const declaration = { name: "weather", description: "The weather", parametersJsonSchema: parameters };
const tools = [{ functionDeclarations: [declaration] }];

describe("@google/genai SDK", () => {
  let gatehouse;
  let client;

  const connect = (apiKey) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: gatehouse.url } });

  before(async () => {
    gatehouse = await startGatehouse();
    client = connect(await gatehouse.key("genai"));
  });
  after(() => gatehouse?.stop());

  // Both give the parts, as the SDK's own chat joins them, and what the answer ends with.
  const ways = {
    generateContent: async (request, by = client) => {
      const done = await by.models.generateContent(request);
      return { chunks: 1, ...pick([done]) };
    },
    generateContentStream: async (request, by = client) => {
      const chunks = [];
      for await (const chunk of await by.models.generateContentStream(request)) chunks.push(chunk);
      return { chunks: chunks.length, ...pick(chunks) };
    },
  };
  const pick = (chunks) => {
    const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []);
    const texts = parts.filter((part) => part.text != null);
    const text = (thinking) => texts.filter((p) => !!p.thought === thinking).map((p) => p.text).join("");
    return {
      parts,
      text: text(false),
      thought: text(true),
      calls: parts.filter((part) => part.functionCall),
      finish: chunks.map((chunk) => chunk.candidates?.[0]?.finishReason).filter(Boolean),
      usage: chunks.map((chunk) => chunk.usageMetadata).filter(Boolean).at(-1),
    };
  };

  for (const [way, ask] of Object.entries(ways)) {
    test(`${way}: text, byte for byte`, async () => {
      const done = await ask({ model: "sim/echo", contents: odd, config: { systemInstruction: "be brief" } });
      assert.equal(done.text, echoed(odd));
      assert.deepEqual(done.finish, ["STOP"]);
      assertCounted(done.usage.promptTokenCount, done.usage.candidatesTokenCount, done.usage.totalTokenCount);
      if (way === "generateContentStream") assert.ok(done.chunks > 10, `${done.chunks} chunks`);
    });

    test(`${way}: a limit that cuts the answer off`, async () => {
      const done = await ask({ model: "sim/echo", contents: odd, config: { maxOutputTokens: 5 } });
      assert.deepEqual(done.finish, ["MAX_TOKENS"]);
      assert.ok(done.text !== "" && echoed(odd).startsWith(done.text), done.text);
      assert.equal(done.usage.candidatesTokenCount, 5);
    });

    test(`${way}: a function calling loop`, async () => {
      const toolConfig = { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } };
      const contents = [{ role: "user", parts: [{ text: "How is the weather?" }] }];
      const first = await ask({ model: "sim/tools", contents, config: { tools, toolConfig } });
      assert.equal(first.calls.length, 1);
      assert.equal(first.calls[0].functionCall.name, "weather");
      assert.deepEqual(first.calls[0].functionCall.args, { city });

      const { id, name } = first.calls[0].functionCall;
      contents.push(
        { role: "model", parts: first.parts },
        { role: "user", parts: [{ functionResponse: { id, name, response: { output: weather } } }] },
      );
      const second = await ask({ model: "sim/tools", contents, config: { tools } });
      assert.ok(second.text.startsWith(reported("")) && second.text.includes(weather), second.text);
      assert.deepEqual(second.finish, ["STOP"]);
      assert.equal(second.calls.length, 0);
    });

    test(`${way}: thoughts, echoed back in the second turn`, async () => {
      const config = { thinkingConfig: { includeThoughts: true } };
      const contents = [{ role: "user", parts: [{ text: question }] }];
      const first = await ask({ model: "sim/think", contents, config });
      assert.match(first.thought, thought);
      assert.equal(first.text, pondered);
      const { promptTokenCount: prompt, candidatesTokenCount: said, thoughtsTokenCount: thoughts } = first.usage;
      assert.ok(thoughts > 0, JSON.stringify(first.usage));
      assertCounted(prompt, said + thoughts, first.usage.totalTokenCount);

      contents.push({ role: "model", parts: first.parts }, { role: "user", parts: [{ text: "rate=0 and then?" }] });
      const second = await ask({ model: "sim/think", contents, config });
      assert.ok(second.text.endsWith("You asked:\n\nrate=0 and then?"), second.text);
      assert.ok(second.usage.promptTokenCount > prompt, "the first turn counts");
    });

    for (const [what, model, status, says] of refused) {
      test(`${way}: ${what}`, async () => {
        const error = await rejection(ask({ model, contents: "hi" }));
        assert.ok(error instanceof ApiError, String(error));
        assert.equal(error.status, status);
        assert.match(error.message, says);
        const body = JSON.parse(error.message).error;
        assert.equal(body.code, status);
        assert.equal(body.status, status === 404 ? "NOT_FOUND" : "UNAVAILABLE");
      });
    }

    test(`${way}: a wrong key`, async () => {
      const error = await rejection(ask({ model: "sim/echo", contents: "hi" }, connect(wrongKey)));
      assert.ok(error instanceof ApiError, String(error));
      assert.ok([400, 401].includes(error.status), String(error.status));
      assert.ok(!error.message.includes(wrongKey), error.message);
    });
  }

  test("a chat, which keeps its own history", async () => {
    const chat = client.chats.create({ model: "sim/echo" });
    assert.equal((await chat.sendMessage({ message: odd })).text, echoed(odd));
    let text = "";
    for await (const chunk of await chat.sendMessageStream({ message: `two ${odd}` })) text += chunk.text ?? "";
    assert.equal(text, echoed(`two ${odd}`));
    assert.deepEqual(chat.getHistory().map((content) => content.role).filter((role, i, all) => role !== all[i - 1]), [
      "user", "model", "user", "model",
    ]);
  });
});
