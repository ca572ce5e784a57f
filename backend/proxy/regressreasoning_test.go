package proxy

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
)

// mixedAnswer is an answer of Messages with reasoning of every kind between texts.
const mixedAnswer = `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"thinking","thinking":"","signature":"c2lnMQ=="},` +
	`{"type":"text","text":"one"},{"type":"thinking","thinking":"two","signature":"c2lnMg=="},{"type":"redacted_thinking","data":"cmVk"},` +
	`{"type":"tool_use","id":"toolu_1","name":"look","input":{"at":"x"}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}`

const doneAnswer = `{"id":"msg_2","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"done"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`

// secondTurn lets a client talk to Messages, call a tool and send the result, and gives what the provider got then.
func secondTurn(t *testing.T, who talker, first string) gjson.Result {
	t.Helper()
	d, bodies := scripted(t, "anthropic", "", first, doneAnswer)
	who.user("look", false)
	status, text, a, err := d.turn(who, "anthropic/claude-sonnet-4-5", false)
	if status != http.StatusOK || err != nil || len(a.calls) != 1 {
		t.Fatalf("%d %v %s", status, err, text)
	}
	who.results(a.calls)
	if status, text, _, err = d.turn(who, "anthropic/claude-sonnet-4-5", false); status != http.StatusOK || err != nil {
		t.Fatalf("%d %v %s", status, err, text)
	}
	return gjson.Parse((*bodies)[len(*bodies)-1])
}

// carriers are the clients that can send reasoning back.
func carriers() map[string]talker {
	return map[string]talker{
		"chat": &chatTalker{extra: `"reasoning_effort":"medium",`}, "chat details": &chatTalker{details: true, extra: `"reasoning_effort":"medium",`},
		"responses": &responsesTalker{}, "gemini": &geminiTalker{}, "ai-sdk": &aisdkTalker{version: 4},
	}
}

var reasoningRegressions = []regression{
	{1, "BerriAI/litellm#15601", func(t *testing.T) {
		for name, who := range carriers() {
			sent := secondTurn(t, who, strings.Replace(mixedAnswer, `"thinking":"","signature"`, `"thinking":"hm","signature"`, 1))
			if b := sent.Get("messages.1.content.0"); b.Get("type").String() != "thinking" || b.Get("thinking").String() != "hm" || b.Get("signature").String() != "c2lnMQ==" {
				t.Errorf("%s: the turn starts with %s", name, b.Raw)
			}
		}
	}},
	{2, "BerriAI/litellm#38809", func(t *testing.T) {
		for name, who := range carriers() {
			sent := secondTurn(t, who, mixedAnswer)
			if b := sent.Get("messages.1.content.0"); b.Get("thinking").String() != "" || b.Get("signature").String() != "c2lnMQ==" {
				t.Errorf("%s: the thinking without a text became %s", name, b.Raw)
			}
		}
	}},
	{16, "BerriAI/litellm#37636", func(t *testing.T) {
		sent, _ := strictly(t, "deepseek", "/v1/responses", `{"model":"MODEL","reasoning":{"effort":"medium"},"input":[{"role":"user","content":"hi"},`+
			`{"type":"function_call","call_id":"c1","name":"look","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"a"}],"tools":[`+lookToolFlat+`]}`)
		same(t, sent, "reasoning_effort", "low")
		same(t, sent, "thinking.type", "enabled")
		if !sent.Get("messages.1.reasoning_content").Exists() {
			t.Errorf("no reasoning_content: %s", sent.Raw)
		}
	}},
	{28, "maximhq/bifrost#6342", func(t *testing.T) {
		for name, who := range carriers() {
			sent := secondTurn(t, who, mixedAnswer)
			var kinds []string
			for _, b := range sent.Get("messages.1.content").Array() {
				kinds = append(kinds, b.Get("type").String())
			}
			want := "thinking text thinking redacted_thinking tool_use"
			if name == "chat details" { // a message of Chat has one place for reasoning, before the text
				want = "thinking thinking redacted_thinking text tool_use"
			}
			if have := strings.Join(kinds, " "); have != want {
				t.Errorf("%s: the blocks are %s, want %s", name, have, want)
			}
			for _, part := range []string{`"thinking":"two","signature":"c2lnMg=="`, `"data":"cmVk"`} {
				holds(t, sent.Raw, part)
			}
		}
	}},
	{29, "maximhq/bifrost#3688", func(t *testing.T) {
		for name, who := range carriers() {
			call := false
			for _, b := range secondTurn(t, who, mixedAnswer).Get("messages.1.content").Array() {
				kind := b.Get("type").String()
				if call && strings.Contains(kind, "thinking") {
					t.Errorf("%s: reasoning stands behind the call", name)
				}
				call = call || kind == "tool_use"
			}
		}
	}},
	{30, "maximhq/bifrost#5185", func(t *testing.T) {
		sent, _ := strictly(t, "anthropic", "/v1/chat/completions", `{"model":"MODEL","reasoning_effort":"low","messages":[{"role":"user","content":"hi"}]}`)
		if sent.Get("thinking.type").String() != "enabled" || sent.Get("thinking.display").Exists() {
			t.Errorf("thinking is %s", sent.Get("thinking").Raw)
		}
		sent, _ = strictly(t, "anthropic", "/v1/messages", `{"model":"MODEL","max_tokens":4000,"thinking":{"type":"enabled","budget_tokens":2000,"display":"omitted"},"messages":[{"role":"user","content":"hi"}]}`)
		same(t, sent, "thinking.display", "omitted")
	}},
	{31, "maximhq/bifrost#5274", func(t *testing.T) {
		details := `[{"type":"reasoning.text","text":"hm","signature":"sig","format":"anthropic-claude-v1","index":0},{"type":"reasoning.encrypted","data":"ZW5j","id":"r1","format":"openai-responses-v1","index":1}]`
		first := `{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"so","reasoning":"hm","reasoning_details":` + details +
			`,"tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`
		d, bodies := scripted(t, "openrouter", "", first, strings.Replace(first, `"tool_calls":[`, `"x":[`, 1))
		for _, who := range []talker{&aisdkTalker{version: 3}, &messagesTalker{}} {
			*bodies = nil
			who.user("look", false)
			_, _, a, err := d.turn(who, "openrouter/some/model", false)
			check(t, err)
			who.results(a.calls)
			_, _, _, err = d.turn(who, "openrouter/some/model", false)
			check(t, err)
			sent := gjson.Parse((*bodies)[1]).Get("messages.#(role==assistant).reasoning_details")
			if sent.Get("0.signature").String() != "sig" || sent.Get("0.text").String() != "hm" || sent.Get("1.data").String() != "ZW5j" || sent.Get("1.id").String() != "r1" {
				t.Errorf("%T: reasoning_details came back as %s", who, sent.Raw)
			}
		}
	}},
	{32, "maximhq/bifrost PR#4075", func(t *testing.T) {
		o, all := standIns(t)
		d := openDoor(t, o)
		text := d.good(t, "/v1/messages", `{"model":"anthropic/claude-sonnet-4-5","max_tokens":4000,"messages":[{"role":"user","content":"hi"},`+
			`{"role":"assistant","content":[{"type":"thinking","thinking":"of another","signature":"bm90IHlvdXJz"},{"type":"text","text":"so"}]},{"role":"user","content":"go on"}]}`)
		holds(t, text, "café")
		calls := all["anthropic"].Calls()
		if len(calls) != 2 || !strings.Contains(calls[0].Refused, "signature") || strings.Contains(string(calls[1].Body), `"signature"`) {
			t.Errorf("%d calls, the last was %s", len(calls), calls[len(calls)-1].Body)
		}
	}},
	{33, "maximhq/bifrost#5410", func(t *testing.T) {
		o, all := standIns(t)
		d := openDoor(t, o)
		for _, item := range []string{
			`{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"Zm9yZWlnbg=="}`, `{"type":"reasoning","id":"rs_gone","summary":[{"type":"summary_text","text":"x"}]}`,
		} {
			text := d.good(t, "/v1/responses", `{"model":"openai/gpt-5.4","store":false,"input":[{"role":"user","content":"hi"},`+item+
				`,{"type":"message","role":"assistant","content":[{"type":"output_text","text":"so"}]},{"role":"user","content":"go on"}]}`)
			holds(t, text, "café")
			lacking(t, string(all["openai"].Last().Body), "encrypted_content\":", "rs_")
		}
	}},
	{36, "musistudio/claude-code-router#1378", func(t *testing.T) {
		sent, _ := strictly(t, "deepseek", "/v1/chat/completions", `{"model":"MODEL","reasoning_effort":"medium","messages":[{"role":"user","content":"hi"}]}`)
		if sent.Get("thinking.type").String() == "disabled" && sent.Get("reasoning_effort").Exists() {
			t.Errorf("contradictory: %s", sent.Raw)
		}
		sent, _ = strictly(t, "strict-responses", "/v1/messages", `{"model":"MODEL","max_tokens":4000,"thinking":{"type":"disabled"},"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[]},{"role":"user","content":"go"}]}`)
		same(t, sent, "reasoning.effort", "none")
		body := writtenForGemini(t, llm.ChatCompletions, "gemini-2.5-flash", `{"model":"m","tool_choice":"auto","tools":[],"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":""},{"role":"user","content":"go"}]}`)
		if body.Get("toolConfig").Exists() || body.Get("tools").Exists() {
			t.Errorf("a tool config without functions: %s", body.Raw)
		}
	}},
	{38, "router-for-me/CLIProxyAPI#2360", func(t *testing.T) {
		body := writtenForGemini(t, llm.Responses, "gemini-3-pro", `{"model":"m","input":[{"role":"user","content":"hi"},{"type":"function_call","call_id":"c1","name":"look","arguments":"{}"},`+
			`{"type":"function_call","call_id":"c2","name":"look","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"a"},{"type":"function_call_output","call_id":"c2","output":"b"}],"tools":[`+lookToolFlat+`]}`)
		same(t, body, "contents.1.parts.0.thoughtSignature", "skip_thought_signature_validator")
		if body.Get("contents.1.parts.1.thoughtSignature").Exists() {
			t.Error("the second call of a step has a signature")
		}
	}},
	{51, "openai/openai-agents-python PR#4155", func(t *testing.T) {
		sent := secondTurn(t, &responsesTalker{}, mixedAnswer)
		same(t, sent, "messages.1.content.0.signature", "c2lnMQ==")
		if v := sent.Get("messages.1.content.0.thinking"); v.Type != gjson.String || v.Str != "" {
			t.Errorf("the empty thinking is %s", v.Raw)
		}
	}},
}
