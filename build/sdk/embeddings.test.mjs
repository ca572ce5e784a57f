// Embeddings and counts of tokens: the official SDKs against the simulator, which makes some and counts itself, and against
// providers played here in their own dialects.
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import * as ai5 from "ai5";
import * as ai6 from "ai6";
import * as ai7 from "ai7";
import * as gateway2 from "gateway2";
import * as gateway3 from "gateway3";
import * as gateway4 from "gateway4";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import OpenAI from "openai";
import { rejection } from "./support/client.mjs";
import { startGatehouse } from "./support/gatehouse.mjs";
import { odd, parameters } from "./support/sim.mjs";
import { json, startUpstream } from "./support/upstream.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;

const credential = `sk-${randomBytes(24).toString("hex")}`;
const texts = ["the cat sat on the mat", odd, "quarterly revenue grew"];

/** answer plays OpenAI (without base64, as many compatible servers are), Google and Anthropic. */
function answer(request, res) {
  const body = request.method === "POST" ? JSON.parse(request.body.toString()) : {};
  switch (request.path) {
    case "/v1/embeddings": {
      const data = body.input.map((text, index) => ({ object: "embedding", index, embedding: [text.length, 0.1, -2] }));
      return json(res, 200, { object: "list", data, model: body.model, usage: { prompt_tokens: 9, total_tokens: 9 } });
    }
    case "/v1beta/models/gemini-embedding-001:batchEmbedContents":
      if (body.requests.some((r) => r.model !== "models/gemini-embedding-001")) {
        return json(res, 400, { error: { code: 400, message: "wrong model", status: "INVALID_ARGUMENT" } });
      }
      return json(res, 200, { embeddings: body.requests.map((r) => ({ values: [r.content.parts[0].text.length, 1] })) });
    case "/v1beta/models/gemini-x:countTokens":
      return json(res, 200, { totalTokens: 4321 });
    case "/v1/messages/count_tokens":
      return json(res, 200, { input_tokens: 1234 });
    case "/v1/responses/input_tokens":
      return json(res, 200, { object: "response.input_tokens", input_tokens: 777 });
  }
  return json(res, 404, { error: { message: `nothing at ${request.path}` } });
}

const close = (got, want) => {
  assert.equal(got.length, want.length);
  got.forEach((n, i) => assert.ok(Math.abs(n - want[i]) < 1e-6, `${n} at ${i}, want ${want[i]}`));
};

describe("embeddings and counts", () => {
  let upstream;
  let gatehouse;
  let key;
  let openai;
  let genai;
  let anthropic;

  before(async () => {
    upstream = await startUpstream(answer);
    gatehouse = await startGatehouse({
      settings: {
        providers: {
          openai: { baseURL: `${upstream.url}/v1` },
          google: { baseURL: upstream.url },
          anthropic: { baseURL: upstream.url },
          groq: { baseURL: `${upstream.url}/v1` },
        },
      },
      credentials: Object.fromEntries(["OPENAI", "GEMINI", "ANTHROPIC", "GROQ"].map((name) => [`${name}_API_KEY`, credential])),
    });
    key = await gatehouse.key("embeddings");
    openai = new OpenAI({ apiKey: key, baseURL: `${gatehouse.url}/v1`, maxRetries: 0 });
    genai = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: gatehouse.url } });
    anthropic = new Anthropic({ apiKey: key, baseURL: gatehouse.url, maxRetries: 0 });
  });
  after(async () => {
    await gatehouse?.stop();
    await upstream?.stop();
  });

  test("openai: base64, which the SDK asks for unasked, and floats are the same", async () => {
    const silent = await openai.embeddings.create({ model: "sim/embed", input: texts, dimensions: 16 });
    const floats = await openai.embeddings.create({
      model: "sim/embed", input: texts, dimensions: 16, encoding_format: "float",
    });
    assert.equal(silent.data.length, texts.length);
    silent.data.forEach((one, i) => {
      assert.equal(one.index, i);
      assert.equal(one.embedding.length, 16);
      close(one.embedding, floats.data[i].embedding);
    });
    assert.ok(silent.usage.prompt_tokens > 0 && silent.usage.total_tokens === silent.usage.prompt_tokens);
    const raw = await openai.embeddings.create({ model: "sim/embed", input: "x", encoding_format: "base64" });
    assert.equal(Buffer.from(raw.data[0].embedding, "base64").length, 4 * 256);
    const tokens = await openai.embeddings.create({ model: "sim/embed", input: [[1, 2, 3], [4]] });
    assert.equal(tokens.usage.prompt_tokens, 4);
  });

  test("openai: a provider that knows no base64", async () => {
    const done = await openai.embeddings.create({ model: "openai/text-embedding-3-small", input: ["abc", "de"] });
    close(done.data[0].embedding, [3, 0.1, -2]);
    close(done.data[1].embedding, [2, 0.1, -2]);
    assert.equal(done.usage.prompt_tokens, 9);
    assert.equal(upstream.last().headers.authorization, `Bearer ${credential}`);
  });

  test("openai: a hundred and fifty texts to Gemini", async () => {
    const input = Array.from({ length: 150 }, (_, i) => "x".repeat(i + 1));
    const done = await openai.embeddings.create({ model: "google/gemini-embedding-001", input });
    done.data.forEach((one, i) => close(one.embedding, [i + 1, 1]));
    assert.equal(done.data.length, 150);
    assert.equal(upstream.last().headers["x-goog-api-key"], credential);
  });

  test("openai: who has none says so", async () => {
    for (const model of ["groq/llama", "anthropic/claude", "sim/echo"]) {
      const error = await rejection(openai.embeddings.create({ model, input: "x" }));
      assert.ok(error instanceof OpenAI.NotFoundError, `${model}: ${error}`);
      assert.equal(error.code, "model_not_found");
    }
  });

  test("genai: the simulator's vectors, and Gemini's own", async () => {
    const want = await openai.embeddings.create({ model: "sim/embed", input: texts, dimensions: 16 });
    const config = { outputDimensionality: 16 };
    const done = await genai.models.embedContent({ model: "sim/embed", contents: texts, config });
    done.embeddings.forEach((one, i) => close(one.values, want.data[i].embedding));
    const own = await genai.models.embedContent({ model: "google/gemini-embedding-001", contents: ["abc", "de"] });
    assert.deepEqual(own.embeddings.map((one) => one.values), [[3, 1], [2, 1]]);
  });

  for (const [major, path, ai, provider] of [
    [5, "/v1/ai", ai5, gateway2],
    [6, "/v3/ai", ai6, gateway3],
    [7, "/v4/ai", ai7, gateway4],
  ]) {
    test(`ai ${major}: embed and embedMany`, async () => {
      const connected = provider.createGateway({ baseURL: gatehouse.url + path, apiKey: key });
      const model = (id) => (connected.embeddingModel ?? connected.textEmbeddingModel)(id);
      const want = await openai.embeddings.create({ model: "sim/embed", input: texts });
      const one = await ai.embed({ model: model("sim/embed"), value: texts[0], maxRetries: 0 });
      close(one.embedding, want.data[0].embedding);
      assert.ok(one.usage.tokens > 0);
      const many = await ai.embedMany({ model: model("sim/embed"), values: texts, maxRetries: 0 });
      many.embeddings.forEach((vector, i) => close(vector, want.data[i].embedding));
      assert.equal(many.usage.tokens, want.usage.prompt_tokens);
      const short = await ai.embed({
        model: model("sim/embed"), value: "x", maxRetries: 0, providerOptions: { openai: { dimensions: 8 } },
      });
      assert.equal(short.embedding.length, 8);
      const values = ["abc", "de"];
      const gemini = await ai.embedMany({ model: model("google/gemini-embedding-001"), values, maxRetries: 0 });
      assert.deepEqual(gemini.embeddings, [[3, 1], [2, 1]]);
      const error = await rejection(ai.embed({ model: model("groq/llama"), value: "x", maxRetries: 0 }));
      assert.match(error.message, /Groq has no embeddings/);
    });
  }

  test("what was used stands in the history", async () => {
    await openai.embeddings.create({ model: "sim/embed", input: "counted" });
    const [record] = await gatehouse.usage((all) => all[0]?.model === "sim/embed" && all[0].outcome === "ok");
    assert.ok(record.inputTokens > 0);
    assert.equal(record.outputTokens, 0);
    assert.equal(record.costPicoUSD, 0);
  });

  const counted = {
    system: "be brief",
    tools: [{ name: "weather", description: "The weather", input_schema: parameters }],
    messages: [{ role: "user", content: "What is the weather like, and how many tokens is that?" }],
  };

  test("anthropic: countTokens is what an answer then uses", async () => {
    const { input_tokens } = await anthropic.messages.countTokens({ model: "sim/echo", ...counted });
    const done = await anthropic.messages.create({ model: "sim/echo", max_tokens: 100, ...counted });
    assert.equal(input_tokens, done.usage.input_tokens);
  });

  test("anthropic: countTokens of Anthropic, of Gemini, of OpenAI and of who does not count", async () => {
    const count = async (model) => (await anthropic.messages.countTokens({ model, ...counted })).input_tokens;
    assert.equal(await count("anthropic/claude"), 1234);
    assert.equal(await count("google/gemini-x"), 4321);
    assert.equal(await count("openai/gpt-x"), 777);
    const estimated = await count("groq/llama");
    assert.ok(estimated > 40 && estimated < 120, `${estimated}`);
  });

  test("genai: countTokens of Gemini, of Anthropic and of who does not count", async () => {
    const contents = counted.messages[0].content;
    const count = async (model) => (await genai.models.countTokens({ model, contents })).totalTokens;
    assert.equal(await count("google/gemini-x"), 4321);
    assert.equal(await count("anthropic/claude"), 1234);
    const estimated = await count("groq/llama");
    assert.ok(estimated > 10 && estimated < 40, `${estimated}`);
  });

  test("openai: responses.inputTokens.count of OpenAI, of Anthropic and of who does not count", async () => {
    const count = (model) => openai.responses.inputTokens.count({ model, input: counted.messages[0].content });
    assert.deepEqual(await count("openai/gpt-x"), { object: "response.input_tokens", input_tokens: 777 });
    assert.equal((await count("anthropic/claude")).input_tokens, 1234);
    const { object, input_tokens } = await count("groq/llama");
    assert.equal(object, "response.input_tokens");
    assert.ok(input_tokens > 10 && input_tokens < 40, `${input_tokens}`);
  });
});
