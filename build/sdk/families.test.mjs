// Every SDK against every family of providers, with each answer cut into pieces of a few bytes on both sides of
// Gatehouse: what arrives must be the text, byte for byte.
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import * as ai5 from "ai5";
import * as ai6 from "ai6";
import * as ai7 from "ai7";
import * as gateway2 from "gateway2";
import * as gateway3 from "gateway3";
import * as gateway4 from "gateway4";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import OpenAI from "openai";
import { startGatehouse } from "./support/gatehouse.mjs";
import { echoed, odd } from "./support/sim.mjs";
import { slice } from "./support/slicer.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;

// families are providers by the protocol that they are spoken to in.
const families = {
  "Chat Completions": "groq", "OpenAI Responses": "openai", "Anthropic Messages": "anthropic", Gemini: "google",
};

// clients ask a model for the echo of a text, streamed or whole.
const clients = {
  "openai chat": ({ url, apiKey }) => {
    const client = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
    return async (model, text, stream) => {
      const request = { model, messages: [{ role: "user", content: text }] };
      if (!stream) return (await client.chat.completions.create(request)).choices[0].message.content;
      return (await client.chat.completions.stream(request).finalChatCompletion()).choices[0].message.content;
    };
  },
  "openai responses": ({ url, apiKey }) => {
    const client = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
    return async (model, input, stream) => {
      const request = { model, input, store: false };
      if (!stream) return (await client.responses.create(request)).output_text;
      return (await client.responses.stream(request).finalResponse()).output_text;
    };
  },
  "@anthropic-ai/sdk": ({ url, apiKey }) => {
    const client = new Anthropic({ apiKey, baseURL: url, maxRetries: 0 });
    return async (model, text, stream) => {
      const request = { model, max_tokens: 2000, messages: [{ role: "user", content: text }] };
      const done = await (stream ? client.messages.stream(request).finalMessage() : client.messages.create(request));
      return done.content.filter((b) => b.type === "text").map((b) => b.text).join("");
    };
  },
  "@google/genai": ({ url, apiKey }) => {
    const client = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } });
    return async (model, contents, stream) => {
      if (!stream) return (await client.models.generateContent({ model, contents })).text;
      let text = "";
      for await (const chunk of await client.models.generateContentStream({ model, contents })) text += chunk.text ?? "";
      return text;
    };
  },
  ...Object.fromEntries(
    [[5, "/v1/ai", ai5, gateway2], [6, "/v3/ai", ai6, gateway3], [7, "/v4/ai", ai7, gateway4]].map(
      ([major, path, ai, provider]) => [`ai ${major}`, ({ url, apiKey }) => {
        const models = provider.createGateway({ baseURL: url + path, apiKey });
        return async (model, prompt, stream) => {
          const request = { model: models(model), prompt, maxRetries: 0 };
          if (!stream) return (await ai.generateText(request)).text;
          let failed;
          const text = await ai.streamText({ ...request, onError: ({ error }) => (failed = error) }).text;
          if (failed) throw failed;
          return text;
        };
      }],
    ),
  ),
};

describe("every SDK to every family of providers", () => {
  const running = [];
  let at;

  before(async () => {
    const upstream = await startGatehouse();
    running.push(upstream);
    const far = await slice(upstream.url);
    running.unshift(far);
    const gatehouse = await startGatehouse({
      settings: {
        providers: {
          groq: { baseURL: `${far.url}/v1` }, openai: { baseURL: `${far.url}/v1` }, anthropic: { baseURL: far.url },
          google: { baseURL: far.url },
        },
      },
      credentials: Object.fromEntries(
        await Promise.all(
          [["GROQ", "groq"], ["OPENAI", "openai"], ["ANTHROPIC", "anthropic"], ["GEMINI", "google"]].map(
            async ([name, id]) => [`${name}_API_KEY`, await upstream.key(id)],
          ),
        ),
      ),
    });
    running.unshift(gatehouse);
    const near = await slice(gatehouse.url);
    running.unshift(near);
    at = { url: near.url, apiKey: await gatehouse.key("families") };
  });
  after(async () => {
    for (const part of running) await part.stop();
  });

  for (const [name, connect] of Object.entries(clients)) {
    for (const [family, provider] of Object.entries(families)) {
      test(`${name} to ${family}`, async () => {
        const ask = connect(at);
        for (const stream of [true, false]) assert.equal(await ask(`${provider}/echo`, odd, stream), echoed(odd));
      });
    }
  }
});
