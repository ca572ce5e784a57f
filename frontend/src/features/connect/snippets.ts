// How programs are told where to send their requests, in the words of the libraries that they use.

export interface Snippet {
  id: string;
  name: string;
  language: string;
  text(url: string, key: string, model: string): string;
}

export const snippets: Snippet[] = [
  {
    id: "env",
    name: "Environment",
    language: "bash",
    text: (url, key) =>
      [
        ["OPENAI_BASE_URL", `${url}/v1`],
        ["OPENAI_API_KEY", key],
        ["ANTHROPIC_BASE_URL", url],
        ["ANTHROPIC_API_KEY", key],
        ["GOOGLE_GEMINI_BASE_URL", url],
        ["GEMINI_API_KEY", key],
      ]
        .map(([name, value]) => `export ${name}="${value}"`)
        .join("\n"),
  },
  {
    id: "openai",
    name: "OpenAI",
    language: "typescript",
    text: (url, key, model) => `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${url}/v1", apiKey: "${key}" });
const answer = await client.chat.completions.create({
  model: "${model}",
  messages: [{ role: "user", content: "Hello" }],
});`,
  },
  {
    id: "openai-python",
    name: "OpenAI (Python)",
    language: "python",
    text: (url, key, model) => `from openai import OpenAI

client = OpenAI(base_url="${url}/v1", api_key="${key}")
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Hello"}],
)`,
  },
  {
    id: "anthropic",
    name: "Anthropic",
    language: "typescript",
    text: (url, key, model) => `import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: "${url}", apiKey: "${key}" });
const answer = await client.messages.create({
  model: "${model}",
  max_tokens: 1024,
  messages: [{ role: "user", content: "Hello" }],
});`,
  },
  {
    id: "ai-sdk",
    name: "AI SDK",
    language: "typescript",
    text: (url, key, model) => `import { createGateway, generateText } from "ai";

// AI SDK 7; version 6 takes /v3/ai, version 5 /v1/ai.
const gateway = createGateway({ baseURL: "${url}/v4/ai", apiKey: "${key}" });
const { text } = await generateText({ model: gateway("${model}"), prompt: "Hello" });`,
  },
  {
    id: "curl",
    name: "curl",
    language: "bash",
    text: (url, key, model) => `curl -N ${url}/v1/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '${JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Hello" }] })}'`,
  },
];
