// What is passed on whole (images, audio, files, batches, videos and more): the official OpenAI SDK and three majors of
// the AI SDK, against providers played here.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import * as ai5 from "ai5";
import * as ai6 from "ai6";
import * as ai7 from "ai7";
import * as gateway2 from "gateway2";
import * as gateway3 from "gateway3";
import * as gateway4 from "gateway4";
import OpenAI, { toFile } from "openai";
import { assertNoTrace, rejection } from "./support/client.mjs";
import { startGatehouse } from "./support/gatehouse.mjs";
import { events, json, startUpstream } from "./support/upstream.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;

const own = `sk-proj-${randomBytes(24).toString("hex")}`;
const hosted = `vck_${randomBytes(24).toString("hex")}`;
const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAX+XDSwAAAABJRU5ErkJggg==", "base64");
const everyByte = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i & 0xff));
const usage = { input_tokens: 9, output_tokens: 100, total_tokens: 109, input_tokens_details: { text_tokens: 9, image_tokens: 0 } };

/** results are those of a batch: an answer, and what got none. */
const created = Math.floor(Date.now() / 1000);
const results = [
  {
    id: "batch_req_1", custom_id: "first", error: null,
    response: {
      status_code: 200, request_id: "r1",
      body: { id: "chatcmpl-1", object: "chat.completion", model: "gpt-4o-mini", choices: [], usage: { prompt_tokens: 1000, completion_tokens: 100 } },
    },
  },
  { id: "batch_req_2", custom_id: "second", response: null, error: { code: "batch_expired", message: "too late" } },
].map((line) => `${JSON.stringify(line)}\n`).join("");

/** openai is OpenAI as far as these endpoints go. */
function openai({ method, path, body }, res) {
  const binary = (type, data) => {
    res.writeHead(200, { "content-type": type, "content-length": data.length });
    res.end(data);
  };
  if (path === "/v1/models") return json(res, 200, { object: "list", data: [] });
  if (path.startsWith("/v1/images/")) {
    if (/"stream"\s*:\s*true/.test(body.toString())) {
      return void (events(res, [
        ["image_generation.partial_image", { type: "image_generation.partial_image", b64_json: png.toString("base64"), partial_image_index: 0 }],
        ["image_generation.completed", { type: "image_generation.completed", b64_json: png.toString("base64"), usage }],
      ]), res.end());
    }
    return json(res, 200, { created: 1, data: [{ b64_json: png.toString("base64") }], usage });
  }
  if (path === "/v1/audio/speech") return binary("audio/mpeg", everyByte);
  if (path === "/v1/audio/transcriptions") return json(res, 200, { text: "世界", usage: { type: "tokens", input_tokens: 14, output_tokens: 2, total_tokens: 16 } });
  if (path === "/v1/audio/translations") return json(res, 200, { text: "world" });
  if (path === "/v1/moderations") return json(res, 200, { id: "modr-1", model: "omni-moderation-latest", results: [{ flagged: false }] });
  if (path === "/v1/completions") return json(res, 200, { id: "cmpl-1", object: "text_completion", choices: [{ text: "b", index: 0, finish_reason: "stop", logprobs: null }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } });
  if (path === "/v1/decisions") return json(res, 200, { model: "d", answers: [{ type: "predicate", name: null, probability: 0.9 }], usage: { input_tokens: 5, output_tokens: 1, total_tokens: 6 } });
  if (path === "/v1/files" && method === "POST") return json(res, 200, { id: "file-1", object: "file", purpose: "batch" });
  if (path.startsWith("/v1/files?")) return json(res, 200, { object: "list", data: [{ id: "file-1", object: "file" }], has_more: false });
  if (path === "/v1/files/file-2/content") return binary("application/octet-stream", everyByte);
  if (path === "/v1/files/file-1") return json(res, 200, { id: "file-1", object: "file", deleted: method === "DELETE" });
  if (path === "/v1/files/file-3/content") return binary("application/octet-stream", Buffer.from(results));
  if (path.startsWith("/v1/batches")) {
    return json(res, 200, { id: "batch_1", object: "batch", created_at: created, status: "completed", output_file_id: "file-2", error_file_id: "file-3" });
  }
  if (path === "/v1/videos/video_1/content?variant=thumbnail") return binary("image/webp", everyByte);
  if (path.startsWith("/v1/videos")) return json(res, 200, { id: "video_1", object: "video", status: "completed", model: "sora-2", deleted: method === "DELETE" });
  return json(res, 404, { error: { message: `no ${method} ${path}`, type: "invalid_request_error", code: null, param: null } });
}

/** gateway is the hosted gateway's AI SDK protocol. */
function gateway({ path }, res) {
  const kind = path.replace(/^\/v[134]\/ai/, "");
  const metadata = { gateway: { cost: "0.04", routing: {} } };
  switch (kind) {
    case "/image-model":
      return json(res, 200, { images: [png.toString("base64")], usage: { inputTokens: 9, outputTokens: 100, totalTokens: 109 }, providerMetadata: metadata });
    case "/speech-model":
      return json(res, 200, { audio: everyByte.toString("base64"), providerMetadata: metadata });
    case "/transcription-model":
      return json(res, 200, { text: "世界", segments: [], language: "zh", durationInSeconds: 1.5 });
    case "/reranking-model":
      return json(res, 200, { ranking: [{ index: 1, relevanceScore: 0.9 }, { index: 0, relevanceScore: 0.1 }] });
    case "/video-model":
      return void (events(res, [{ type: "result", videos: [{ type: "base64", data: everyByte.toString("base64"), mediaType: "video/mp4" }] }]), res.end());
    case "/v1/models":
      return json(res, 200, { object: "list", data: [] });
  }
  if (path === "/v1/realtime/client-secrets") return json(res, 200, { token: "vcst_1", expiresAt: 2_000_000_000 });
  return json(res, 404, { error: { message: `no ${path}`, type: "not_found" } });
}

const models = /^\/v1\/models/;

describe("passed on whole", () => {
  let upstreams;
  let gatehouse;
  let key;

  before(async () => {
    upstreams = { openai: await startUpstream(openai), gateway: await startUpstream(gateway) };
    gatehouse = await startGatehouse({
      settings: { providers: { openai: { baseURL: `${upstreams.openai.url}/v1` }, gateway: { baseURL: upstreams.gateway.url } } },
      credentials: { OPENAI_API_KEY: own, AI_GATEWAY_API_KEY: hosted },
    });
    key = await gatehouse.key("whole");
  });
  beforeEach(() => {
    for (const upstream of Object.values(upstreams)) upstream.requests.length = 0;
  });
  after(async () => {
    await gatehouse?.stop();
    for (const upstream of Object.values(upstreams ?? {})) await upstream.stop();
  });

  /** last is the newest request that a provider got, which must not have seen the client's key. */
  function last(name) {
    const request = upstreams[name].requests.filter((r) => !models.test(r.path)).at(-1);
    assertNoTrace(request, key);
    assert.equal(request.headers.authorization, `Bearer ${name === "openai" ? own : hosted}`);
    return request;
  }

  const client = () => new OpenAI({ baseURL: `${gatehouse.url}/v1`, apiKey: key, maxRetries: 0 });
  const record = async (surface) => (await gatehouse.usage((all) => all[0]?.surface === surface && all[0].outcome !== "open"))[0];

  describe("openai SDK", () => {
    test("images.generate, whole and streamed", async () => {
      const request = { model: "openai/gpt-image-1", prompt: "ein Würfel 🎲", n: 1 };
      const done = await client().images.generate(request);
      assert.ok(Buffer.from(done.data[0].b64_json, "base64").equals(png));
      assert.deepEqual(JSON.parse(last("openai").body), { ...request, model: "gpt-image-1" });
      const kept = await record("image-generations");
      assert.deepEqual([kept.provider, kept.model, kept.inputTokens, kept.outputTokens, kept.outcome], ["openai", "openai/gpt-image-1", 9, 100, "ok"]);
      const types = [];
      for await (const event of await client().images.generate({ ...request, stream: true, partial_images: 1 })) types.push(event.type);
      assert.deepEqual(types, ["image_generation.partial_image", "image_generation.completed"]);
    });

    test("images.edit: a form, byte for byte but for the model", async () => {
      const done = await client().images.edit({
        model: "openai/gpt-image-1",
        prompt: "wärmer",
        image: await toFile(everyByte, "a b.png", { type: "image/png" }),
      });
      assert.equal(done.data.length, 1);
      const { body, headers } = last("openai");
      assert.ok(body.includes(everyByte) && !body.includes("openai/gpt-image-1"));
      const form = await new Response(body, { headers: { "content-type": headers["content-type"] } }).formData();
      assert.equal(form.get("model"), "gpt-image-1");
      assert.equal(form.get("prompt"), "wärmer");
      assert.ok(Buffer.from(await form.get("image").arrayBuffer()).equals(everyByte));
    });

    test("audio: speech, transcriptions, translations", async () => {
      const speech = await client().audio.speech.create({ model: "openai/tts-1", voice: "alloy", input: "hallo" });
      assert.equal(speech.headers.get("content-type"), "audio/mpeg");
      assert.ok(Buffer.from(await speech.arrayBuffer()).equals(everyByte));
      const file = () => toFile(everyByte, "a.wav", { type: "audio/wav" });
      assert.equal((await client().audio.transcriptions.create({ model: "openai/whisper-1", file: await file() })).text, "世界");
      const kept = await record("transcriptions");
      assert.deepEqual([kept.model, kept.inputTokens, kept.outputTokens], ["openai/whisper-1", 14, 2]);
      assert.equal((await client().audio.translations.create({ model: "openai/whisper-1", file: await file() })).text, "world");
      assert.ok(last("openai").body.includes(everyByte));
    });

    test("moderations, completions, decisions", async () => {
      assert.equal((await client().moderations.create({ input: "x" })).results[0].flagged, false);
      assert.deepEqual(JSON.parse(last("openai").body), { input: "x" });
      assert.equal((await client().completions.create({ model: "openai/babbage-002", prompt: "a" })).choices[0].text, "b");
      assert.equal(JSON.parse(last("openai").body).model, "babbage-002");
      const decision = await client().decisions.create({ model: "openai/gpt-6-luna-decisions", input: "x", questions: [] });
      assert.equal(decision.answers[0].probability, 0.9);
    });

    test("files and batches stay with who made them", async () => {
      const file = await client().files.create({ purpose: "batch", file: await toFile(everyByte, "in.jsonl") });
      assert.equal(file.id, "file-1");
      const batch = await client().batches.create({ input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" });
      assert.equal((await client().batches.retrieve(batch.id)).output_file_id, "file-2");
      const content = await client().files.content("file-2");
      assert.ok(Buffer.from(await content.arrayBuffer()).equals(everyByte));
      for (let n = 0; n < 2; n++) assert.equal(await (await client().files.content("file-3")).text(), results);
      const records = await gatehouse.usage((all) => all.some((r) => r.model === "openai/gpt-4o-mini"));
      const counted = records.filter((r) => r.model === "openai/gpt-4o-mini");
      // 1000 tokens at 0.15 and 100 at 0.60 USD for a million, at half the price, and once.
      assert.deepEqual(counted.map((r) => [r.inputTokens, r.outputTokens, r.costPicoUSD]), [[1000, 100, 105_000_000]]);
      const ids = [];
      for await (const one of client().files.list({ limit: 5 })) ids.push(one.id);
      assert.deepEqual(ids, ["file-1"]);
      assert.equal(last("openai").path, "/v1/files?limit=5");
      assert.equal((await client().files.delete(file.id)).deleted, true);
    });

    test("videos", async () => {
      const video = await client().videos.create({ model: "openai/sora-2", prompt: "Wellen" });
      assert.ok(!last("openai").body.includes("openai/sora-2"));
      assert.equal((await client().videos.retrieve(video.id)).status, "completed");
      const content = await client().videos.downloadContent(video.id, { variant: "thumbnail" });
      assert.ok(Buffer.from(await content.arrayBuffer()).equals(everyByte));
      assert.equal((await client().videos.delete(video.id)).deleted, true);
    });

    test("refusals in OpenAI's form", async () => {
      const nobody = await rejection(client().audio.speech.create({ model: "groq/playai-tts", voice: "x", input: "x" }));
      assert.equal(nobody.status, 404);
      assert.equal(nobody.code, "surface_unavailable");
      assert.match(nobody.message, /gatehouse credential set groq/);
      const unnamed = await rejection(client().audio.speech.create({ voice: "x", input: "x" }));
      assert.equal(unnamed.status, 400);
      assert.equal(unnamed.code, "model_missing");
    });
  });

  for (const [major, path, ai, provider] of [
    [5, "/v1/ai", ai5, gateway2],
    [6, "/v3/ai", ai6, gateway3],
    [7, "/v4/ai", ai7, gateway4],
  ]) {
    describe(`ai ${major} at ${path}`, () => {
      const connect = () => provider.createGateway({ baseURL: gatehouse.url + path, apiKey: key });
      const named = (name) => ai[name] ?? ai[`experimental_${name}`];
      const asked = (kind, model) => {
        const request = last("gateway");
        assert.equal(request.path, `${path}/${kind}`);
        assert.equal(request.headers["ai-model-id"], model);
        assert.equal(request.headers["ai-gateway-auth-method"], "api-key");
        assert.match(request.headers[`ai-${kind}-specification-version`], /^[234]$/);
        return request;
      };

      test("images", async () => {
        const done = await named("generateImage")({ model: connect().imageModel("bfl/flux-pro"), prompt: "ein Würfel", maxRetries: 0 });
        assert.ok(Buffer.from(done.image.uint8Array).equals(png));
        asked("image-model", "bfl/flux-pro");
        const kept = await record("ai-sdk-images");
        assert.deepEqual([kept.provider, kept.model, kept.inputTokens, kept.outputTokens], ["gateway", "bfl/flux-pro", 9, 100]);
      });

      test("a refusal in the AI SDK's form", async () => {
        const gone = connect().imageModel("anthropic-nobody/");
        const error = await rejection(named("generateImage")({ model: gone, prompt: "x", maxRetries: 0 }));
        assert.equal(error.statusCode ?? error.cause?.statusCode, 404, error.message);
      });

      if (major === 5) return; // its gateway has no other kinds

      test("speech and transcription", async () => {
        const speech = await named("generateSpeech")({ model: connect().speechModel("openai/tts-1"), text: "hallo", maxRetries: 0 });
        assert.ok(Buffer.from(speech.audio.uint8Array).equals(everyByte));
        asked("speech-model", "openai/tts-1");
        const heard = await named("transcribe")({ model: connect().transcriptionModel("openai/whisper-1"), audio: everyByte, maxRetries: 0 });
        assert.equal(heard.text, "世界");
        assert.equal(JSON.parse(asked("transcription-model", "openai/whisper-1").body).audio, everyByte.toString("base64"));
      });

      test("reranking", async () => {
        const done = await named("rerank")({ model: connect().rerankingModel("cohere/rerank-v3.5"), documents: ["a", "b"], query: "b", maxRetries: 0 });
        assert.deepEqual(done.ranking.map((r) => r.document), ["b", "a"]);
        asked("reranking-model", "cohere/rerank-v3.5");
      });

      test("video", async () => {
        const done = await named("generateVideo")({ model: connect().videoModel("google/veo-3"), prompt: "Wellen", maxRetries: 0 });
        assert.ok(Buffer.from(done.video.uint8Array).equals(everyByte));
        asked("video-model", "google/veo-3");
      });
    });
  }

  test("ai 7 mints realtime client secrets", async () => {
    const connect = gateway4.createGateway({ baseURL: `${gatehouse.url}/v4/ai`, apiKey: key });
    const { token } = await connect.experimental_realtime.getToken({ model: "openai/gpt-realtime" });
    assert.equal(token, "vcst_1");
    assert.equal(JSON.parse(last("gateway").body).model, "openai/gpt-realtime");
  });
});
