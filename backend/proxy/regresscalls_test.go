package proxy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
)

const chatHistory = `"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"","tool_calls":[` +
	`{"id":"call_1","type":"function","function":{"name":"look","arguments":"{}"}},{"id":"call_2","type":"function","function":{"name":"look","arguments":""}}]},` +
	`{"role":"tool","tool_call_id":"call_1","content":"a"},{"role":"tool","tool_call_id":"call_2","content":""}]`

var callRegressions = []regression{
	{3, "BerriAI/litellm#21331", func(t *testing.T) {
		_, text := strictly(t, "strict-responses", "/v1/chat/completions", `{"model":"MODEL","stream":true,"messages":[{"role":"user","content":"hi"}],"tools":[`+lookTool+`]}`)
		for i := range 2 {
			holds(t, text, fmt.Sprintf(`"tool_calls":[{"index":%d,"id":"call_r`, i))
		}
		_, text = strictly(t, "strict-chat", "/v1/responses", `{"model":"MODEL","stream":true,"input":"hi","tools":[`+lookToolFlat+`]}`)
		at := map[string]bool{}
		for _, e := range events(text) {
			if e.Get("type").String() == "response.output_item.done" && e.Get("item.type").String() == "function_call" {
				at[e.Get("output_index").Raw] = true
			}
		}
		if len(at) != 2 {
			t.Errorf("the calls stand at %v", at)
		}
	}},
	{4, "BerriAI/litellm#18201", func(t *testing.T) {
		sent, _ := strictly(t, "strict-chat", "/v1/responses", `{"model":"MODEL","input":[{"role":"user","content":"hi"},{"type":"function_call","call_id":"c1","name":"look","arguments":"{}"},`+
			`{"type":"function_call","call_id":"c2","name":"look","arguments":"{}"},{"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"b"},{"type":"input_text","text":"c"}]},`+
			`{"type":"function_call_output","call_id":"c1","output":"a"}],"tools":[`+lookToolFlat+`]}`)
		same(t, sent, "messages.1.tool_calls.#", "2")
		same(t, sent, "messages.2.content", "a")
		same(t, sent, "messages.3.content", "b\nc")
		sent, _ = strictly(t, "strict-responses", "/v1/chat/completions", `{"model":"MODEL",`+chatHistory+`,"tools":[`+lookTool+`]}`)
		for _, item := range sent.Get(`input.#(type=="function_call_output")#`).Array() {
			if out := item.Get("output"); out.Type != gjson.String && !out.IsArray() {
				t.Errorf("an output is %s", item.Raw)
			}
		}
	}},
	{5, "BerriAI/litellm#15307", func(t *testing.T) {
		_, text := strictly(t, "strict-chat", "/v1/messages", `{"model":"MODEL","stream":true,"max_tokens":4000,"messages":[{"role":"user","content":"hi"}],"tools":[`+lookToolMessages+`]}`)
		blocks, err := foldMessages(text) // which wants one block at a time
		if err != nil || len(blocks) != 3 || gjson.Get(blocks[1], "input.at").String() != "雪 0" || gjson.Get(blocks[2], "input.at").String() != "雪 1" {
			t.Errorf("%v %v", blocks, err)
		}
	}},
	{6, "BerriAI/litellm#22578", func(t *testing.T) {
		body := writtenForGemini(t, llm.ChatCompletions, "gemini-3-pro", `{"model":"m","messages":[{"role":"user","content":"hi"},`+
			`{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"look","arguments":"{}"}}]},`+
			`{"role":"assistant","content":null,"tool_calls":[{"id":"b","type":"function","function":{"name":"look","arguments":"{}"}}]},`+
			`{"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"b","content":"2"}],"tools":[`+lookTool+`]}`)
		same(t, body, "contents.2.parts.#.functionResponse.id", `["a","b"]`)
		same(t, body, "contents.1.parts.#.functionCall.id", `["a","b"]`)
	}},
	{17, "BerriAI/litellm#17343", func(t *testing.T) {
		long := "call_" + strings.Repeat("x.y-", 40)
		history := strings.ReplaceAll(chatHistory, "call_1", long)
		for id, want := range map[string]int{"strict-chat": 40, "strict-responses": 64, "anthropic": 64, "mistral": 9} {
			body := `{"model":"MODEL",` + history + `,"tools":[` + lookTool + `]}`
			if id == "strict-chat" { // Chat to Chat is not rewritten, so another client asks
				body = `{"model":"MODEL","input":[{"role":"user","content":"hi"},{"type":"function_call","call_id":"` + long + `","name":"look","arguments":"{}"},{"type":"function_call_output","call_id":"` + long + `","output":"a"}],"tools":[` + lookToolFlat + `]}`
			}
			path := "/v1/chat/completions"
			if id == "strict-chat" {
				path = "/v1/responses"
			}
			sent, _ := strictly(t, id, path, body)
			for _, place := range []string{"messages.1.tool_calls.0.id", "input.1.call_id", "messages.1.content.0.id"} {
				if v := sent.Get(place); v.Exists() && len(v.String()) > want {
					t.Errorf("%s: the id is %q", id, v.String())
				}
			}
		}
	}},
	{22, "maximhq/bifrost#3638", func(t *testing.T) {
		d, _ := scripted(t, "groq", "", plainEvents(`{"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":"text"}}]}`,
			`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"look","arguments":"{}"}}]}}]}`,
			`{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, `[DONE]`))
		holds(t, d.good(t, "/v1/messages", `{"model":"groq/m","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}],"tools":[`+lookToolMessages+`]}`), `"stop_reason":"tool_use"`)
		holds(t, d.good(t, "/v1/responses", `{"model":"groq/m","stream":true,"input":"hi","tools":[`+lookToolFlat+`]}`), `"status":"completed"`, `"type":"function_call"`)
	}},
	{23, "maximhq/bifrost PR#3441", func(t *testing.T) {
		d, _ := scripted(t, "groq", "", plainEvents(`{"id":"1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"look","arguments":"{\"at\":"}},{"index":1,"id":"b","function":{"name":"look","arguments":"{"}},{"index":2,"id":"c","function":{"name":"look"}}]}}]}`,
			`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":2,"function":{"arguments":"{\"at\":\"3\"}"}},{"index":0,"function":{"arguments":"\"1\"}"}},{"index":1,"function":{"arguments":"}"}}]}}]}`,
			`{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}`, `[DONE]`))
		blocks, err := foldMessages(d.good(t, "/v1/messages", `{"model":"groq/m","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}],"tools":[`+lookToolMessages+`]}`))
		if err != nil || len(blocks) != 3 || !strings.Contains(blocks[0], `{"at":"1"}`) || !strings.Contains(blocks[1], `"input":{}`) || !strings.Contains(blocks[2], `{"at":"3"}`) {
			t.Errorf("%v %v", blocks, err)
		}
	}},
	{25, "maximhq/bifrost#3511", func(t *testing.T) {
		sent, _ := strictly(t, "anthropic", "/v1/chat/completions", `{"model":"MODEL",`+chatHistory+`,"tools":[{"type":"function","function":{"name":"look"}},{"type":"function","function":{"name":"other","parameters":{"properties":{}}}}],"tool_choice":"required"}`)
		same(t, sent, "tools.#.input_schema.type", `["object","object"]`)
		same(t, sent, "tool_choice.type", "any")
		same(t, sent, "messages.1.content.1.input", "{}")
	}},
	{26, "maximhq/bifrost#5179", func(t *testing.T) {
		for path, body := range map[string]string{
			"/v1/messages": `{"model":"MODEL","max_tokens":9,"tools":[],"messages":[{"role":"user","content":"hi"}]}`, "/v1/responses": `{"model":"MODEL","tools":[],"tool_choice":"auto","parallel_tool_calls":true,"input":"hi"}`,
		} {
			sent, _ := strictly(t, "strict-chat", path, body)
			lacking(t, sent.Raw, `"tools"`, `"tool_choice"`, `"parallel_tool_calls"`)
		}
	}},
	{34, "maximhq/bifrost#2347", func(t *testing.T) {
		var tools []string
		for i := range 12 {
			tools = append(tools, fmt.Sprintf(`{"type":"function","function":{"name":"tool_%d","parameters":{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"integer"}}}}}`, 11-i))
		}
		body := `{"model":"MODEL","messages":[{"role":"user","content":"hi"}],"tools":[` + joined(tools) + `]}`
		for _, id := range []string{"anthropic", "strict-responses", "google"} {
			first, _ := strictly(t, id, "/v1/chat/completions", body)
			again, _ := strictly(t, id, "/v1/chat/completions", body)
			if first.Raw != again.Raw || strings.Index(first.Raw, "tool_11") > strings.Index(first.Raw, "tool_0") || strings.Index(first.Raw, `"z"`) > strings.Index(first.Raw, `"a":{`) {
				t.Errorf("%s: the order is another: %.600s", id, first.Raw)
			}
		}
	}},
	{35, "maximhq/bifrost#4679", func(t *testing.T) {
		_, text := strictly(t, "strict-chat", "/v1/responses", `{"model":"MODEL","input":"do:length"}`)
		same(t, gjson.Parse(text), "incomplete_details.reason", "max_output_tokens")
		sent, _ := strictly(t, "anthropic", "/v1/responses", `{"model":"MODEL","input":"hi","parallel_tool_calls":false,"tools":[`+lookToolFlat+`,{"type":"function","name":"other","parameters":{"type":"object"}}],`+
			`"tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"other"}]}}`)
		same(t, sent, "tools.#.name", `["other"]`)
		same(t, sent, "tool_choice.type", "any")
		same(t, sent, "tool_choice.disable_parallel_tool_use", "true")
		_, text = strictly(t, "anthropic", "/v1/responses", `{"model":"MODEL","input":"hi","tools":[{"type":"namespace","name":"crm","description":"d","tools":[{"type":"function","name":"find","parameters":{"type":"object","properties":{}}}]}]}`)
		same(t, gjson.Parse(text), `output.#(type=="function_call").namespace`, "crm")
		same(t, gjson.Parse(text), `output.#(type=="function_call").name`, "find")
	}},
	{39, "router-for-me/CLIProxyAPI#4852", func(t *testing.T) {
		body := `{"model":"MODEL","stream":STREAM,"input":[{"role":"user","content":"hi"},{"type":"custom_tool_call","call_id":"c1","name":"apply_patch","input":"*** Begin\n\"x\""},` +
			`{"type":"custom_tool_call_output","call_id":"c1","output":"ok"},{"role":"user","content":"more"}],"tools":[{"type":"custom","name":"apply_patch","description":"d","format":{"type":"grammar","syntax":"lark","definition":"start: /x/"}}]}`
		sent, text := strictly(t, "anthropic", "/v1/responses", strings.Replace(body, "STREAM", "false", 1))
		same(t, sent, "messages.1.content.0.input.input", "*** Begin\n\"x\"")
		same(t, sent, "tools.0.input_schema.properties.input.type", "string")
		same(t, gjson.Parse(text), `output.#(type=="custom_tool_call").input`, "雪 0")
		_, text = strictly(t, "anthropic", "/v1/responses", strings.Replace(body, "STREAM", "true", 1))
		whole := ""
		for _, e := range events(text) {
			if e.Get("type").String() == "response.custom_tool_call_input.delta" && e.Get("output_index").Int() == 1 {
				whole += e.Get("delta").String()
			}
		}
		if whole != "雪 0" {
			t.Errorf("the input came as %q\n%.2000s", whole, text)
		}
	}},
	{44, "envoyproxy/ai-gateway#1465", func(t *testing.T) {
		d, _ := scripted(t, "anthropic", "", namedEvents(`{"type":"message_start","message":{"id":"m","usage":{"input_tokens":1,"output_tokens":1}}}`,
			`{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t1","name":"look","input":{}}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}}`, `{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"at\":1}"}}`,
			`{"type":"content_block_stop","index":0}`, `{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t2","name":"look","input":{}}}`, `{"type":"content_block_stop","index":1}`,
			`{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":2}}`, `{"type":"message_stop"}`))
		o, err := understand("chat", d.good(t, "/v1/chat/completions", `{"model":"anthropic/m","stream":true,"messages":[{"role":"user","content":"hi"}],"tools":[`+lookTool+`]}`), true)
		if err != nil || len(o.calls) != 2 || o.calls[0].input != `{"at":1}` || o.calls[1].input != "{}" {
			t.Errorf("%+v %v", o, err)
		}
	}},
	{45, "envoyproxy/ai-gateway#1911", func(t *testing.T) {
		sent, _ := strictly(t, "strict-chat", "/v1/messages", `{"model":"MODEL","max_tokens":9,"tool_choice":{"type":"tool","name":"look","disable_parallel_tool_use":true},"messages":[{"role":"user","content":"hi"},`+
			`{"role":"assistant","content":[{"type":"text","text":"so"},{"type":"tool_use","id":"toolu_1","name":"look","input":{"at":1.0}}]},`+
			`{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","is_error":true,"content":"broken"},{"type":"text","text":"again"}]}],"tools":[`+lookToolMessages+`]}`)
		same(t, sent, "messages.1.tool_calls.0.function.arguments", `{"at":1.0}`)
		same(t, sent, "messages.2.content", "Error: broken")
		same(t, sent, "messages.3.content", "again")
		same(t, sent, "tool_choice.function.name", "look")
		same(t, sent, "parallel_tool_calls", "false")
	}},
	{49, "Gitlawb/openclaude#1259", func(t *testing.T) {
		d, _ := scripted(t, "strict-responses", llm.Responses, namedEvents(`{"type":"response.created","response":{"id":"resp_1","status":"in_progress","output":[]}}`,
			`{"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","content":[]}}`,
			`{"type":"response.output_text.done","item_id":"msg_1","output_index":0,"content_index":0,"text":"whole"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"whole"}]}}`,
			`{"type":"response.output_item.added","output_index":1,"item":{"id":"fc_1","type":"function_call","call_id":"c1","name":"look","arguments":""}}`,
			`{"type":"response.output_item.done","output_index":1,"item":{"id":"fc_1","type":"function_call","call_id":"c1","name":"look","arguments":"{\"at\":1}"}}`,
			`{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[],"usage":{"input_tokens":1,"output_tokens":1}}}`))
		o, err := understand("chat", d.good(t, "/v1/chat/completions", `{"model":"strict-responses/m","stream":true,"messages":[{"role":"user","content":"hi"}],"tools":[`+lookTool+`]}`), true)
		if err != nil || o.text != "whole" || len(o.calls) != 1 || o.calls[0].input != `{"at":1}` {
			t.Errorf("%+v %v", o, err)
		}
	}},
	{52, "kaitranntt/ccs#25", func(t *testing.T) {
		names := []string{"mcp__server__look", "1look", "look.at/it", strings.Repeat("n", 90), "búsqueda"}
		var tools []string
		for _, n := range names {
			tools = append(tools, strings.Replace(lookTool, `"look"`, quoted(n), 1))
		}
		body := `{"model":"MODEL","messages":[{"role":"user","content":"hi"}],"tools":[` + joined(tools) + `],"tool_choice":{"type":"function","function":{"name":"1look"}}}`
		sent := writtenForGemini(t, llm.ChatCompletions, "gemini-3-pro", body)
		same(t, sent, "tools.0.functionDeclarations.0.name", names[0])
		for _, id := range []string{"anthropic", "strict-responses"} {
			_, text := strictly(t, id, "/v1/chat/completions", body)
			same(t, gjson.Parse(text), "choices.0.message.tool_calls.0.function.name", "1look")
			_, text = strictly(t, id, "/v1/chat/completions", strings.ReplaceAll(body, `{"name":"1look"}`, `{"name":"look.at/it"}`))
			same(t, gjson.Parse(text), "choices.0.message.tool_calls.0.function.name", "look.at/it")
		}
	}},
}
