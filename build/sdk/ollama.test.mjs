// The official Ollama SDK against the simulator and a provider of another dialect; and what Copilot's Ollama provider asks.
import assert from "node:assert/strict";
import net from "node:net";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { rejection, within } from "./support/client.mjs";
import { startGatehouse } from "./support/gatehouse.mjs";
import { city, echoed, odd, parameters, pondered, question, refused, reported, thought, weather, wrongKey } from "./support/sim.mjs";
import { events, startUpstream } from "./support/upstream.mjs";

const tools = [{ type: "function", function: { name: "weather", description: "The weather", parameters } }];
const onePixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const credential = "upstream-secret-0123456789abcdef";

describe("ollama SDK", () => {
  let gatehouse;
  let upstream;
  let client;
  let closed;

  const connect = (key) => new Ollama({ host: gatehouse.url, headers: { Authorization: `Bearer ${key}` } });

  before(async () => {
    upstream = await startUpstream((request, res) => {
      closed = once(res, "close");
      const chunk = (delta, reason = null) => ({ id: "c", choices: [{ index: 0, delta, finish_reason: reason }] });
      if (request.method === "GET") return void res.writeHead(404).end();
      events(res, [chunk({ content: "first" })]);
      const said = request.body.toString();
      if (said.includes("please hold")) return;
      if (said.includes("please fail")) return void setImmediate(() => res.destroy());
      events(res, [chunk({}, "stop"), "[DONE]"]);
      res.end();
    });
    gatehouse = await startGatehouse({
      settings: { providers: { groq: { baseURL: `${upstream.url}/v1` } } },
      credentials: { GROQ_API_KEY: credential },
    });
    client = connect(await gatehouse.key("ollama"));
  });
  after(async () => {
    await gatehouse?.stop();
    await upstream?.stop();
  });

  // All give what the model said, with the last object.
  const ways = {
    chat: async (request, by = client) => {
      const { message, ...last } = await by.chat(request);
      return { pieces: 1, message, last };
    },
    "chat, streamed": async (request, by = client) => {
      const message = { role: "assistant", content: "" };
      let pieces = 0;
      let last;
      for await (const part of await by.chat({ ...request, stream: true })) {
        assert.ok(!last?.done, "nothing comes behind the last piece");
        message.content += part.message.content;
        if (part.message.thinking) message.thinking = (message.thinking ?? "") + part.message.thinking;
        if (part.message.tool_calls) message.tool_calls = [...(message.tool_calls ?? []), ...part.message.tool_calls];
        pieces++;
        last = part;
      }
      return { pieces, message, last };
    },
  };

  for (const [way, ask] of Object.entries(ways)) {
    test(`${way}: text, byte for byte`, async () => {
      const done = await ask({ model: "sim/echo", messages: [{ role: "system", content: "be brief" }, { role: "user", content: odd }] });
      assert.equal(done.message.content, echoed(odd));
      assert.equal(done.last.model, "sim/echo");
      assert.equal(done.last.done_reason, "stop");
      assert.ok(!Number.isNaN(Date.parse(done.last.created_at)), done.last.created_at);
      for (const name of ["prompt_eval_count", "eval_count", "total_duration", "eval_duration"]) {
        assert.ok(done.last[name] > 0, `${name} of ${JSON.stringify(done.last)}`);
      }
      if (way !== "chat") assert.ok(done.pieces > 10, `${done.pieces} pieces`);
    });

    test(`${way}: a limit that cuts the answer off`, async () => {
      const done = await ask({ model: "sim/echo:latest", messages: [{ role: "user", content: odd }], options: { num_predict: 5, num_ctx: 4096 } });
      assert.equal(done.last.done_reason, "length");
      assert.equal(done.last.eval_count, 5);
      assert.ok(done.message.content !== "" && echoed(odd).startsWith(done.message.content), done.message.content);
    });

    test(`${way}: a tool calling loop`, async () => {
      const messages = [{ role: "user", content: "How is the weather?" }];
      const first = await ask({ model: "sim/tools", messages, tools });
      assert.equal(first.message.tool_calls.length, 1);
      assert.equal(first.message.tool_calls[0].function.name, "weather");
      assert.deepEqual(first.message.tool_calls[0].function.arguments, { city });

      messages.push(first.message, { role: "tool", tool_name: "weather", content: weather });
      const second = await ask({ model: "sim/tools", messages, tools });
      assert.ok(second.message.content.startsWith(reported("")) && second.message.content.includes(weather), second.message.content);
      assert.equal(second.message.tool_calls, undefined);
    });

    test(`${way}: thinking`, async () => {
      const done = await ask({ model: "sim/think", messages: [{ role: "user", content: question }], think: true });
      assert.match(done.message.thinking, thought);
      assert.equal(done.message.content, pondered);
    });

    for (const [what, model, status, says] of refused) {
      test(`${way}: ${what}`, async () => {
        const error = await rejection(ask({ model, messages: [{ role: "user", content: "hi" }] }));
        assert.equal(error.name, "ResponseError");
        assert.equal(error.status_code, status);
        assert.match(error.error, says);
      });
    }

    test(`${way}: a wrong key, and none`, async () => {
      for (const by of [connect(wrongKey), new Ollama({ host: gatehouse.url })]) {
        const error = await rejection(ask({ model: "sim/echo", messages: [{ role: "user", content: "hi" }] }, by));
        assert.equal(error.status_code, 401);
        assert.ok(error.error.includes("API key") && !error.error.includes(wrongKey), error.error);
      }
    });
  }

  test("generate, streamed and not", async () => {
    const whole = await client.generate({ model: "sim/echo", system: "be brief", prompt: odd });
    assert.equal(whole.response, echoed(odd));
    assert.equal(whole.done_reason, "stop");
    let text = "";
    for await (const part of await client.generate({ model: "sim/echo", prompt: odd, stream: true })) text += part.response;
    assert.equal(text, echoed(odd));
    const thinking = await client.generate({ model: "sim/think", prompt: question, think: true });
    assert.match(thinking.thinking, thought);
    for (const refused of [{ raw: true }, { suffix: "end" }, { template: "{{ .Prompt }}" }, { context: [1, 2] }]) {
      const error = await rejection(client.generate({ model: "sim/echo", prompt: "hi", ...refused }));
      assert.equal(error.status_code, 400);
      assert.ok(error.error.startsWith(Object.keys(refused)[0]), error.error);
    }
  });

  test("a model is loaded and freed without being asked anything", async () => {
    const loaded = await client.generate({ model: "sim/echo", prompt: "" });
    assert.deepEqual([loaded.response, loaded.done_reason], ["", "load"]);
    const freed = await client.chat({ model: "sim/echo", messages: [], keep_alive: 0 });
    assert.deepEqual([freed.message.content, freed.done_reason], ["", "unload"]);
  });

  test("list, show, ps and version", async () => {
    const { models } = await client.list();
    const names = models.map((m) => m.name);
    assert.ok(names.includes("gatehouse/active") && names.includes("sim/echo"), names.join());
    for (const name of names) {
      const shown = await client.show({ model: name });
      const arch = shown.model_info["general.architecture"];
      assert.ok(shown.capabilities.length > 0 && shown.model_info[`${arch}.context_length`] > 0, JSON.stringify(shown));
    }
    assert.deepEqual((await client.ps()).models, []);
    assert.match((await client.version()).version, /^\d+\.\d+\.\d+$/);
    assert.equal((await rejection(client.show({ model: "no/such" }))).status_code, 404);
  });

  test("embed and embeddings", async () => {
    const { embeddings, model } = await client.embed({ model: "sim/embed", input: ["one", odd] });
    assert.equal(embeddings.length, 2);
    assert.equal(model, "sim/embed");
    const length = Math.hypot(...embeddings[1]);
    assert.ok(Math.abs(length - 1) < 1e-3, `length ${length}`);
    assert.deepEqual((await client.embeddings({ model: "sim/embed", prompt: odd })).embedding, embeddings[1]);
  });

  test("an image and a schema go to the provider", async () => {
    const format = { type: "object", properties: { n: { type: "integer" } } };
    const done = await client.chat({
      model: "groq/llava", format, messages: [{ role: "user", content: "what?", images: [Buffer.from(onePixel, "base64")] }],
    });
    assert.equal(done.message.content, "first");
    const sent = JSON.parse(upstream.last().body.toString());
    assert.equal(sent.messages[0].content[1].image_url.url, `data:image/png;base64,${onePixel}`);
    assert.deepEqual(sent.response_format.json_schema.schema, format);
  });

  test("aborting a stream closes the provider's connection", async () => {
    const stream = await client.chat({ model: "groq/m", messages: [{ role: "user", content: "please hold" }], stream: true });
    const aborted = await rejection(
      (async () => {
        for await (const part of stream) {
          assert.equal(part.message.content, "first");
          client.abort();
        }
      })(),
    );
    assert.equal(aborted.name, "AbortError");
    await within(10_000, "the provider's connection closes", closed);
  });

  test("an answer that breaks off is an error", async () => {
    const error = await rejection(
      (async () => {
        let text = "";
        const stream = await client.chat({ model: "groq/m", messages: [{ role: "user", content: "please fail" }], stream: true });
        for await (const part of stream) text += part.message.content;
        return text;
      })(),
    );
    assert.match(error.message, /broke off/);
  });

  test("models are managed elsewhere", async () => {
    const ways = {
      pull: () => client.pull({ model: "x" }),
      delete: () => client.delete({ model: "x" }),
      copy: () => client.copy({ source: "x", destination: "y" }),
    };
    for (const ask of Object.values(ways)) {
      const error = await rejection(ask());
      assert.equal(error.status_code, 501);
      assert.match(error.error, /managed by/);
    }
  });
});

describe("Ollama's clients without a key", () => {
  let gatehouse;
  let port;

  before(async () => {
    const probe = net.createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    port = probe.address().port;
    probe.close();
    await once(probe, "close");
    gatehouse = await startGatehouse({ settings: { ollama: { allowWithoutKey: true, addr: `127.0.0.1:${port}` } } });
  });
  after(() => gatehouse?.stop());

  test("at Ollama's port: Copilot's way from the version to an answer (case 54)", async () => {
    const base = `http://127.0.0.1:${port}`;
    assert.equal(await (await fetch(base)).text(), "Ollama is running");
    assert.equal((await fetch(base, { method: "HEAD" })).status, 200);
    const json = async (path, body) => {
      const answer = await fetch(base + path, body ? { method: "POST", body: JSON.stringify(body) } : {});
      assert.equal(answer.status, 200, path);
      return answer.json();
    };
    assert.match((await json("/api/version")).version, /^\d+\.\d+\.\d+$/);
    const { models } = await json("/api/tags");
    const able = [];
    for (const { model } of models) {
      if ((await json("/api/show", { model })).capabilities.includes("tools")) able.push(model);
    }
    assert.ok(able.includes("sim/tools"), able.join());
    const openai = new OpenAI({ baseURL: `${base}/v1`, apiKey: "ollama", maxRetries: 0 });
    const done = await openai.chat.completions.create({ model: "sim/echo", messages: [{ role: "user", content: odd }] });
    assert.equal(done.choices[0].message.content, echoed(odd));
    assert.equal((await rejection(openai.models.list())).status, 401);
  });

  test("the SDK, with nothing but the address", async () => {
    for (const host of [gatehouse.url, `http://127.0.0.1:${port}`]) {
      const done = await new Ollama({ host }).chat({ model: "sim/echo", messages: [{ role: "user", content: odd }] });
      assert.equal(done.message.content, echoed(odd));
    }
    const records = await gatehouse.usage((all) => all.length >= 3);
    assert.ok(records.some((r) => r.key === "Ollama client without a key" && r.dialect === "ollama"), JSON.stringify(records));
  });
});
