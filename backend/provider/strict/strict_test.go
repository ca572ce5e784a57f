package strict_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/provider/strict"
)

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

func post(s *strict.StandIn, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Anthropic-Version", "2023-06-01")
	r.Header.Set("X-Api-Key", "k")
	r.Header.Set("X-Goog-Api-Key", "k")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// mutation changes one place of a good request and names the refusal.
type mutation struct{ from, to, want string }

const chatGood = `{"model":"gpt-4.1","stream":true,"stream_options":{"include_usage":true},"temperature":1,"messages":[{"role":"system","content":"answer in JSON"},` +
	`{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"data:image/png;base64,` + pixel + `"}}]},` +
	`{"role":"assistant","content":null,"tool_calls":[{"id":"call_00001","type":"function","function":{"name":"look","arguments":"{}"}},{"id":"call_00002","type":"function","function":{"name":"look","arguments":"{}"}}]},` +
	`{"role":"tool","tool_call_id":"call_00001","content":"a"},{"role":"tool","tool_call_id":"call_00002","content":"b"}],` +
	`"tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}}],"tool_choice":"auto"}`

const deepseekGood = `{"model":"deepseek-v4","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"x","reasoning_content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":"{}"}}]},` +
	`{"role":"tool","tool_call_id":"c1","content":"a"}],"tools":[{"type":"function","function":{"name":"look"}}]}`

const mistralGood = `{"model":"mistral-large","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"x","tool_calls":[{"id":"abcdefgh1","type":"function","function":{"name":"look","arguments":"{}"}}]},` +
	`{"role":"tool","tool_call_id":"abcdefgh1","name":"look","content":"a"},{"role":"assistant","content":"so"},{"role":"user","content":"go"}],"tools":[{"type":"function","function":{"name":"look"}}],"tool_choice":"any"}`

const messagesGood = `{"model":"claude-sonnet-4-5","max_tokens":4000,"thinking":{"type":"disabled"},"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[` +
	`{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"text","text":"look"},{"type":"tool_use","id":"toolu_1","name":"look","input":{}},{"type":"tool_use","id":"toolu_2","name":"look","input":{}}]},` +
	`{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + pixel + `"}}]},{"type":"tool_result","tool_use_id":"toolu_2"},{"type":"text","text":"go","cache_control":{"type":"ephemeral"}}]}],` +
	`"tools":[{"name":"look","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto"}}`

const responsesGood = `{"model":"gpt-5.4","store":false,"include":["reasoning.encrypted_content"],"input":[{"role":"user","content":[{"type":"input_text","text":"hi"},{"type":"input_image","image_url":"data:image/png;base64,` + pixel + `"}]},` +
	`{"type":"function_call","call_id":"call_1","name":"look","arguments":"{}"},{"type":"function_call_output","call_id":"call_1","output":"a"}],` +
	`"tools":[{"type":"function","name":"look","strict":false,"parameters":{"type":"object","properties":{"a":{"type":"string"}}}}],"tool_choice":"auto"}`

const geminiGood = `{"contents":[{"role":"user","parts":[{"text":"hi"},{"inlineData":{"mimeType":"image/png","data":"` + pixel + `"}}]},` +
	`{"role":"model","parts":[{"functionCall":{"id":"1","name":"look","args":{}},"thoughtSignature":"skip_thought_signature_validator"},{"functionCall":{"id":"2","name":"look","args":{}}}]},` +
	`{"role":"user","parts":[{"functionResponse":{"id":"1","name":"look","response":{"result":"a"}}},{"functionResponse":{"id":"2","name":"look","response":{"result":"b"}}}]}],` +
	`"tools":[{"functionDeclarations":[{"name":"look","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}]}],"toolConfig":{"functionCallingConfig":{"mode":"AUTO"}},"generationConfig":{"temperature":1}}`

var groups = []struct {
	vendor, path, good string
	rows               []mutation
}{
	{"openai", "/v1/chat/completions", chatGood, []mutation{
		{`"temperature":1`, `"top_k":1`, "top_k: unknown field"},
		{`"temperature":1`, `"temperature":1,"temperature":1`, "stands there twice"},
		{`"temperature":1`, `"temperature":3`, "temperature"},
		{`"temperature":1`, `"max_tokens":5,"max_completion_tokens":5`, "beside max_completion_tokens"},
		{`"temperature":1`, `"reasoning_effort":"low"`, "reasoning_effort"},
		{`"gpt-4.1"`, `"gpt-5.4"`, "temperature: is not supported"},
		{`"temperature":1`, `"stop":["a","b","c","d","e"]`, "at most 4"},
		{`"temperature":1`, `"service_tier":"standard_only"`, "service_tier"},
		{`"temperature":1`, `"response_format":{"type":"json_schema","json_schema":{"name":"a b","schema":{}}}`, "does not match"},
		{`"temperature":1`, `"response_format":{"type":"json_schema","json_schema":{"name":"a","strict":true,"schema":{"type":"object"}}}`, "additionalProperties"},
		{`"temperature":1`, `"response_format":{"type":"json_schema","json_schema":{"name":"a","strict":true,"schema":{"type":"object","properties":{"a":{}},"additionalProperties":false}}}`, "'required'"},
		{`"stream":true,`, ``, "stream_options"},
		{`{"role":"tool","tool_call_id":"call_00002","content":"b"}`, `{"role":"user","content":"b"}`, "must be followed by tool messages"},
		{`{"role":"tool","tool_call_id":"call_00002","content":"b"}`, `{"role":"tool","tool_call_id":"call_9","content":"b"}`, "must be a response"},
		{`"id":"call_00002"`, `"id":"call_00001"`, "duplicate id"},
		{`call_00002`, strings.Repeat("c", 41), "does not match"},
		{`"content":"b"`, `"content":[{"type":"image_url","image_url":{"url":"https://x.test/a.png"}}]`, "must be one of text"},
		{`"content":"b"`, `"content":"b","name":"look"`, "unknown field"},
		{`"arguments":"{}"`, `"arguments":"{"`, "text of a JSON object"},
		{`"name":"look","parameters"`, `"name":"lo.ok","parameters"`, "does not match"},
		{`"tools":[`, `"parallel_tool_calls":1,"tools":[`, "true or false"},
		{`,"tool_choice":"auto"`, `,"tool_choice":{"type":"function","function":{"name":"no"}}`, "no declared tool"},
		{`{"type":"object","properties":{"a":{"type":"string"}}}`, `{"type":"string"}`, "type \\\"object\\\""},
		{`data:image/png`, `data:image/jpeg`, "is image/png"},
		{`data:image/png`, `data:image/bmp`, "not taken"},
	}},
	{"deepseek", "/chat/completions", deepseekGood, []mutation{
		{`"reasoning_content":"",`, ``, "must be passed back"},
		{`"reasoning_content":""`, `"reasoning_content":"of another"`, "not this model's own"},
		{`"deepseek-v4"`, `"deepseek-reasoner"`, "must not be"},
		{`"content":"hi"`, `"content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + pixel + `"}}]`, "unknown variant"},
		{`"role":"user"`, `"role":"developer"`, "role"},
		{`"model"`, `"user":"x","model"`, "user: unknown field"},
		{`"model"`, `"response_format":{"type":"json_schema"},"model"`, "response_format.type"},
		{`"model"`, `"reasoning_effort":"medium","model"`, "reasoning_effort"},
		{`"tools":[{"type":"function","function":{"name":"look"}}]`, `"tools":[]`, "at least one entry"},
	}},
	{"mistral", "/v1/chat/completions", mistralGood, []mutation{
		{`abcdefgh1`, `call_1`, "does not match"},
		{`"model"`, `"stream_options":{},"model"`, "stream_options: unknown field"},
		{`"model"`, `"seed":1,"model"`, "seed: unknown field"},
		{`,"name":"look","content":"a"`, `,"content":"a"`, "name"},
		{`{"role":"assistant","content":"so"},`, ``, "Unexpected role 'user' after role 'tool'"},
		{`,{"role":"user","content":"go"}`, ``, "Expected last role"},
	}},
	{"groq", "/openai/v1/chat/completions", strings.ReplaceAll(chatGood, `"name":"hi"`, ""), []mutation{
		{`"temperature":1`, `"logprobs":true`, "logprobs: unknown field"},
		{`"temperature":1`, `"reasoning_effort":"minimal"`, "reasoning_effort"},
		{`"role":"assistant",`, `"role":"assistant","reasoning_content":"x",`, "reasoning_content: unknown field"},
	}},
	{"anthropic", "/v1/messages", messagesGood, []mutation{
		{`"max_tokens":4000,`, ``, "max_tokens: Field required"},
		{`"max_tokens":4000`, `"max_tokens":400000`, "max_tokens"},
		{`"max_tokens":4000`, `"max_tokens":4000,"seed":1`, "seed: unknown field"},
		{`"max_tokens":4000`, `"max_tokens":4000,"temperature":1.5`, "temperature"},
		{`"max_tokens":4000`, `"max_tokens":4000,"temperature":1,"top_p":1`, "cannot both be specified"},
		{`"max_tokens":4000`, `"max_tokens":4000,"stop_sequences":["\n"]`, "non-whitespace"},
		{`"claude-sonnet-4-5","max_tokens":4000`, `"claude-opus-4-8","max_tokens":4000,"temperature":1`, "Extra inputs"},
		{`"claude-sonnet-4-5"`, `"claude-opus-5-5"`, "can't be disabled"},
		{`{"type":"disabled"}`, `{"type":"enabled","budget_tokens":4000}`, "greater than"},
		{`{"type":"disabled"}`, `{"type":"enabled","budget_tokens":100}`, "budget_tokens"},
		{`{"type":"disabled"}`, `{"type":"enabled","budget_tokens":2000}`, "must start with a thinking block"},
		{`{"type":"disabled"}`, `{"type":"adaptive"}`, "not supported"},
		{`"tool_choice":{"type":"auto"}`, `"tool_choice":{"type":"tool","name":"no"}`, "not found"},
		{`"role":"user","content":"hi"`, `"role":"assistant","content":"hi"`, "first message"},
		{`{"type":"text","text":"look"}`, `{"type":"text","text":" "}`, "non-whitespace"},
		{`{"type":"text","text":"look"}`, `{"type":"thinking","thinking":"t","signature":"foreign"}`, "Invalid `signature`"},
		{`{"type":"text","text":"look"}`, `{"type":"redacted_thinking","data":"foreign"}`, "Invalid `data`"},
		{`,{"type":"tool_result","tool_use_id":"toolu_2"}`, ``, "without `tool_result`"},
		{`"tool_use_id":"toolu_2"`, `"tool_use_id":"toolu_3"`, "tool_result"},
		{`"id":"toolu_2"`, `"id":"toolu_1"`, "unique"},
		{`"id":"toolu_2"`, `"id":"a.b"`, "does not match"},
		{`"tool_use_id":"toolu_2"}`, `"tool_use_id":"toolu_2","is_error":true}`, "cannot be empty"},
		{`{"type":"tool_result","tool_use_id":"toolu_2"},{"type":"text","text":"go","cache_control":{"type":"ephemeral"}}`, `{"type":"text","text":"go"},{"type":"tool_result","tool_use_id":"toolu_2"}`, "come first"},
		{`{"type":"ephemeral","ttl":"1h"}`, `{"type":"ephemeral","ttl":"2h"}`, "ttl"},
		{`"s","cache_control":{"type":"ephemeral","ttl":"1h"}}`, `"s","cache_control":{"type":"ephemeral"}},{"type":"text","text":"t","cache_control":{"type":"ephemeral","ttl":"1h"}}`, "must not come after"},
		{`"tools":[{"name":"look","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto"}`, `"metadata":{}`, "must define tools"},
		{`"input_schema":{"type":"object"}`, `"input_schema":{"type":"object","anyOf":[{}]}`, "top level"},
		{`"media_type":"image/png"`, `"media_type":"image/heic"`, "not taken"},
		{`"max_tokens":4000`, `"max_tokens":4000,"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}`, "additionalProperties"},
	}},
	{"openai", "/v1/responses", responsesGood, []mutation{
		{`"store":false`, `"store":false,"stop":["a"]`, "stop: unknown field"},
		{`"store":false`, `"store":false,"max_output_tokens":5`, "max_output_tokens"},
		{`"store":false`, `"store":false,"temperature":0`, "temperature"},
		{`"gpt-5.4"`, `"gpt-4.1"`, "Encrypted content"},
		{`"strict":false,`, ``, "additionalProperties"},
		{`,{"type":"function_call_output","call_id":"call_1","output":"a"}`, ``, "No tool output found"},
		{`"type":"function_call_output","call_id":"call_1"`, `"type":"function_call_output","call_id":"call_2"`, "No tool call found"},
		{`"type":"function_call_output","call_id":"call_1"`, `"type":"custom_tool_call_output","call_id":"call_1"`, "No tool call found"},
		{`call_1`, strings.Repeat("c", 65), "too long"},
		{`{"type":"function_call",`, `{"type":"function_call","id":"call_x",`, "begins with"},
		{`{"type":"function_call",`, `{"type":"reasoning","summary":[],"encrypted_content":"foreign"},{"type":"function_call",`, "could not be verified"},
		{`{"type":"function_call",`, `{"type":"reasoning","id":"rs_1","summary":[]},{"type":"function_call",`, "not found"},
		{`{"type":"function_call",`, `{"type":"item_reference","id":"rs_1"},{"type":"function_call",`, "not found"},
		{`"input_text"`, `"output_text"`, "must be one of"},
		{`"store":false`, `"store":false,"text":{"format":{"type":"json_object"}}`, "'json'"},
		{`"store":false`, `"store":false,"user":"` + strings.Repeat("u", 65) + `"`, "64 characters"},
	}},
	{"google", "/v1beta/models/gemini-3-pro:generateContent", geminiGood, []mutation{
		{`,"thoughtSignature":"skip_thought_signature_validator"`, ``, "missing a thought_signature"},
		{`skip_thought_signature_validator`, `Zm9yZWlnbg==`, "Corrupted thought signature"},
		{`,{"functionResponse":{"id":"2","name":"look","response":{"result":"b"}}}`, ``, "number of function response parts"},
		{`{"id":"2","name":"look","response"`, `{"id":"2","name":"other","response"`, "the call of"},
		{`"response":{"result":"b"}`, `"response":"b"`, "must be an object"},
		{`"response":{"result":"b"}`, `"response":{"$ref":"b"}`, "reserved"},
		{`{"role":"user","parts":[{"text":"hi"}`, `{"role":"model","parts":[{"text":"hi"}`, "first content"},
		{`{"text":"hi"}`, `{"text":""}`, "must not be empty"},
		{`{"text":"hi"}`, `{"text":"hi","inlineData":{}}`, "oneof"},
		{`"properties":{"a":{"type":"string"}}`, `"properties":{}`, "non-empty"},
		{`{"type":"string"}`, `{"type":["string","null"]}`, "type"},
		{`{"type":"string"}`, `{"type":"number","exclusiveMinimum":1}`, "exclusiveMinimum: unknown field"},
		{`{"type":"string"}`, `{"const":"x"}`, "const: unknown field"},
		{`{"type":"string"}`, `{"type":"string","format":"uri"}`, "format"},
		{`"parameters":{"type":"object",`, `"parameters":{"$schema":"x","type":"object",`, "$schema: unknown field"},
		{`"name":"look","parameters"`, `"name":"1look","parameters"`, "does not match"},
		{`"tools":[{"functionDeclarations":[{"name":"look","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}]}]`, `"tools":[{"googleSearch":{}}]`, "without function_declarations"},
		{`"temperature":1`, `"stopSequences":["1","2","3","4","5","6"]`, "at most 5"},
		{`"temperature":1`, `"frequencyPenalty":1`, "Penalty"},
		{`"temperature":1`, `"thinkingConfig":{"thinkingBudget":1,"thinkingLevel":"LOW"}`, "only set one"},
		{`"temperature":1`, `"max_tokens":1`, "max_tokens: unknown field"},
	}},
}

// TestEachRule: a request in order is answered, and one thing out of order is refused in the vendor's shape.
func TestEachRule(t *testing.T) {
	for _, g := range groups {
		if w := post(strict.New(g.vendor), g.path, g.good); w.Code != http.StatusOK {
			t.Errorf("%s %s refuses what is right: %s", g.vendor, g.path, w.Body)
		}
		for _, m := range g.rows {
			body := strings.ReplaceAll(g.good, m.from, m.to)
			if body == g.good {
				t.Errorf("%s: %s is not in the request", g.vendor, m.from)
				continue
			}
			w := post(strict.New(g.vendor), g.path, body)
			message := gjson.Get(w.Body.String(), "error.message").String() + gjson.Get(w.Body.String(), "message").String()
			want := strings.ReplaceAll(m.want, `\"`, `"`)
			if w.Code != http.StatusBadRequest && w.Code != http.StatusUnprocessableEntity || !strings.Contains(message, want) {
				t.Errorf("%s %s with %s: %d %s, want %q", g.vendor, g.path, m.to, w.Code, w.Body, want)
			}
		}
	}
}

// TestOwnSignaturesComeBack: what a stand-in issued it takes back, and nothing that was changed.
func TestOwnSignaturesComeBack(t *testing.T) {
	for _, c := range []struct{ vendor, path, ask, answer, next, seal string }{
		{
			"anthropic", "/v1/messages", `{"model":"claude-sonnet-4-5","max_tokens":4000,"thinking":{"type":"enabled","budget_tokens":2000},"messages":[{"role":"user","content":"hi"}]}`,
			"content", `{"model":"claude-sonnet-4-5","max_tokens":4000,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":ANSWER},{"role":"user","content":"go"}]}`, "0.signature",
		},
		{
			"openai", "/v1/responses", `{"model":"gpt-5.4","input":"hi"}`, "output",
			`{"model":"gpt-5.4","input":[{"role":"user","content":"hi"},ITEMS]}`, "0.encrypted_content",
		},
		{
			"google", "/v1beta/models/gemini-3-pro:generateContent", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`, "candidates.0.content.parts",
			`{"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":ANSWER},{"role":"user","parts":[{"text":"go"}]}]}`, "2.thoughtSignature",
		},
	} {
		s := strict.New(c.vendor)
		answer := gjson.Get(post(s, c.path, c.ask).Body.String(), c.answer)
		next := strings.NewReplacer("ANSWER", answer.Raw, "ITEMS", answer.Raw[1:len(answer.Raw)-1]).Replace(c.next)
		if w := post(s, c.path, next); w.Code != http.StatusOK {
			t.Errorf("%s refuses its own: %s\n%s", c.vendor, w.Body, next)
		}
		seal := answer.Get(c.seal).String()
		if seal == "" {
			t.Fatalf("%s: nothing at %s of %s", c.vendor, c.seal, answer.Raw)
		}
		if w := post(s, c.path, strings.ReplaceAll(next, seal, "AAAA"+seal[4:])); w.Code != http.StatusBadRequest {
			t.Errorf("%s takes an altered signature: %d", c.vendor, w.Code)
		}
		if w := post(strict.New("strict-other"), c.path, next); c.vendor != "google" && w.Code != http.StatusBadRequest {
			t.Errorf("another takes %s's: %d %s", c.vendor, w.Code, w.Body)
		}
	}
}
