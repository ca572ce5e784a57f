// A provider of the tests' own: OpenAI's Chat Completions with answers that the simulator does not give.
import { once } from "node:events";
import http from "node:http";

const MATH = [
  "The roots are $x_{1,2}$, not $5 or $6, and so \\(a \\ne 0\\):",
  "\\[\nx = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}\n\\]",
  "$$\n\\begin{aligned} a &= b \\\\\n- c &= d \\end{aligned}\n$$",
  "```js\nlet price = '$1$';\n```",
].join("\n\n");

/** What the last message holds besides text, as a model would describe it. */
function described(messages) {
  const { content } = messages.at(-1);
  const parts = typeof content === "string" ? [{ type: "text", text: content }] : content;
  const seen = parts.map(part => {
    if (part.type === "image_url") return `a picture of ${part.image_url.url.length} characters`;
    if (part.type === "file") return `the file ${part.file.filename}`;
    return `the text “${part.text}”`;
  });
  const earlier = messages.slice(0, -1).filter(m => JSON.stringify(m.content).includes("image_url")).length;
  return `I see ${seen.join(", ")}, and ${earlier} earlier messages with pictures.`;
}

const text = content => ({ content });

/** What each model says, as the deltas of its stream. */
const MODELS = {
  vision: ({ messages }) => [text(described(messages))],
  math: () => MATH.match(/[\s\S]{1,7}/g).map(text),
  warm: request => [
    text(`The temperature is ${request.temperature}, the system says ${request.messages[0].content}.`),
  ],
  tools: () => [
    {
      tool_calls: [
        { index: 0, id: "call_1", type: "function", function: { name: "look_up", arguments: '{"word":' } },
      ],
    },
    { tool_calls: [{ index: 0, function: { arguments: '"gate","times":2}' } }] },
  ],
  limited: () => null,
};

/** Starts it; it ends with the test. Gives what settings make a provider of it, under the id bench. */
export async function startUpstream(t) {
  const server = http.createServer(async (request, response) => {
    if (request.url.endsWith("/models")) {
      const data = Object.keys(MODELS).map(id => ({ id, object: "model" }));
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ object: "list", data }));
      return;
    }
    let body = "";
    for await (const piece of request) body += piece;
    const asked = JSON.parse(body);
    const deltas = MODELS[asked.model](asked);
    if (!deltas) {
      response.writeHead(429, { "Content-Type": "application/json" });
      response.end('{"error":{"message":"too many requests","type":"rate_limit"}}');
      return;
    }
    response.setHeader("Content-Type", "text/event-stream");
    const send = (delta, finish = null) =>
      response.write(
        `data: ${JSON.stringify({ id: "c", model: asked.model, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
      );
    for (const delta of deltas) send({ role: "assistant", ...delta });
    send({}, asked.model === "tools" ? "tool_calls" : "stop");
    response.end("data: [DONE]\n\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return {
    bench: {
      type: "openai-compatible",
      name: "Bench",
      baseURL: `http://127.0.0.1:${server.address().port}/v1`,
      local: true,
    },
  };
}
