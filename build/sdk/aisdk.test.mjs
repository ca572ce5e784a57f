// Three majors of the AI SDK, each with the gateway provider it comes with, against the simulator.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as ai5 from "ai5";
import * as ai6 from "ai6";
import * as ai7 from "ai7";
import * as gateway2 from "gateway2";
import * as gateway3 from "gateway3";
import * as gateway4 from "gateway4";
import { rejection } from "./support/client.mjs";
import { startGatehouse } from "./support/gatehouse.mjs";
import {
  assertCounted, city, echoed, odd, parameters, pondered, question, refused, reported, thought, weather, wrongKey,
} from "./support/sim.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;

describe("AI SDK", () => {
  let gatehouse;
  let key;

  before(async () => {
    gatehouse = await startGatehouse();
    key = await gatehouse.key("ai-sdk");
  });
  after(() => gatehouse?.stop());

  for (const [major, path, ai, provider] of [
    [5, "/v1/ai", ai5, gateway2],
    [6, "/v3/ai", ai6, gateway3],
    [7, "/v4/ai", ai7, gateway4],
  ]) {
    describe(`ai ${major} at ${path}`, () => {
      const connect = (apiKey = key) => provider.createGateway({ baseURL: gatehouse.url + path, apiKey });

      // Both give the finished result; a stream's first error is thrown.
      const ways = {
        generateText: (request) => ai.generateText({ maxRetries: 0, ...request }),
        streamText: async (request) => {
          const errors = [];
          const result = ai.streamText({ maxRetries: 0, ...request, onError: ({ error }) => errors.push(error) });
          let deltas = 0;
          for await (const part of result.fullStream) if (part.type === "text-delta") deltas++;
          if (errors.length > 0) throw errors[0];
          const done = { deltas };
          for (const name of ["text", "reasoningText", "finishReason", "usage", "steps", "warnings", "response"]) {
            done[name] = await result[name];
          }
          return done;
        },
      };

      for (const [way, ask] of Object.entries(ways)) {
        test(`${way}: text, byte for byte`, async () => {
          const done = await ask({ model: connect()("sim/echo"), system: "be brief", prompt: odd });
          assert.equal(done.text, echoed(odd));
          assert.equal(done.finishReason, "stop");
          assert.deepEqual(done.warnings ?? [], []);
          assertCounted(done.usage.inputTokens, done.usage.outputTokens, done.usage.totalTokens);
          if (way === "streamText") assert.ok(done.deltas > 10, `${done.deltas} pieces`);
        });

        test(`${way}: a limit that cuts the answer off`, async () => {
          const done = await ask({ model: connect()("sim/echo"), prompt: odd, maxOutputTokens: 5 });
          assert.equal(done.finishReason, "length");
          assert.ok(done.text !== "" && echoed(odd).startsWith(done.text), done.text);
          assert.equal(done.usage.outputTokens, 5);
        });

        test(`${way}: a tool loop`, async () => {
          const inputs = [];
          const execute = (input) => {
            inputs.push(input);
            return weather;
          };
          const done = await ask({
            model: connect()("sim/tools"),
            prompt: "How is the weather?",
            tools: {
              weather: ai.tool({ description: "The weather", inputSchema: ai.jsonSchema(parameters), execute }),
            },
            stopWhen: ai.stepCountIs(3),
          });
          assert.deepEqual(inputs, [{ city }]);
          assert.equal(done.text, reported(weather));
          assert.deepEqual(done.steps.map((step) => step.finishReason), ["tool-calls", "stop"]);
        });

        test(`${way}: reasoning, echoed back in the second turn`, async () => {
          const model = connect()("sim/think");
          const messages = [{ role: "user", content: question }];
          const first = await ask({ model, messages });
          assert.match(first.reasoningText, thought);
          assert.equal(first.text, pondered);

          messages.push(...first.response.messages, { role: "user", content: "rate=0 and then?" });
          assert.ok(JSON.stringify(messages[1]).includes('"reasoning"'), "the second turn carries the reasoning");
          const second = await ask({ model, messages });
          assert.ok(second.text.endsWith("You asked:\n\nrate=0 and then?"), second.text);
          assert.ok(second.usage.inputTokens > first.usage.inputTokens, "the first turn counts");
        });

        for (const [what, model, status, says] of refused) {
          test(`${way}: ${what}`, async () => {
            const error = await rejection(ask({ model: connect()(model), prompt: "hi" }));
            assert.equal(error.name, status === 404 ? "GatewayModelNotFoundError" : "GatewayInternalServerError");
            assert.equal(error.statusCode, status);
            assert.match(error.message, says);
            assert.equal(provider.GatewayError.isInstance(error), true);
          });
        }

        test(`${way}: a wrong key`, async () => {
          const error = await rejection(ask({ model: connect(wrongKey)("sim/echo"), prompt: "hi" }));
          assert.equal(error.name, "GatewayAuthenticationError", String(error));
          assert.ok(!`${error.message}${error.cause}`.includes(wrongKey), error.message);
        });
      }

      test("getAvailableModels", async () => {
        const { models } = await connect().getAvailableModels();
        const ids = models.map((model) => model.id);
        for (const id of ["sim/echo", "sim/think", "sim/tools"]) assert.ok(ids.includes(id), ids.join(" "));
        const echo = models.find((model) => model.id === "sim/echo");
        assert.equal(echo.modelType, "language");
        assert.deepEqual(
          [echo.specification.specificationVersion, echo.specification.modelId],
          [`v${major - 3}`, "sim/echo"],
        );
      });

      test("getAvailableModels with a wrong key", async () => {
        const error = await rejection(connect(wrongKey).getAvailableModels());
        assert.equal(error.name, "GatewayAuthenticationError", String(error));
        assert.equal(error.statusCode, 401);
        assert.ok(!error.message.includes(wrongKey), error.message);
      });
    });
  }
});
