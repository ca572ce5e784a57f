package aisdk_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/aisdk"
	"gatehouse/backend/protocol/carry"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
	}
}

var head = aisdk.Head{Version: aisdk.V4, Model: "openai/gpt"}

func decode(t *testing.T, h aisdk.Head, body string) *aisdk.Call {
	t.Helper()
	call, err := aisdk.DecodeRequest(h, []byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return call
}

// render writes a call as lines.
func render(c *aisdk.Call) string {
	var b strings.Builder
	r := *c.Request
	for _, m := range r.Messages {
		fmt.Fprintf(&b, "%s\n", m.Role)
		for _, p := range m.Parts {
			b.WriteString(renderPart("  ", p))
		}
	}
	r.Messages = nil
	rest, _ := json.Marshal(r)
	for name, v := range gjson.ParseBytes(rest).ForEach {
		if v.Type != gjson.Null && v.Type != gjson.False && v.Raw != `""` {
			fmt.Fprintf(&b, "%s %s\n", name.Str, v.Raw)
		}
	}
	if c.Gateway != nil {
		fmt.Fprintf(&b, "gateway %s\n", c.Gateway)
	}
	for _, n := range c.Notices {
		fmt.Fprintf(&b, "notice %s: %s\n", n.Field, n.Message)
	}
	return b.String()
}

func renderPart(indent string, p llm.Part) string {
	line := strings.TrimPrefix(fmt.Sprintf("%T", p), "llm.")
	switch p := p.(type) {
	case llm.Text:
		return fmt.Sprintf("%s%s %q%s\n", indent, line, p.Text, renderCache(p.Cache))
	case llm.Reasoning:
		return fmt.Sprintf("%s%s %q signature=%q opaque=%s origin=%v\n", indent, line, p.Text, p.Signature, p.Opaque, p.Origin)
	case llm.Media:
		return fmt.Sprintf("%s%s %s %q %d bytes url=%q id=%q detail=%q%s\n", indent, line, p.MediaType, p.Filename, len(p.Data), p.URL,
			p.FileID, p.Detail, renderCache(p.Cache))
	case llm.ToolCall:
		return fmt.Sprintf("%s%s %s %s %s provider=%v signature=%q%s\n", indent, line, p.ID, p.Name, p.Input, p.ByProvider, p.Signature,
			renderCache(p.Cache))
	case llm.ToolResult:
		line = fmt.Sprintf("%s%s %s %s error=%v%s\n", indent, line, p.CallID, p.Name, p.IsError, renderCache(p.Cache))
		for _, inner := range p.Parts {
			line += renderPart(indent+"  ", inner)
		}
		return line
	}
	return indent + line + "\n"
}

func renderCache(m *llm.CacheMark) string {
	if m == nil {
		return ""
	}
	return fmt.Sprintf(" cache=%q", m.TTL)
}

// The files are what the official clients of AI SDK 5, 6 and 7 sent.
func TestDecodeRequestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/v*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		h := aisdk.Head{Version: aisdk.Version(name[1] - '0'), Model: "openai/gpt", Stream: true}
		call, err := aisdk.DecodeRequest(h, body)
		if err != nil { // a gateway's tool that is forced is the only refusal here
			t.Errorf("%s: %v", name, err)
			continue
		}
		golden(t, name+".call", []byte(render(call)))
	}
}

const hi = `"prompt":[{"role":"user","content":[{"type":"text","text":"hi"}]}]`

// user is a body whose one message holds a part.
func user(part string) string {
	return `{"prompt":[{"role":"user","content":[` + part + `]}]}`
}

func assistant(part string) string {
	return `{"prompt":[{"role":"assistant","content":[` + part + `]}]}`
}

func toolMessage(output string) string {
	return `{"prompt":[{"role":"tool","content":[{"type":"tool-result","toolCallId":"c","toolName":"t","output":` + output + `}]}]}`
}

func firstPart(t *testing.T, body string) string {
	t.Helper()
	parts := decode(t, head, body).Request.Messages[0].Parts
	if len(parts) != 1 {
		t.Fatalf("%s: %d parts", body, len(parts))
	}
	return renderPart("", parts[0])
}

func TestParts(t *testing.T) {
	const png = "iVBORw0KGgo="
	result := "ToolResult c t error=false\n  "
	for _, c := range []struct{ name, body, want string }{
		{"data URL", user(`{"type":"file","mediaType":"image/png","data":"data:image/png;base64,` + png + `"}`), `Media image/png "" 8 bytes url="" id="" detail=""`},
		{"base64", user(`{"type":"file","mediaType":"image/*","data":"` + png + `"}`), `Media image/png "" 8 bytes url="" id="" detail=""`},
		{"base64 without padding", user(`{"type":"file","mediaType":"image","data":{"type":"data","data":"iVBORw0KGgo"}}`), `Media image/png "" 8 bytes url="" id="" detail=""`},
		{"a text data URL", user(`{"type":"file","data":"data:text/csv,a%2Cb"}`), `Media text/csv "" 3 bytes url="" id="" detail=""`},
		{"sniffed PDF", user(`{"type":"file","mediaType":"application/octet-stream","data":"JVBERi0xLjQ="}`), `Media application/pdf "" 8 bytes url="" id="" detail=""`},
		{"sniffed AVIF", user(`{"type":"file","mediaType":"image/*","data":"AAAAHGZ0eXBhdmlm"}`), `Media image/avif "" 12 bytes url="" id="" detail=""`},
		{"URL", user(`{"type":"file","mediaType":"image/*","data":"https://x.y/a.PNG?z"}`), `Media image/png "" 0 bytes url="https://x.y/a.PNG?z" id="" detail=""`},
		{"URL without a name", user(`{"type":"file","mediaType":"image","data":{"type":"url","url":"https://x.y/a"}}`), `Media image/* "" 0 bytes url="https://x.y/a" id="" detail=""`},
		{"URL of another class", user(`{"type":"file","mediaType":"image/*","data":"https://x.y/a.pdf"}`), `Media image/* "" 0 bytes url="https://x.y/a.pdf" id="" detail=""`},
		{"text", user(`{"type":"file","mediaType":"text/plain","filename":"a.txt","data":{"type":"text","text":"né"}}`), `Media text/plain "a.txt" 3 bytes url="" id="" detail=""`},
		{"reference", user(`{"type":"file","mediaType":"image/png","data":{"type":"reference","reference":{"anthropic":"x","openai":"file-1"}}}`), `Media image/png "" 0 bytes url="" id="file-1" detail=""`},
		{"detail", user(`{"type":"file","mediaType":"image/png","data":"` + png + `","providerOptions":{"openai":{"imageDetail":"low"}}}`), `Media image/png "" 8 bytes url="" id="" detail="low"`},
		{"call by the provider", assistant(`{"type":"tool-call","toolCallId":"c","toolName":"t","providerExecuted":true}`), `ToolCall c t {} provider=true signature=""`},
		{"call with bytes kept", assistant(`{"type":"tool-call","toolCallId":"c","toolName":"t","input":{"z":1.50, "a":"<"}}`), `ToolCall c t {"z":1.50, "a":"<"} provider=false signature=""`},
		{"call with an object as text", assistant(`{"type":"tool-call","toolCallId":"c","toolName":"t","input":"{\"a\":1}"}`), `ToolCall c t {"a":1} provider=false signature=""`},
		{"call with broken text", assistant(`{"type":"tool-call","toolCallId":"c","toolName":"t","input":"{\"a\":"}`), `ToolCall c t "{\"a\":" provider=false signature=""`},
		{"Google's signature on a call", assistant(`{"type":"tool-call","toolCallId":"c","toolName":"t","input":{},"providerOptions":{"google":{"thoughtSignature":"g"}}}`), `ToolCall c t {} provider=false signature="g"`},
		{"redacted", assistant(`{"type":"reasoning","text":"","providerOptions":{"anthropic":{"redactedData":"x"}}}`), `Reasoning "" signature="" opaque={"type":"redacted_thinking","data":"x"} origin={ }`},
		{"encrypted", assistant(`{"type":"reasoning","text":"t","providerOptions":{"openai":{"itemId":"rs","reasoningEncryptedContent":"e"}}}`), `Reasoning "t" signature="" opaque={"itemId":"rs","reasoningEncryptedContent":"e"} origin={ }`},
		{"result text", toolMessage(`{"type":"text","value":"v"}`), result + `Text "v"`},
		{"result JSON", toolMessage(`{"type":"json","value":{"b":1.0,"a":"x"}}`), result + `Text "{\"b\":1.0,\"a\":\"x\"}"`},
		{"result error text", toolMessage(`{"type":"error-text","value":"v"}`), "ToolResult c t error=true\n  Text \"v\""},
		{"result error JSON", toolMessage(`{"type":"error-json","value":[1]}`), "ToolResult c t error=true\n  Text \"[1]\""},
		{"denied", toolMessage(`{"type":"execution-denied","reason":"no"}`), "ToolResult c t error=true\n  Text \"The user did not allow this tool to run. Reason: no\""},
		{"nothing", toolMessage(`{"type":"content","value":[]}`), "ToolResult c t error=false"},
		{"version 2 media", toolMessage(`{"type":"content","value":[{"type":"media","data":"` + png + `","mediaType":"image/png"}]}`), result + `Media image/png "" 8 bytes url="" id="" detail=""`},
		{"version 3 file", toolMessage(`{"type":"content","value":[{"type":"file-data","data":"JVBERi0xLjQ=","mediaType":"application/pdf","filename":"f"}]}`), result + `Media application/pdf "f" 8 bytes url="" id="" detail=""`},
		{"version 3 image URL", toolMessage(`{"type":"content","value":[{"type":"image-url","url":"https://x.y/a"}]}`), result + `Media image/* "" 0 bytes url="https://x.y/a" id="" detail=""`},
		{"version 3 file URL", toolMessage(`{"type":"content","value":[{"type":"file-url","url":"https://x.y/a.pdf"}]}`), result + `Media application/pdf "" 0 bytes url="https://x.y/a.pdf" id="" detail=""`},
		{"version 3 file id", toolMessage(`{"type":"content","value":[{"type":"image-file-id","fileId":{"openai":"f"}}]}`), result + `Media image/* "" 0 bytes url="" id="f" detail=""`},
		{"version 3 file id as text", toolMessage(`{"type":"content","value":[{"type":"file-id","fileId":"f"}]}`), result + `Media  "" 0 bytes url="" id="f" detail=""`},
		{"version 4 file", toolMessage(`{"type":"content","value":[{"type":"file","mediaType":"image","data":{"type":"url","url":"https://x.y/a.png"}}]}`), result + `Media image/png "" 0 bytes url="https://x.y/a.png" id="" detail=""`},
		{"mark on a result", toolMessage(`{"type":"text","value":"v","providerOptions":{"anthropic":{"cacheControl":{"type":"ephemeral"}}}}`), "ToolResult c t error=false cache=\"\"\n  Text \"v\""},
	} {
		if got := firstPart(t, c.body); got != c.want+"\n" {
			t.Errorf("%s:\n%s\nwant:\n%s", c.name, got, c.want)
		}
	}
}

// What is left out is told of.
func TestNotices(t *testing.T) {
	for name, body := range map[string]string{
		"custom part":     `{"prompt":[{"role":"assistant","content":[{"type":"custom","kind":"x.y"},{"type":"text","text":"a"}]}]}`,
		"reasoning file":  `{"prompt":[{"role":"assistant","content":[{"type":"reasoning-file","mediaType":"image/png","data":{}}]}]}`,
		"approval":        `{"prompt":[{"role":"tool","content":[{"type":"tool-approval-response","approvalId":"a","approved":true}]}]}`,
		"custom result":   toolMessage(`{"type":"content","value":[{"type":"custom"}]}`),
		"part's option":   user(`{"type":"text","text":"a","providerOptions":{"anthropic":{"citations":{"enabled":true}}}}`),
		"damaged carrier": assistant(`{"type":"reasoning","text":"a","providerOptions":{"gatehouse":{"signature":"ghr1.AAAA"}}}`),
		"raw chunks":      `{` + hi + `,"includeRawChunks":true}`,
		"input examples":  `{` + hi + `,"tools":[{"type":"function","name":"f","inputExamples":[{"input":{}}]}]}`,
		"unknown effort":  `{` + hi + `,"providerOptions":{"openai":{"reasoningEffort":"wild"}}}`,
		"the hosted tool": `{` + hi + `,"tools":[{"type":"provider","id":"gateway.exa_search","name":"exa_search","args":{}}]}`,
		"two efforts":     `{` + hi + `,"providerOptions":{"azure":{"reasoningEffort":"low"},"openai":{"reasoningEffort":"high"}}}`,
	} {
		if notices := decode(t, head, body).Notices; len(notices) != 1 || notices[0].Field == "" || notices[0].Message == "" {
			t.Errorf("%s: %+v", name, notices)
		}
	}
}

func TestDecodeRequestRefuses(t *testing.T) {
	if _, err := aisdk.DecodeRequest(aisdk.Head{Version: aisdk.V4}, []byte(`{`+hi+`}`)); llm.AsError(err).Code != "model_missing" {
		t.Error(err)
	}
	for body, field := range map[string]string{
		``:                                       "JSON",
		`[]`:                                     "object",
		`{}`:                                     "prompt",
		`{"prompt":[]}`:                          "prompt",
		`{"prompt":"hi"}`:                        "prompt",
		`{"prompt":[{"role":"x","content":[]}]}`: "role",
		`{"prompt":[{"role":"user","content":""}]}`:     "prompt",
		`{"prompt":[{"role":"system","content":[]}]}`:   "system",
		`{` + hi + `,"temperature":"hot"}`:              "temperature",
		`{` + hi + `,"topK":1.5}`:                       "topK",
		`{` + hi + `,"stopSequences":"x"}`:              "stopSequences",
		`{` + hi + `,"stopSequences":[1]}`:              "stopSequences",
		`{` + hi + `,"tools":{}}`:                       "tools",
		`{` + hi + `,"tools":[{"type":"x"}]}`:           "tools",
		`{` + hi + `,"tools":[{"type":"function"}]}`:    "tools",
		`{` + hi + `,"toolChoice":{"type":"x"}}`:        "toolChoice",
		`{` + hi + `,"toolChoice":{"type":"required"}}`: "toolChoice",
		`{` + hi + `,"tools":[{"type":"provider","id":"gateway.exa_search","name":"s"},{"type":"function","name":"f"}],` +
			`"toolChoice":{"type":"tool","toolName":"s"}}`: "toolChoice",
		`{` + hi + `,"responseFormat":{"type":"x"}}`:                                      "responseFormat",
		`{` + hi + `,"responseFormat":{"type":"json","schema":"x"}}`:                      "schema",
		`{` + hi + `,"reasoning":"wild"}`:                                                 "reasoning",
		`{` + hi + `,"providerOptions":[]}`:                                               "providerOptions",
		`{` + hi + `,"providerOptions":{"deepseek":1,"bedrock":{}},"reasoning":true}`:     "reasoning",
		user(`{"type":"reasoning","text":"x"}`):                                           "reasoning",
		user(`{"type":"new"}`):                                                            "new",
		user(`{"type":"file","mediaType":"image/png","data":"?"}`):                        "base64",
		user(`{"type":"file","mediaType":"image/png","data":"file:///etc/passwd"}`):       "URL",
		user(`{"type":"file","mediaType":"image/png","data":"data:image/png;base64"}`):    "data URL",
		user(`{"type":"file","mediaType":"image/png","data":"data:,%zz"}`):                "data URL",
		user(`{"type":"file","mediaType":"image/png","data":{"type":"x"}}`):               "file",
		user(`{"type":"file","data":{"type":"reference","reference":{"anthropic":"f"}}}`): "uploaded",
		assistant(`{"type":"tool-call","toolName":"t","input":{}}`):                       "toolCallId",
		`{"prompt":[{"role":"tool","content":[{"type":"tool-result","output":{}}]}]}`:     "toolCallId",
		toolMessage(`{"type":"x"}`):                                                       "output",
	} {
		_, err := aisdk.DecodeRequest(head, []byte(body))
		e := llm.AsError(err)
		if e == nil || e.Kind != llm.ErrBadRequest || e.Code == "" || !strings.Contains(e.Message, field) {
			t.Errorf("%s gives %v; want an error about %s", body, err, field)
		}
	}
}

// Wire facts, case 32: a signature whose issuer is unknown stays so, and one of ours comes back with its issuer.
func TestCase32SignaturesKeepTheirOrigin(t *testing.T) {
	issuer := llm.Origin{Provider: "p", Model: "m"}
	body := assistant(`{"type":"reasoning","text":"r","providerOptions":{"anthropic":{"signature":"foreign"}}},` +
		`{"type":"reasoning","text":"r","providerOptions":{"anthropic":{"signature":"foreign"},"gatehouse":{"signature":"` +
		carry.Pack(issuer, carry.Signature, []byte("own")) + `"},"gateway":{"generationId":"g"}}},` +
		`{"type":"tool-call","toolCallId":"c","toolName":"t","input":{},"providerOptions":{"gatehouse":{"signature":"` +
		carry.Pack(issuer, carry.Call, []byte("call")) + `"}}}`)
	call := decode(t, head, body)
	parts := call.Request.Messages[0].Parts
	if r := parts[0].(llm.Reasoning); r.Signature != "foreign" || r.Origin != (llm.Origin{}) {
		t.Errorf("%+v", r)
	}
	if r := parts[1].(llm.Reasoning); r.Signature != "own" || r.Origin != issuer {
		t.Errorf("%+v", r)
	}
	if c := parts[2].(llm.ToolCall); c.Signature != "call" || c.Origin != issuer {
		t.Errorf("%+v", c)
	}
	if len(call.Notices) > 0 {
		t.Error(call.Notices)
	}
}

// Wire facts, case 19: system messages keep their number and place.
func TestCase19SystemMessagesStay(t *testing.T) {
	r := decode(t, head, `{"prompt":[{"role":"system","content":"a"},{"role":"user","content":[]},{"role":"system","content":"b"}]}`).Request
	if len(r.Messages) != 3 || r.Messages[2].Role != llm.RoleSystem || r.Messages[2].Parts[0].(llm.Text).Text != "b" {
		t.Errorf("%+v", r.Messages)
	}
}

// Wire facts, case 20: a cache mark keeps its lifetime, on a part, a message, a tool and the whole.
func TestCase20CacheLifetimes(t *testing.T) {
	const mark = `"providerOptions":{"anthropic":{"cacheControl":{"type":"ephemeral","ttl":"1h"}}}`
	h := aisdk.Head{Version: aisdk.V4, Model: "anthropic/claude"}
	r := decode(t, h, `{"prompt":[{"role":"system","content":"s",`+mark+`},{"role":"user","content":[{"type":"text","text":"a"},`+
		`{"type":"text","text":"b",`+mark+`}]},{"role":"assistant","content":[{"type":"text","text":"c"},{"type":"reasoning","text":"d"}],`+mark+
		`},{"role":"user","content":[{"type":"text","text":"e"}]}],"tools":[{"type":"function","name":"f",`+mark+`}],`+mark+`}`).Request
	for i, p := range []llm.Part{
		r.Messages[0].Parts[0], r.Messages[1].Parts[1], r.Messages[2].Parts[0], r.Messages[3].Parts[0],
	} {
		if m := p.(llm.Text).Cache; m == nil || m.TTL != "1h" {
			t.Errorf("mark %d: %+v", i, p)
		}
	}
	if r.Messages[1].Parts[0].(llm.Text).Cache != nil || r.Tools[0].Cache == nil || r.Tools[0].Cache.TTL != "1h" {
		t.Errorf("%+v", r)
	}
}

func TestCase20MarkOfAMessage(t *testing.T) {
	const mark = `"providerOptions":{"anthropic":{"cacheControl":{"type":"ephemeral","ttl":"5m"}}}`
	const own = `"providerOptions":{"anthropic":{"cacheControl":{"type":"ephemeral","ttl":"1h"}}}`
	for _, c := range []struct{ role, part, ttl string }{
		{"user", `{"type":"text","text":"a",` + own + `}`, "1h"},
		{"user", `{"type":"file","data":"iVBORw0KGgo="}`, "5m"},
		{"assistant", `{"type":"tool-call","toolCallId":"c","toolName":"t","input":{}},{"type":"reasoning","text":"r"}`, "5m"},
		{"tool", `{"type":"tool-result","toolCallId":"c","output":{"type":"text","value":"v"}}`, "5m"},
	} {
		call := decode(t, head, `{"prompt":[{"role":"`+c.role+`","content":[`+c.part+`],`+mark+`}]}`)
		if got := renderPart("", call.Request.Messages[0].Parts[0]); !strings.Contains(got, `cache="`+c.ttl+`"`) {
			t.Errorf("%s: %s", c.part, got)
		}
	}
}

func FuzzDecodeRequest(f *testing.F) {
	files, _ := filepath.Glob("testdata/v*.json")
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"prompt":[{"role":"user","content":[{"type":"file","mediaType":"image/*","data":"AAAAHGZ0eXA="}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		call, err := aisdk.DecodeRequest(head, body)
		if err != nil {
			if e := llm.AsError(err); e.Kind != llm.ErrBadRequest {
				t.Errorf("%v", err)
			}
			return
		}
		again, err := aisdk.DecodeRequest(head, body)
		if err != nil || render(call) != render(again) {
			t.Error("the same bytes give another call")
		}
		for _, m := range call.Request.Messages {
			for _, p := range m.Parts {
				if c, ok := p.(llm.ToolCall); ok && !json.Valid(c.Input) {
					t.Errorf("input %q", c.Input)
				}
			}
		}
	})
}

// A long history of text and calls with 20 tools, 1 MB in all.
func BenchmarkDecodeRequest(b *testing.B) {
	turn := `{"role":"user","content":[{"type":"text","text":"` + strings.Repeat("a line of code;\\n", 250) + `"}]},` +
		`{"role":"assistant","content":[{"type":"text","text":"yes"},{"type":"tool-call","toolCallId":"c","toolName":"f","input":{"a":1}}]},` +
		`{"role":"tool","content":[{"type":"tool-result","toolCallId":"c","toolName":"f","output":{"type":"json","value":{"b":2}}}]},`
	tool := `{"type":"function","name":"f","description":"d","inputSchema":{"type":"object","properties":{"a":{"type":"number"}}}},`
	body := []byte(`{"prompt":[` + strings.TrimSuffix(strings.Repeat(turn, 230), ",") + `],"tools":[` +
		strings.TrimSuffix(strings.Repeat(tool, 20), ",") + `]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := aisdk.DecodeRequest(head, body); err != nil {
			b.Fatal(err)
		}
	}
}
