package proxy

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
)

var contentRegressions = []regression{
	{13, "BerriAI/litellm#6953", func(t *testing.T) {
		for _, id := range []string{"strict-chat", "strict-responses", "groq", "mistral", "ollama", "google"} {
			o, all := standIns(t)
			d := openDoor(t, o)
			who := &messagesTalker{plain: true}
			who.user("look", false)
			_, _, a, err := d.turn(who, modelOf(id), false)
			check(t, err)
			who.results(a.calls) // the first with a picture
			status, text, _, err := d.turn(who, modelOf(id), false)
			if status != http.StatusOK || err != nil || id != "ollama" && !strings.Contains(text, "1 images") {
				t.Errorf("%s: %d %v %s", id, status, err, text)
			}
			holds(t, string(all[id].Last().Body), onePixel)
		}
	}},
	{15, "BerriAI/litellm#42005", func(t *testing.T) {
		for _, stream := range []string{"true", "false"} {
			_, text := strictly(t, "deepseek", "/v1/responses", `{"model":"MODEL","stream":`+stream+`,"input":"hi","tools":[`+lookToolFlat+`]}`)
			o, err := understand("responses", text, stream == "true")
			if err != nil || len(o.calls) != 2 || o.text != "Let me look." || !strings.HasPrefix(o.thinking, "Thought") {
				t.Errorf("%+v %v", o, err)
			}
		}
	}},
	{19, "BerriAI/litellm PR#39852", func(t *testing.T) {
		body := `{"model":"MODEL","messages":[{"role":"system","content":"first"},{"role":"developer","content":"second"},{"role":"user","content":"hi"},{"role":"assistant","content":"so"},{"role":"system","content":"late"},{"role":"user","content":"go"}]}`
		sent, _ := strictly(t, "anthropic", "/v1/chat/completions", body)
		same(t, sent, "system.#.text", `["first","second"]`)
		same(t, sent, "messages.2.content.#.text", "[\"<system>\\nlate\\n</system>\",\"go\"]")
		sent, _ = strictly(t, "mistral", "/v1/chat/completions", body)
		same(t, sent, "messages.#.role", `["system","user","assistant","user"]`)
		same(t, sent, "messages.0.content", "first\n\nsecond")
		sent, _ = strictly(t, "strict-responses", "/v1/chat/completions", body)
		same(t, sent, "input.#.role", `["system","system","user","assistant","system","user"]`)
		gem := writtenForGemini(t, llm.ChatCompletions, "gemini-3-pro", body)
		same(t, gem, "systemInstruction.parts.#.text", `["first","second"]`)
	}},
	{27, "maximhq/bifrost#1189", func(t *testing.T) {
		sent, _ := strictly(t, "anthropic", "/v1/chat/completions", `{"model":"MODEL","messages":[{"role":"system","content":""},{"role":"user","content":[{"type":"text","text":""},{"type":"text","text":"hi"}]},`+
			`{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":""},{"role":"assistant","content":" \n"},{"role":"user","content":"go"}],"tools":[`+lookTool+`]}`)
		if sent.Get("system").Exists() {
			t.Errorf("an empty system: %s", sent.Raw)
		}
		same(t, sent, "messages.0.content.#", "1")
		same(t, sent, "messages.1.content.#", "1")
	}},
	{37, "router-for-me/CLIProxyAPI#97", func(t *testing.T) {
		schema := `{"$schema":"http://json-schema.org/draft-07/schema#","$id":"x","type":"object","additionalProperties":false,"$defs":{"p":{"type":"string","minLength":1}},"properties":{` +
			`"a":{"type":["string","null"]},"b":{"type":"number","exclusiveMinimum":0},"c":{"const":"x"},"d":{"allOf":[{"type":"object","properties":{"k":{"type":"string"}}},{"required":["k"]}]},` +
			`"e":{"type":"object","propertyNames":{"pattern":"^x"},"additionalProperties":{"type":"string"}},"f":{"oneOf":[{"type":"string"},{"type":"integer"}]},"g":{"enum":[1,2]},"h":{"type":"string","format":"uri"},` +
			`"i":{"$ref":"#/$defs/p"},"j":{"type":"array"},"type":{"type":"string"},"const":{"type":"string"}},"required":["a","type"],"patternProperties":{"^y":{}}}`
		body := `{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"look","parameters":` + schema + `}}],` +
			`"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":` + schema + `}}}`
		for _, model := range []string{"gemini-1.5-pro", "gemini-2.0-flash"} {
			p := writtenForGemini(t, llm.ChatCompletions, model, strings.Replace(body, `,"response_format"`, `,"x"`, 1)).Get("tools.0.functionDeclarations.0.parameters")
			same(t, p, "properties.a.nullable", "true")
			same(t, p, "properties.c.enum.0", "x")
			same(t, p, "properties.i.type", "string")
			if !p.Get("properties.type").IsObject() || !p.Get("properties.const").IsObject() {
				t.Errorf("%s: properties named as keywords are lost: %s", model, p.Raw)
			}
		}
		writtenForGemini(t, llm.ChatCompletions, "gemini-3-pro", body)
	}},
	{40, "router-for-me/CLIProxyAPI#551", func(t *testing.T) {
		sent, _ := strictly(t, "anthropic", "/v1/chat/completions", `{"model":"MODEL","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"The answer is \n"}]}`)
		same(t, sent, "messages.1.content.0.text", "The answer is")
	}},
	{48, "StringKe/claudex#8", func(t *testing.T) {
		body := `{"model":"MODEL","max_tokens":9,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"text","text":"so"},{"type":"tool_use","id":"toolu_1","name":"look","input":{}}]},` +
			`{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"seen"},{"type":"text","text":"and beside it"}]}],"tools":[` + lookToolMessages + `]}`
		for _, id := range []string{"strict-chat", "strict-responses", "mistral", "google"} {
			sent, _ := strictly(t, id, "/v1/messages", body)
			if at := strings.Index(sent.Raw, "and beside it"); at < strings.Index(sent.Raw, "seen") || !strings.Contains(sent.Raw, "toolu_1") && id != "mistral" && id != "google" {
				t.Errorf("%s: %s", id, sent.Raw)
			}
		}
		for _, id := range []string{"strict-chat", "anthropic", "deepseek"} { // an answer that was reasoning only is no message
			sent, _ := strictly(t, id, "/v1/responses", `{"model":"MODEL","input":[{"role":"user","content":"hi"},{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}]},{"role":"user","content":"go"}]}`)
			lacking(t, sent.Raw, `"content":""`, `"content":[]`, `"role":"assistant"`)
		}
		d := openDoor(t, func() doorOptions { o, _ := standIns(t); return o }())
		resp, text := d.post("/v1/messages", `{"model":"`+modelOf("google")+`","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"http://127.0.0.1:1/gone.png"}},{"type":"text","text":"what is it?"}]}]}`)
		if resp.StatusCode < 400 || gjson.Get(text, "error.message").String() == "" {
			t.Errorf("an image that can't be fetched gave %d %s", resp.StatusCode, text)
		}
	}},
	{53, "kortix-ai/suna PR#4833", func(t *testing.T) {
		for _, model := range []string{"claude-opus-4-8", "claude-sonnet-4-5", "claude-opus-5-5", "claude-opus-4-6"} {
			for _, effort := range []string{"", `"reasoning_effort":"high",`} {
				o, all := standIns(t)
				d := openDoor(t, o)
				resp, text := d.post("/v1/chat/completions", `{"model":"anthropic/`+model+`","temperature":0.3,"top_p":0.5,`+effort+`"messages":[{"role":"user","content":"hi"}]}`)
				if resp.StatusCode != http.StatusOK {
					t.Errorf("%s %s: %s\n%s", model, effort, text, all["anthropic"].Last().Body)
				}
				holds(t, resp.Header.Get("X-Gatehouse-Notices"), "top_p")
			}
		}
	}},
}
