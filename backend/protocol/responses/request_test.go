package responses_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/carry"
	"gatehouse/backend/protocol/responses"
)

func decode(t testing.TB, body string) (*llm.Request, *responses.Head) {
	t.Helper()
	req, head, err := responses.DecodeRequest([]byte(body), responses.DecodeOptions{})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return req, head
}

// member asks for one member of a request to read back as what is wanted.
func TestDecodeMembers(t *testing.T) {
	for _, c := range []struct {
		body string
		get  func(*llm.Request, *responses.Head) any
		want string
	}{
		{`{"model":"a/b"}`, func(r *llm.Request, _ *responses.Head) any { return r.Model }, `"a/b"`},
		{`{"stream":true}`, func(r *llm.Request, _ *responses.Head) any { return r.Stream }, `true`},
		{`{"max_output_tokens":5}`, func(r *llm.Request, _ *responses.Head) any { return r.MaxOutputTokens }, `5`},
		{`{"temperature":0}`, func(r *llm.Request, _ *responses.Head) any { return r.Temperature }, `0`},
		{`{"temperature":null}`, func(r *llm.Request, _ *responses.Head) any { return r.Temperature }, `null`},
		{`{"top_p":0.5}`, func(r *llm.Request, _ *responses.Head) any { return r.TopP }, `0.5`},
		{`{"service_tier":"flex"}`, func(r *llm.Request, _ *responses.Head) any { return r.ServiceTier }, `"flex"`},
		{`{"prompt_cache_key":"k"}`, func(r *llm.Request, _ *responses.Head) any { return r.CacheKey }, `"k"`},
		{`{"user":"u"}`, func(r *llm.Request, _ *responses.Head) any { return r.User }, `"u"`},
		{`{"user":"u","safety_identifier":"s"}`, func(r *llm.Request, _ *responses.Head) any { return r.User }, `"s"`},
		{`{"metadata":{"b":"1","a":"2"}}`, func(r *llm.Request, _ *responses.Head) any { return r.Metadata }, `{"b":"1","a":"2"}`},
		{`{"stream_options":{"include_obfuscation":true}}`, func(r *llm.Request, _ *responses.Head) any { return r.Extra }, `null`},
		{
			`{"truncation":"auto","new":{"a":1.0}}`, func(r *llm.Request, _ *responses.Head) any { return r.Extra },
			`[{"Dialect":"responses","Name":"truncation","Raw":"auto"},{"Dialect":"responses","Name":"new","Raw":{"a":1.0}}]`,
		},
		{
			`{"text":{"verbosity":"low","format":{"type":"text"}}}`, func(r *llm.Request, _ *responses.Head) any { return []any{r.Format, r.Extra} },
			`[null,[{"Dialect":"responses","Name":"text.verbosity","Raw":"low"}]]`,
		},
		{
			`{"text":{"format":{"type":"json_object"}}}`, func(r *llm.Request, _ *responses.Head) any { return r.Format },
			`{"Schema":null,"Name":"","Description":"","Strict":null}`,
		},
		{
			`{"text":{"format":{"type":"json_schema","name":"n","schema":{"b":1,"a":2},"strict":true,"description":"d"}}}`,
			func(r *llm.Request, _ *responses.Head) any { return r.Format },
			`{"Schema":{"b":1,"a":2},"Name":"n","Description":"d","Strict":true}`,
		},
		{
			`{"reasoning":{"effort":"xhigh","summary":"auto","context":"all_turns"}}`,
			func(r *llm.Request, _ *responses.Head) any {
				return []any{r.Reasoning.Effort, r.Reasoning.Summary, r.Extra}
			},
			`["xhigh","auto",[{"Dialect":"responses","Name":"reasoning.context","Raw":"all_turns"}]]`,
		},
		{`{"reasoning":{"generate_summary":"concise"}}`, func(r *llm.Request, _ *responses.Head) any { return r.Reasoning.Summary }, `"concise"`},
		{`{"parallel_tool_calls":false}`, func(r *llm.Request, _ *responses.Head) any { return r.ToolChoice }, `{"Mode":"auto","Name":"","NoParallel":true}`},
		{`{"parallel_tool_calls":true}`, func(r *llm.Request, _ *responses.Head) any { return r.ToolChoice }, `null`},
		{
			`{"tool_choice":"required","parallel_tool_calls":false}`, func(r *llm.Request, _ *responses.Head) any { return r.ToolChoice },
			`{"Mode":"required","Name":"","NoParallel":true}`,
		},
		{
			`{"previous_response_id":"resp_0","store":false,"background":true}`,
			func(_ *llm.Request, h *responses.Head) any {
				return []any{h.PreviousResponseID, h.Store, h.Background, h.Conversation}
			}, `["resp_0",false,true,""]`,
		},
		{`{"conversation":{"id":"conv_1"}}`, func(_ *llm.Request, h *responses.Head) any { return h.Conversation }, `"conv_1"`},
		{`{"conversation":"conv_1"}`, func(_ *llm.Request, h *responses.Head) any { return h.Conversation }, `"conv_1"`},
		{
			`{"instructions":"i","input":"hi"}`, func(r *llm.Request, _ *responses.Head) any { return r.Messages },
			`[{"Role":"system","Parts":[{"Text":"i","Citations":null,"Cache":null}]},{"Role":"user","Parts":[{"Text":"hi","Citations":null,"Cache":null}]}]`,
		},
		{
			`{"input":"hi <b>"}`, func(_ *llm.Request, h *responses.Head) any { return string(h.Input[0]) },
			show(`{"type":"message","role":"user","content":"hi <b>"}`),
		},
	} {
		req, head := decode(t, c.body)
		if got := show(c.get(req, head)); got != c.want {
			t.Errorf("%s: %s, want %s", c.body, got, c.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for body, field := range map[string]string{
		``: "JSON", `[]`: "object", `{"input":5}`: "input", `{"input":[5]}`: "input", `{"input":[{"type":"message"}]}`: "role",
		`{"input":[{"role":"x","content":"a"}]}`: "role", `{"input":[{"role":"user"}]}`: "content", `{"model":5}`: "model",
		`{"stream":"yes"}`: "stream", `{"max_output_tokens":1.5}`: "max_output_tokens", `{"max_output_tokens":-1}`: "max_output_tokens",
		`{"temperature":"hot"}`: "temperature", `{"top_p":[]}`: "top_p", `{"user":1}`: "user", `{"metadata":[]}`: "metadata",
		`{"instructions":[]}`: "instructions", `{"tools":{}}`: "tools", `{"tools":[{}]}`: "tools", `{"tools":[{"type":"function"}]}`: "name",
		`{"tools":[{"type":"namespace","name":"n","tools":[{"type":"web_search"}]}]}`: "namespace",
		`{"tool_choice":{"type":"function"}}`:                                         "tool_choice", `{"tool_choice":{"type":"web_search"}}`: "tool_choice",
		`{"tool_choice":{"type":"allowed_tools","mode":"x","tools":[]}}`: "tool_choice", `{"tool_choice":{}}`: "tool_choice",
		`{"parallel_tool_calls":1}`: "parallel_tool_calls", `{"reasoning":{"effort":"most"}}`: "reasoning.effort", `{"reasoning":1}`: "reasoning",
		`{"text":{"format":{"type":"xml"}}}`: "text.format", `{"text":{"format":{"type":"json_schema"}}}`: "schema",
		`{"prompt":{"id":"p"}}`: "prompt", `{"store":1}`: "store", `{"conversation":"c","previous_response_id":"p"}`: "conversation",
		`{"input":[{"type":"item_reference","id":"msg_1"}]}`: "msg_1", `{"input":[{"id":"msg_1"}]}`: "msg_1",
		`{"input":[{"type":"function_call","name":"f"}]}`: "call_id", `{"input":[{"type":"function_call_output","call_id":"c"}]}`: "output",
		`{"input":[{"type":"function_call_output","output":""}]}`:                                              "call_id",
		`{"input":[{"role":"user","content":[{"type":"input_image"}]}]}`:                                       "image_url",
		`{"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,@"}]}]}`: "base64",
		`{"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:text"}]}]}`:               "base64",
		`{"input":[{"role":"user","content":[{"type":"input_file"}]}]}`:                                        "input_file",
		`{"input":[{"role":"user","content":[{"type":"input_file","file_data":"@"}]}]}`:                        "file_data",
		`{"input":[{"role":"user","content":[{}]}]}`:                                                           "type",
	} {
		_, _, err := responses.DecodeRequest([]byte(body), responses.DecodeOptions{})
		if e, ok := errors.AsType[*llm.Error](err); !ok || e.Kind != llm.ErrBadRequest || !strings.Contains(e.Message, field) || e.Code == "" {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// conversation has each kind of item, as Codex keeps a session.
const conversation = `{"model":"m","instructions":"be brief","tools":` + `TOOLS` + `,"input":[
	{"type":"message","role":"developer","content":[{"type":"input_text","text":"sandbox"}]},
	{"role":"user","content":[{"type":"input_text","text":"look"},{"type":"input_image","image_url":"data:image/png;base64,aW1n","detail":"high"},
		{"type":"input_image","image_url":"https://example.com/a.png"},{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,cGRm"},
		{"type":"input_file","file_url":"https://example.com/b.txt"},{"type":"input_file","file_id":"file_1"}]},
	{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"RS"},
	{"type":"message","id":"msg_1","role":"assistant","phase":"commentary","status":"completed","content":[{"type":"output_text","text":"I look","annotations":[]}]},
	{"type":"function_call","id":"fc_1","call_id":"c1","name":"shell","arguments":"{\"n\": 1.50,\"b\":2}"},
	{"type":"function_call","id":"fc_2","call_id":"c2","name":"read","namespace":"mcp__files","arguments":""},
	{"type":"custom_tool_call","id":"ctc_1","call_id":"c3","name":"apply_patch","input":"*** \"x\"\n"},
	{"type":"tool_search_call","call_id":"c4","execution":"client","arguments":{"query":"x"}},
	{"type":"web_search_call","id":"ws_1","status":"completed"},
	{"type":"function_call_output","call_id":"c1","output":"out"},
	{"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"t"},{"type":"input_image","image_url":"data:image/jpeg;base64,aW1n"}]},
	{"type":"custom_tool_call_output","call_id":"c3","output":"ok"},
	{"type":"tool_search_output","call_id":"c4","execution":"client","tools":[{"type":"function","name":"found","parameters":{"type":"object"},"strict":true}]},
	{"type":"message","role":"assistant","content":[{"type":"refusal","refusal":"no"}]},
	{"type":"additional_tools","role":"developer","tools":[{"type":"function","name":"later","parameters":null}]},
	{"type":"configuration_update","reasoning":{"effort":"low"}},
	{"type":"compaction","encrypted_content":"CC"},
	{"type":"message","role":"user","content":"go on"}
]}`

func conversationBody() string {
	return strings.Replace(conversation, "TOOLS", gjson.Get(codexRequest, "tools").Raw, 1)
}

// Regressions 3, 4, 13, 22, 39: calls of a turn stay together, images stay, kinds of calls stay.
func TestDecodeConversationGolden_3_4_13_39(t *testing.T) {
	req, head := decode(t, conversationBody())
	var b strings.Builder
	for _, m := range req.Messages {
		b.WriteString(string(m.Role) + "\n")
		for _, p := range m.Parts {
			b.WriteString("\t" + strings.TrimPrefix(kindOf(p), "llm.") + " " + show(p) + "\n")
		}
	}
	for _, tool := range req.Tools {
		b.WriteString("tool " + show(tool) + "\n")
	}
	b.WriteString("reasoning " + show(req.Reasoning) + "\nnotices " + show(head.Notices) + "\n")
	golden(t, "conversation.txt", []byte(b.String()))
	if len(head.Input) != 18 {
		t.Errorf("%d items", len(head.Input))
	}
}

func kindOf(p llm.Part) string { return strings.SplitN(renderEvent(llm.PartStart{Part: p}), " ", 4)[2] }

// Regression 14: what came before goes before, and what an item stands for takes its place.
func TestHistoryAndReferences_14(t *testing.T) {
	known := map[string]string{
		"msg_1": `{"type":"message","role":"assistant","content":[{"type":"output_text","text":"two"}]}`,
		"CC":    `{"type":"message","role":"user","content":"sum"}`,
		"loop":  `{"type":"item_reference","id":"loop"}`,
	}
	opts := responses.DecodeOptions{
		History: []json.RawMessage{json.RawMessage(`{"role":"user","content":"one"}`), json.RawMessage(`{"type":"item_reference","id":"msg_1"}`)},
		Resolve: func(item json.RawMessage) ([]json.RawMessage, bool) {
			id := gjson.GetBytes(item, "id").String() + gjson.GetBytes(item, "encrypted_content").String()
			raw, ok := known[id]
			return []json.RawMessage{json.RawMessage(raw)}, ok
		},
	}
	req, head, err := responses.DecodeRequest([]byte(`{"instructions":"i","input":[{"id":"msg_1"},{"type":"compaction","encrypted_content":"CC"},
		{"type":"compaction","encrypted_content":"OTHER"},{"role":"user","content":"three"}]}`), opts)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range req.Messages {
		for _, p := range m.Parts {
			switch p := p.(type) {
			case llm.Text:
				got = append(got, string(m.Role)+" "+p.Text)
			default:
				got = append(got, kindOf(p))
			}
		}
	}
	if s := strings.Join(got, ", "); s != "system i, user one, assistant two, assistant two, user sum, llm.Opaque, user three" {
		t.Error(s)
	}
	if len(head.Input) != 4 || !strings.Contains(string(head.Input[0]), "two") {
		t.Errorf("own items %s", show(head.Input))
	}
	if _, _, err := responses.DecodeRequest([]byte(`{"input":[{"type":"item_reference","id":"loop"}]}`), opts); err == nil {
		t.Error("a reference to itself was taken")
	}
}

// Regression 35: allowed_tools and hosted choices narrow the list; a name in a namespace is found.
func TestToolChoice_35(t *testing.T) {
	for choice, want := range map[string]string{
		`{"type":"function","name":"shell"}`:                         `named shell: shell apply_patch mcp__files__read mcp__files__write tool_search web_search`,
		`{"type":"function","name":"read","namespace":"mcp__files"}`: `named mcp__files__read: shell apply_patch mcp__files__read mcp__files__write tool_search web_search`,
		`{"type":"custom","name":"apply_patch"}`:                     `named apply_patch: shell apply_patch mcp__files__read mcp__files__write tool_search web_search`,
		`{"type":"web_search"}`:                                      `required : web_search`,
		`{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"shell"},{"type":"web_search"},{"type":"namespace","name":"mcp__files"}]}`: `required : shell mcp__files__read mcp__files__write web_search`,
		`"none"`: `none : shell apply_patch mcp__files__read mcp__files__write tool_search web_search`,
	} {
		req, _ := decode(t, `{"tool_choice":`+choice+`,"tools":`+gjson.Get(codexRequest, "tools").Raw+`}`)
		got := string(req.ToolChoice.Mode) + " " + req.ToolChoice.Name + ":"
		for _, tool := range req.Tools {
			name := tool.Name
			if tool.Own != nil {
				name = gjson.GetBytes(tool.Own.Raw, "type").String()
			}
			got += " " + name
		}
		if got != want {
			t.Errorf("%s: %s, want %s", choice, got, want)
		}
	}
}

// Names in namespaces are told apart and never too long, and each finds its way back.
func TestNamespaces(t *testing.T) {
	long := strings.Repeat("x", 60)
	body := `{"tools":[{"type":"function","name":"a__b"},{"type":"namespace","name":"a","tools":[{"type":"function","name":"b"}]},
		{"type":"namespace","name":"` + long + `","tools":[{"type":"function","name":"` + long + `"},{"type":"function","name":"` + long + `y"}]},
		{"type":"namespace","name":"c__","tools":[{"type":"custom","name":"d"}]}],
		"input":[{"type":"function_call","call_id":"1","namespace":"a","name":"b","arguments":"{}"}]}`
	req, head := decode(t, body)
	seen := map[string]bool{}
	var events []llm.Event
	for i, tool := range req.Tools {
		if seen[tool.Name] || len(tool.Name) > 64 {
			t.Errorf("name %q", tool.Name)
		}
		seen[tool.Name] = true
		events = append(events, part(i, llm.ToolCall{ID: tool.Name, Name: tool.Name}, llm.PartDelta{Input: "{}"})...)
	}
	if call := req.Messages[0].Parts[0].(llm.ToolCall); call.Name != req.Tools[1].Name {
		t.Errorf("the call names %q, the tool is %q", call.Name, req.Tools[1].Name)
	}
	opts := options(t)
	opts.Head = head
	_, r := checkStream(t, encode(answer(events, finish(llm.FinishToolCalls)), opts))
	var got []string
	for _, item := range r.Get("output").Array() {
		got = append(got, strings.ReplaceAll(item.Get("namespace").String()+"/"+item.Get("name").String(), long, "L"))
	}
	if s := strings.Join(got, " "); s != "/a__b a/b L/L L/Ly c__/d" {
		t.Error(s)
	}
}

func FuzzDecodeRequest(f *testing.F) {
	f.Add([]byte(codexRequest))
	f.Add([]byte(conversationBody()))
	f.Add([]byte(`{"input":[{"type":"reasoning","encrypted_content":"` + carry.Pack(claude, carry.Call, []byte("a\nb")) + `"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, head, err := responses.DecodeRequest(body, responses.DecodeOptions{})
		if err != nil {
			if e, ok := errors.AsType[*llm.Error](err); !ok || e.Kind != llm.ErrBadRequest {
				t.Fatalf("%v", err)
			}
			return
		}
		a, _, err := responses.EncodeRequest(req, responses.Options{Target: claude})
		if err != nil {
			return
		}
		b, _, _ := responses.EncodeRequest(req, responses.Options{Target: claude})
		if !json.Valid(a) || string(a) != string(b) {
			t.Fatalf("%s\n%s", a, b)
		}
		checkStream(t, encode(answers()["tools"], responses.AnswerOptions{Head: head, ID: "resp_1", Now: clock}))
	})
}
