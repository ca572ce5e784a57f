package ollama_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/ollama"
)

// onePixel is a PNG of one pixel.
const onePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// probes set one member each; want is what must be found in the request as JSON, or in the error where it is refused. An
// extra must be there under its path.
var probes = map[string]struct{ chat, generate, want string }{
	"model":                     {`"model":"a/b:latest"`, "", `"Model":"a/b:latest"`},
	"stream":                    {`"x":1`, "", `"Stream":true`},
	"messages":                  {`"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}]`, "", `[{"Role":"system","Parts":[{"Text":"s"`},
	"messages.images":           {`"messages":[{"role":"user","content":"u","images":["` + onePixel + `"]}]`, "", `"MediaType":"image/png"`},
	"messages.images.unknown":   {`"messages":[{"role":"user","content":"u","images":["AAAA"]}]`, "", "messages[0].images[0]"},
	"messages.thinking":         {`"messages":[{"role":"assistant","content":"u","thinking":"hm"}]`, "", `{"Text":"hm","Signature":""`},
	"messages.tool_calls":       {`"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"n": 1.50}}}]}]`, "", `"Name":"f","Input":{"n":1.50}`},
	"messages.tool_name":        {`"messages":[{"role":"assistant","tool_calls":[{"id":"i","function":{"name":"f","arguments":{}}}]},{"role":"tool","tool_name":"f","content":"r"}]`, "", `"CallID":"i","Name":"f"`},
	"tools":                     {`"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}]`, "", `"Name":"f","Description":"d","InputSchema":{"type":"object"}`},
	"format":                    {`"format":{"type":"object"}`, "", `"Format":{"Schema":{"type":"object"}`},
	"think":                     {`"think":"high"`, "", `"Effort":"high"`},
	"options.temperature":       {`"options":{"temperature":0.5}`, "", `"Temperature":0.5`},
	"options.top_p":             {`"options":{"top_p":0.5}`, "", `"TopP":0.5`},
	"options.top_k":             {`"options":{"top_k":5}`, "", `"TopK":5`},
	"options.seed":              {`"options":{"seed":5}`, "", `"Seed":5`},
	"options.stop":              {`"options":{"stop":["x","y"]}`, "", `"Stop":["x","y"]`},
	"options.num_predict":       {`"options":{"num_predict":5}`, "", `"MaxOutputTokens":5`},
	"options.frequency_penalty": {`"options":{"frequency_penalty":0.5}`, "", `"FrequencyPenalty":0.5`},
	"options.presence_penalty":  {`"options":{"presence_penalty":0.5}`, "", `"PresencePenalty":0.5`},
	"options.num_ctx":           {`"options":{"num_ctx":4096}`, "", ""},
	"options.min_p":             {`"options":{"min_p":0.1}`, "", ""},
	"options.repeat_penalty":    {`"options":{"repeat_penalty":1.1}`, "", ""},
	"options.num_gpu":           {`"options":{"num_gpu":1}`, "", ""},
	"keep_alive":                {`"keep_alive":"5m"`, "", ""},
	"truncate":                  {`"truncate":false`, "", ""},
	"logprobs":                  {`"logprobs":true`, "", ""},
	"prompt":                    {"", `"prompt":"why?"`, `[{"Role":"user","Parts":[{"Text":"why?"`},
	"system":                    {"", `"system":"s"`, `[{"Role":"system","Parts":[{"Text":"s"`},
	"images":                    {"", `"images":["` + onePixel + `"]`, `"MediaType":"image/png"`},
	"suffix":                    {"", `"suffix":"end"`, "suffix"},
	"template":                  {"", `"template":"{{ .Prompt }}"`, "template"},
	"raw":                       {"", `"raw":true`, "raw"},
	"context":                   {"", `"context":[1,2]`, "context"},
}

func TestInboundLadder(t *testing.T) {
	if len(probes) != len(ollama.Inbound()) {
		t.Errorf("%d probes for %d members", len(probes), len(ollama.Inbound()))
	}
	for _, rung := range ollama.Inbound() {
		probe, ok := probes[rung.Field]
		if !ok {
			t.Errorf("%s has no probe", rung.Field)
			continue
		}
		decode, body := ollama.DecodeChat, `{`+probe.chat+`}`
		if probe.chat == "" {
			decode, body = ollama.DecodeGenerate, `{`+probe.generate+`,"prompt":"p"}`
			if rung.Field == "prompt" {
				body = `{` + probe.generate + `}`
			}
		} else if !strings.Contains(body, `"messages"`) {
			body = `{` + probe.chat + `,"messages":[{"role":"user","content":"u"}]}`
		}
		req, err := decode([]byte(body))
		if rung.Fate == "refused" {
			if e := llm.AsError(err); e == nil || e.Kind != llm.ErrBadRequest || !strings.HasPrefix(e.Message, probe.want) {
				t.Errorf("%s: %v", rung.Field, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", rung.Field, err)
			continue
		}
		got, err := json.Marshal(req)
		if err != nil || !strings.Contains(string(got), probe.want) {
			t.Errorf("%s: %s, %v, want %s", rung.Field, got, err, probe.want)
		}
		extra := len(req.Extra) == 1 && req.Extra[0].Name == rung.Field && req.Extra[0].Dialect == llm.Ollama
		if extra != (rung.Fate == "extra") {
			t.Errorf("%s is %s, but extra are %+v", rung.Field, rung.Fate, req.Extra)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct{ body, says string }{
		{`{`, "JSON"},
		{`[]`, "JSON"},
		{`{"messages":"x"}`, "messages must be a list"},
		{`{"messages":[{"role":"robot"}]}`, "messages[0].role"},
		{`{"messages":[{"role":"user","content":[{"type":"text"}]}]}`, "messages[0].content"},
		{`{"messages":[{"role":"user","images":["https://x.example/a.png"]}]}`, "messages[0].images[0]"},
		{`{"messages":[{"role":"assistant","tool_calls":[{"function":{}}]}]}`, "tool_calls"},
		{`{"messages":[{"role":"user"}],"format":"xml"}`, "format"},
		{`{"messages":[{"role":"user"}],"think":3}`, "think"},
		{`{"messages":[{"role":"user"}],"think":"hardest"}`, "think"},
		{`{"messages":[{"role":"user"}],"tools":{}}`, "tools"},
		{`{"messages":[{"role":"user"}],"tools":[{"type":"function"}]}`, "tools"},
		{`{"messages":[{"role":"user"}],"options":[]}`, "options"},
		{`{"messages":[{"role":"user"}],"options":{"seed":"x"}}`, "options.seed"},
		{`{"messages":[{"role":"user"}],"options":{"top_p":"x"}}`, "options.top_p"},
		{`{"messages":[{"role":"user"}],"options":{"stop":[1]}}`, "options.stop"},
	} {
		_, err := ollama.DecodeChat([]byte(c.body))
		if e := llm.AsError(err); e == nil || e.Kind != llm.ErrBadRequest || !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: %v, want %s", c.body, err, c.says)
		}
	}
}

// What means "none" in Ollama's options is none, not a limit of 0 or less.
func TestOptionsThatMeanNothing(t *testing.T) {
	req, err := ollama.DecodeChat([]byte(`{"messages":[{"role":"user","content":"x"}],"format":"","think":null,"logprobs":false,
		"options":{"num_predict":-1,"top_k":0,"seed":-1,"stop":"","temperature":null}}`))
	if err != nil {
		t.Fatal(err)
	}
	if req.MaxOutputTokens != nil || req.TopK != nil || req.Seed != nil || len(req.Stop) > 0 || req.Temperature != nil ||
		req.Format != nil || req.Reasoning != nil || len(req.Extra) > 0 {
		t.Errorf("%+v", req)
	}
}

func TestThink(t *testing.T) {
	for value, want := range map[string]llm.ReasoningConfig{
		"true": {Adaptive: true, Summary: "auto"}, "false": {Effort: "none"}, `"none"`: {Effort: "none"},
		`"low"`: {Effort: "low", Summary: "auto"}, `"max"`: {Effort: "max", Summary: "auto"},
	} {
		req, err := ollama.DecodeChat([]byte(`{"messages":[{"role":"user","content":"x"}],"think":` + value + `}`))
		if err != nil || *req.Reasoning != want {
			t.Errorf("%s: %+v, %v", value, req, err)
		}
	}
}

// Calls without ids get some that stay as the conversation grows, and results that name no call find theirs.
func TestCallsWithoutIDs(t *testing.T) {
	const turns = `{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}},{"function":{"name":"g","arguments":"{\"b\":2}"}},{"function":{"name":"f"}}]},` +
		`{"role":"tool","tool_name":"f","content":"first f"},{"role":"tool","tool_name":"g","content":"g"},{"role":"tool","content":"second f","images":["` + onePixel + `"]}`
	ids := func(messages string) string {
		req, err := ollama.DecodeChat([]byte(`{"messages":[` + messages + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		var made, answered []string
		for _, m := range req.Messages {
			for _, p := range m.Parts {
				switch p := p.(type) {
				case llm.ToolCall:
					made = append(made, p.ID+" "+p.Name+" "+string(p.Input))
				case llm.ToolResult:
					answered = append(answered, fmt.Sprint(p.CallID, " ", p.Name, " ", len(p.Parts)))
				}
			}
		}
		return strings.Join(made, "\n") + "\n\n" + strings.Join(answered, "\n")
	}
	got := ids(turns)
	calls, results, _ := strings.Cut(got, "\n\n")
	c, r := strings.Split(calls, "\n"), strings.Split(results, "\n")
	id := func(s string) string { first, _, _ := strings.Cut(s, " "); return first }
	if len(c) != 3 || id(c[0]) == id(c[2]) || !strings.HasSuffix(c[1], ` g {"b":2}`) || !strings.HasSuffix(c[2], " f {}") {
		t.Error(got)
	}
	if r[0] != id(c[0])+" f 1" || r[1] != id(c[1])+" g 1" || r[2] != id(c[2])+" f 2" {
		t.Error(got)
	}
	if grown := ids(turns + `,{"role":"user","content":"and?"},` + turns); !strings.HasPrefix(grown, calls+"\n") {
		t.Errorf("the ids changed:\n%s\n%s", got, grown)
	}
}

func TestHead(t *testing.T) {
	for _, c := range []struct {
		body, model string
		stream      bool
		says        string
	}{
		{`{"model":"m"}`, "m", true, ""},
		{`{"name":"m","stream":null}`, "m", true, ""},
		{`{"model":"m","stream":false}`, "m", false, ""},
		{`{"model":"m","stream":"no"}`, "", false, "stream"},
		{`{"model":7}`, "", false, "model"},
		{`{}`, "", false, "names no model"},
		{`nonsense`, "", false, "JSON"},
	} {
		model, stream, err := ollama.Head([]byte(c.body))
		if (err == nil) != (c.says == "") || model != c.model || stream != c.stream {
			t.Errorf("%s: %q %t %v", c.body, model, stream, err)
		}
		if err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.body, err)
		}
	}
}

func TestLoads(t *testing.T) {
	for body, want := range map[string][2]bool{
		`{"model":"m"}`:                              {true, false},
		`{"model":"m","messages":[]}`:                {true, false},
		`{"model":"m","prompt":"","keep_alive":0}`:   {true, true},
		`{"model":"m","keep_alive":"0s"}`:            {true, true},
		`{"model":"m","keep_alive":"10m"}`:           {true, false},
		`{"model":"m","prompt":"x"}`:                 {false, false},
		`{"model":"m","messages":[{"role":"user"}]}`: {false, false},
		`{"model":"m","messages":"x"}`:               {false, false},
		`[]`:                                         {false, false},
	} {
		if loads, unload := ollama.Loads([]byte(body)); loads != want[0] || loads && unload != want[1] {
			t.Errorf("%s: %t %t", body, loads, unload)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, p := range probes {
		f.Add([]byte(`{`+p.chat+p.generate+`,"prompt":"p","messages":[{"role":"user","content":"u"}]}`), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, chat bool) {
		decode := ollama.DecodeGenerate
		if chat {
			decode = ollama.DecodeChat
		}
		req, err := decode(body)
		if err != nil {
			if e := llm.AsError(err); e.Kind != llm.ErrBadRequest {
				t.Errorf("%v", err)
			}
		} else if len(req.Messages) == 0 {
			t.Error("no messages")
		}
		_, _, _ = ollama.Head(body)
		_, _ = ollama.Loads(body)
		_, _ = ollama.DecodeEmbed(body, chat)
	})
}
