// What the simulator is asked and what it then answers, whichever client asks.
import assert from "node:assert/strict";

/** odd is text that is easily harmed on its way: CJK, joined and coloured emoji, combining marks, what JSON escapes. */
export const odd = 'Grüße, 世界 日本語のテスト 한국어 👩‍👩‍👧‍👦👍🏽🇨🇭 e\u0301 𠮷 <&> \u2028\u00a0\u200b "q" \\ \\u00e9\n\t§end🙂';

/** echoed is the answer of sim/echo to text. */
export const echoed = (text) => `I am Gatehouse's simulator, a stand-in that needs no account. You said:\n\n${text}`;

/** question is for sim/think, which answers at once; thought and pondered are its reasoning and its answer. */
export const question = `rate=0 why ${odd}`;
export const thought = /^The question has \d+ tokens\. First I look .* to repeat the question\.$/;
export const pondered =
  "I am Gatehouse's simulator, a stand-in without a mind: the reasoning before this text was written in advance. " +
  `You asked:\n\n${question}`;

/** city is the only argument that parameters, a tool's schema, let sim/tools choose. */
export const city = "Zürich 東京 🏔️";
export const parameters = {
  type: "object",
  properties: { city: { type: "string", enum: [city] } },
  required: ["city"],
  additionalProperties: false,
};

/** weather is what the tool answers, and reported what sim/tools makes of it. */
export const weather = "21 °C, 晴れ ☀️";
export const reported = (text) =>
  "I am Gatehouse's simulator, a stand-in that calls tools without a plan. " + `The tool weather answered: ${text}`;

/** refused are the models that no request gets an answer from: [what, model, status, what the message says]. */
export const refused = [
  ["an unknown model", "sim/no-such-model", 404, /no-such-model/],
  ["an unknown provider", "no-such-provider/model", 404, /no-such-provider/],
  ["a model that is down", "sim/down", 503, /overloaded/],
];

/** wrongKey is no key of the server; no refusal may repeat it. */
export const wrongKey = "gh-this-is-not-a-key-0123456789";

/** assertCounted checks that counts of tokens were told and add up. */
export function assertCounted(input, output, total) {
  assert.ok(input > 0 && output > 0, `${input} input, ${output} output tokens`);
  assert.equal(total, input + output);
}
