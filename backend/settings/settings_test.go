package settings

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"gatehouse/backend/llm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var builtIn = []string{"openai", "anthropic", "gateway", "sim"}

func open(t *testing.T, text string) (*Document, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), FileName)
	if text != "" {
		write(t, path, text)
	}
	return openPath(t, path), path
}

func openPath(t *testing.T, path string) *Document {
	t.Helper()
	d, err := Open(path, Options{BuiltIn: builtIn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDefaultsWithoutAFile(t *testing.T) {
	d, path := open(t, "")
	if s := d.Snapshot(); !reflect.DeepEqual(s, Default()) {
		t.Fatalf("got %+v", s)
	}
	if p := d.Problem(); p != nil {
		t.Fatalf("a missing file is no problem: %v", p)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("opening must not create the file: %v", err)
	}
}

func TestEveryFieldIsRead(t *testing.T) {
	d, _ := open(t, `{
		// all of them
		"$schema": "x", "version": 1, "activeModel": "openai/m", "favourites": ["sim/echo"], "addr": "[::1]:0", "maxBodyBytes": 1024,
		"allowedOrigins": ["http://localhost:5173", "vscode-webview://abc",], "notifications": false, "discoverLocal": false, "hostedList": false, "compareBills": false, "fetch": {"maxBytes": 2048, "allowPrivate": true},
		"providers": {"corp": {"type": "openai-compatible", "name": "Corp", "baseURL": "https://ai.corp/v1", "local": true}},
		"catalog": {"openai/m": {"name": "M", "type": "language", "tags": ["vision"], "context_window": 128000, "max_tokens": 8000,
			"pricing": {"input": "0.000001", "output": "0.00001", "input_cache_read": "0", "input_cache_write": "0.000000000001"}}},
	}`)
	if p := d.Problem(); p != nil {
		t.Fatal(p)
	}
	s := d.Snapshot()
	price := func(p Price) *Price { return &p }
	tokens := func(n int64) *int64 { return &n }
	want := &Settings{
		Schema: "x", Version: 1, ActiveModel: "openai/m", Favourites: []string{"sim/echo"}, Addr: "[::1]:0", MaxBodyBytes: 1024,
		AllowedOrigins: []string{"http://localhost:5173", "vscode-webview://abc"}, Fetch: Fetch{MaxBytes: 2048, AllowPrivate: true},
		Providers: map[string]Provider{
			"corp": {Type: OpenAICompatible, Name: "Corp", BaseURL: "https://ai.corp/v1", Local: true},
		},
		Catalog: map[string]ModelOverride{"openai/m": {
			Name: "M", Type: "language", Tags: []string{"vision"}, ContextWindow: tokens(128000), MaxTokens: tokens(8000),
			Pricing: &Pricing{Rates: Rates{Input: price(1_000_000), Output: price(10_000_000), InputCacheRead: price(0), InputCacheWrite: price(1)}},
		}},
	}
	if !reflect.DeepEqual(s, want) {
		t.Fatalf("got  %+v\nwant %+v", s, want)
	}
	if c := s.Clone(); !reflect.DeepEqual(c, s) {
		t.Fatalf("the clone differs: %+v", c)
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct{ name, text, message, at string }{
		{"syntax", "{\n  \"version\": 1\n  \"addr\": \"\"\n}", "missing comma", "3:3"},
		{"unclosed", `{"version": 1`, "look for", "1:14"},
		{"too deep", strings.Repeat("[", 40), "nested too deeply", "1:33"},
		{"empty", " \n", "empty", "1:1"},
		{"not an object", "[]", "must be an object", "1:1"},
		{"unknown field", "{\n  \"actveModel\": \"sim/echo\"\n}", `did you mean "activeModel"?`, "2:3"},
		{"unknown style", `{"max_body_bytes": 5000}`, `did you mean "maxBodyBytes"?`, "1:2"},
		{"unknown far", `{"zzzzzzzzzzzzz": 1}`, "known here: $schema, version, activeModel", "1:2"},
		{"unknown nested", `{"providers":{"openai":{"baseUrl":"https://a"}}}`, `did you mean "baseURL"?`, "1:25"},
		{"twice", `{"addr":"127.0.0.1:1", "addr":"127.0.0.1:2"}`, "twice", "1:24"},
		{"wrong type", `{"discoverLocal": "yes"}`, "true or false, not a string", "1:19"},
		{"null", `{"addr": null}`, "not null", "1:10"},
		{"fraction", `{"maxBodyBytes": 1.5e9}`, "whole number", "1:18"},
		{"huge", `{"maxBodyBytes": 99999999999999999999}`, "whole number", "1:18"},
		{"after characters, not bytes", `{"providers":{"openai":{"name":"äöü€","x":1}}}`, "unknown field", "1:39"},
		{"newer", `{"version": 2}`, "update Gatehouse", "1:13"},
		{"version 0", `{"version": 0}`, "must be 1", "1:13"},
		{"no model", `{"activeModel": ""}`, "a model is missing", "1:17"},
		{"model with a space", `{"activeModel": "a b"}`, "no model id", "1:17"},
		{"a favourite that is none", `{"favourites": ["sim/echo", "a b"]}`, "no model id", "1:29"},
		{"active stands for itself", `{"activeModel": "gatehouse/active"}`, "can't stand for itself", "1:17"},
		{"contents for good", `{"projects": {"site": {"keepContents": true}}}`, "must be a string", "1:40"},
		{"contents for too long", `{"projects": {"site": {"keepContents": "2161h"}}}`, "outside 1m to 2160h", "1:40"},
		{"contents for no time", `{"projects": {"": {"keepContents": "5s"}}}`, "outside 1m to 2160h", "1:36"},
		{"not loopback", `{"addr": "0.0.0.0:4283"}`, "loopback", "1:10"},
		{"a name", `{"addr": "example.com:80"}`, "loopback", "1:10"},
		{"no port", `{"addr": "127.0.0.1"}`, "host:port", "1:10"},
		{"bad port", `{"addr": "127.0.0.1:70000"}`, "no port", "1:10"},
		{"body too small", `{"maxBodyBytes": 1023}`, "outside", "1:18"},
		{"body too large", `{"maxBodyBytes": 1073741825}`, "outside", "1:18"},
		{"files too small", `{"fetch": {"maxBytes": 1}}`, "fetch.maxBytes", "1:24"},
		{"files too large", `{"fetch": {"maxBytes": 52428801}}`, "fetch.maxBytes", "1:24"},
		{"origin with a path", `{"allowedOrigins": ["https://a.example", "https://b.example/"]}`, "no origin", "1:42"},
		{"wildcard", `{"allowedOrigins": ["*"]}`, "no origin", "1:21"},
		{"wildcard host", `{"allowedOrigins": ["https://*.example"]}`, "no origin", "1:21"},
		{"null origin", `{"allowedOrigins": ["null"]}`, "no origin", "1:21"},
		{"misspelt provider", `{"providers":{"opnai":{}}}`, `did you mean "openai".`, "1:23"},
		{"bad provider id", `{"providers":{"My Corp":{}}}`, "provider's id", "1:25"},
		{"unknown type", `{"providers":{"corp":{"type":"anthropic"}}}`, "is unknown", "1:30"},
		{"type of a built-in", `{"providers":{"openai":{"type":"openai-compatible"}}}`, "built in", "1:32"},
		{"no base URL", `{"providers":{"corp":{"type":"openai-compatible"}}}`, "needs a", "1:22"},
		{"relative URL", `{"providers":{"openai":{"baseURL":"api.example.com/v1"}}}`, "absolute", "1:35"},
		{"password in URL", `{"providers":{"openai":{"baseURL":"https://u:p@h/v1"}}}`, "no user name or password", "1:35"},
		{"query in URL", `{"providers":{"openai":{"baseURL":"https://h/v1?key=1"}}}`, "ends with its path", "1:35"},
		{"fragment in URL", `{"providers":{"openai":{"baseURL":"https://h/v1#"}}}`, "ends with its path", "1:35"},
		{"price as number", `{"catalog":{"a/b":{"pricing":{"input":0.1}}}}`, "string in quotes, not a number", "1:39"},
		{"price per million", `{"catalog":{"a/b":{"pricing":{"input":"3.00"}}}}`, "per token, not per million", "1:39"},
		{"a tier from nowhere", `{"catalog":{"a/b":{"pricing":{"input_tiers":[{"cost":"0.001","min":5}]}}}}`, "holds from 0 on", "1:68"},
		{"falling tiers", `{"catalog":{"a/b":{"pricing":{"input_tiers":[{"cost":"0","min":0},{"cost":"0","min":0}]}}}}`, "must rise", "1:85"},
		{"a variant of nothing", `{"catalog":{"a/b":{"pricing":{"service_tiers":{"flex":{"output":"0"}}}}}}`, "a multiplier, or prices", "1:55"},
		{"no multiplier", `{"catalog":{"a/b":{"pricing":{"multiplier":"10%"}}}}`, "is no multiplier", "1:44"},
		{"a multiplier of nothing", `{"catalog":{"a/b":{"pricing":{"multiplier":"0"}}}}`, "is no multiplier", "1:44"},
		{"a fine multiplier", `{"catalog":{"a/b":{"pricing":{"multiplier":"0.1234567"}}}}`, "is no multiplier", "1:44"},
		{"no time of day", `{"catalog":{"a/b":{"pricing":{"hours":[{"from":"8:00","to":"9:00","multiplier":"2"}]}}}}`, "is no time of day", "1:48"},
		{"hours of no length", `{"catalog":{"a/b":{"pricing":{"hours":[{"from":"08:00","to":"08:00","multiplier":"2"}]}}}}`, "end when they begin", "1:61"},
		{"a fee that is none", `{"catalog":{"a/b":{"pricing":{"web_search":"-1"}}}}`, "is no amount", "1:44"},
		{"an unknown price", `{"catalog":{"a/b":{"pricing":{"inptu":"0"}}}}`, `did you mean "input"`, "1:31"},
		{"price too fine", `{"catalog":{"a/b":{"pricing":{"input":"0.0000000000001"}}}}`, "finer than", "1:39"},
		{"no tokens", `{"catalog":{"a/b":{"max_tokens":0}}}`, "no number of tokens", "1:33"},
		{"a hot chat", `{"chatDefaults":{"a/b":{"temperature":2.5}}}`, "outside 0 to 2", "1:39"},
		{"a chat of two minds", `{"chatDefaults":{"a/b":{"temperature":1,"ownTemperature":true}}}`, "either", "1:24"},
		{"a chat with no model", `{"chatDefaults":{"a b":{}}}`, "no model id", "1:24"},
		{"pointer escapes", `{"catalog":{"a~1/b":{"context_window":-1}}}`, "no number of tokens", "1:39"},
		{"not UTF-8", "{\"activeModel\": \"\xff\"}", "UTF-8", "0:0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, path := open(t, c.text)
			p := d.Problem()
			if p == nil {
				t.Fatal("no problem was found")
			}
			at := strings.Split(c.at, ":")
			if !strings.Contains(p.Message, c.message) || at[0] != itoa(p.Line) || at[1] != itoa(p.Column) {
				t.Fatalf("got  %v\nwant %s %s", p, c.at, c.message)
			}
			if !reflect.DeepEqual(d.Snapshot(), Default()) {
				t.Fatal("with a broken file at the start the defaults must be in force")
			}
			err := d.Modify(func(s *Settings) error { s.ActiveModel = "sim/slow"; return nil })
			if llm.AsError(err).Kind != llm.ErrBadRequest || !strings.Contains(err.Error(), p.Message) {
				t.Fatalf("Modify must refuse and say why, got %v", err)
			}
			if read(t, path) != c.text {
				t.Fatal("the broken file was changed")
			}
		})
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestByteOrderMarkAndCRLF(t *testing.T) {
	d, path := open(t, "\xef\xbb\xbf{\r\n    // mine\r\n    \"activeModel\": \"sim/slow\", // now\r\n}\r\n")
	if p := d.Problem(); p != nil || d.Snapshot().ActiveModel != "sim/slow" {
		t.Fatal(p)
	}
	if err := d.Modify(func(s *Settings) error { s.MaxBodyBytes = 2048; return nil }); err != nil {
		t.Fatal(err)
	}
	want := "\xef\xbb\xbf{\r\n    // mine\r\n    \"activeModel\": \"sim/slow\", // now\r\n    \"maxBodyBytes\": 2048,\r\n}\r\n"
	if got := read(t, path); got != want {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
}

func TestDeepNesting(t *testing.T) {
	for _, c := range []string{"[", `{"a":`} {
		text := strings.Repeat(c, maxFileBytes/len(c))
		if _, _, p := parse([]byte(text), nil); p == nil {
			t.Fatal("no problem")
		}
	}
	if _, _, p := parse([]byte(strings.Repeat(" ", maxFileBytes+1)), nil); p == nil || !strings.Contains(p.Message, "larger") {
		t.Fatalf("got %v", p)
	}
}

func TestPrice(t *testing.T) {
	for _, c := range []struct {
		text string
		want Price
		back string
	}{
		{"0", 0, "0"},
		{"0.000001", 1_000_000, "0.000001"},
		{"0.00000125", 1_250_000, "0.00000125"},
		{"0.000000000001", 1, "0.000000000001"},
		{"0.00000100000000000", 1_000_000, "0.000001"},
		{"0.01", MaxPrice, "0.01"},
		{"00.0030", 3_000_000_000, "0.003"},
	} {
		got, err := ParsePrice(c.text)
		if err != nil || got != c.want || got.String() != c.back {
			t.Errorf("%s: got %d (%s), %v", c.text, got, got, err)
		}
	}
	for _, text := range []string{
		"", ".", "1.", ".1", "-0.1", "+0.1", "1e-6", "0,1", "0x1", " 0", "0.1.2", "0.0100000001",
		"0.0000000000009", "99999999999999999999999999", "٣",
	} {
		if got, err := ParsePrice(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
	if got := Price(1_500_000_000_000).String() + Price(-1).String(); got != "1.5-0.000000000001" {
		t.Error(got)
	}
}

func TestSchemaHasEveryField(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	properties := func(s any, path ...string) map[string]any {
		for _, p := range path {
			s = s.(map[string]any)[p]
		}
		return s.(map[string]any)["properties"].(map[string]any)
	}
	root := properties(schema)
	model := properties(root["catalog"], "additionalProperties")
	credentials := properties(root["credentials"], "additionalProperties")
	for _, c := range []struct {
		of  reflect.Type
		got map[string]any
	}{
		{reflect.TypeFor[Settings](), root},
		{reflect.TypeFor[Provider](), properties(root["providers"], "additionalProperties")},
		{reflect.TypeFor[Credentials](), credentials},
		{reflect.TypeFor[Credential](), properties(credentials["named"], "additionalProperties")},
		{reflect.TypeFor[ModelOverride](), model},
		{reflect.TypeFor[Pricing](), properties(model["pricing"])},
		{reflect.TypeFor[Variant](), properties(properties(model["pricing"])["service_tiers"], "additionalProperties")},
		{reflect.TypeFor[Hours](), properties(properties(model["pricing"])["hours"], "items")},
		{reflect.TypeFor[Tier](), properties(properties(model["pricing"])["input_tiers"], "items")},
	} {
		names := fieldNames(c.of)
		if len(names) != len(c.got) {
			t.Errorf("%v: %d fields, %d in the schema", c.of, len(names), len(c.got))
		}
		for _, n := range names {
			p, ok := c.got[n].(map[string]any)
			if !ok || p["description"] == "" || p["type"] == "" {
				t.Errorf("%v: %q is missing or undescribed: %v", c.of, n, p)
			}
		}
	}
	if d := root["addr"].(map[string]any)["default"]; d != "127.0.0.1:4283" {
		t.Errorf("default of addr: %v", d)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("{}", "sim/slow", int64(5000))
	f.Add("\xef\xbb\xbf// c\r\n{\"version\":1,/*x*/\"providers\":{\"sim\":{},},}\r\n", "a/b", int64(0))
	f.Add(`{"catalog":{"a/b":{"pricing":{"input":"0.000001"}}},"allowedOrigins":["http://a"]}`, "a/c", int64(1024))
	f.Add(firstFile, "sim/echo", int64(4096))
	f.Add("{ \"version\": 1 // one\n}", "x", int64(2048))
	f.Fuzz(func(t *testing.T, text, model string, body int64) {
		tree, s, problem := parse([]byte(text), builtIn)
		if problem != nil {
			if s != nil || problem.Message == "" || problem.Line < 0 || problem.Line > strings.Count(text, "\n")+1 {
				t.Fatalf("%+v", problem)
			}
			return
		}
		got := string(tree.Pack())
		if !strings.HasSuffix(text, "\n") {
			got = strings.TrimSuffix(got, "\n")
		}
		if got != strings.TrimPrefix(text, string(byteOrderMark)) {
			t.Fatalf("the text changed: %q", got)
		}
		// Whatever can be read can be changed, and reads back as what was meant.
		after := s.Clone()
		after.ActiveModel, after.MaxBodyBytes, after.DiscoverLocal = model, body, !s.DiscoverLocal
		after.Providers = map[string]Provider{"corp": {Type: OpenAICompatible, BaseURL: "https://x/v1"}}
		after.AllowedOrigins = append(after.AllowedOrigins, "http://added")
		if check(after, builtIn) != nil {
			return
		}
		changes, err := diff(s, after)
		if err != nil {
			t.Fatal(err)
		}
		d := &Document{ids: builtIn, text: []byte(text)}
		out, err := d.patched(changes, after)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if string(d.text) != text {
			t.Fatal("the original was changed")
		}
		if _, got, problem := parse(out, builtIn); problem != nil || !reflect.DeepEqual(got, after) {
			t.Fatalf("%q: %+v, %v", out, got, problem)
		}
	})
}

// What is said of collectors must be an address or a header's name, and their secret's name is no provider's.
func TestCheckTelemetry(t *testing.T) {
	for text, ok := range map[string]bool{
		`{"traces":{"endpoint":"http://127.0.0.1:4318","propagate":true},"metrics":{"endpoint":"https://otlp.example.com/otlp"},"collector":{"header":"x-honeycomb-team"}}`: true,
		`{"metrics":{"endpoint":"127.0.0.1:4318"}}`: false, `{"traces":{"endpoint":"http://user:pass@127.0.0.1"}}`: false,
		`{"collector":{"header":"Content-Type"}}`: false, `{"collector":{"header":"authorization: Bearer x"}}`: false, `{"collector":{"header":"a b"}}`: false,
		`{"providers":{"opentelemetry":{"type":"openai-compatible","baseURL":"http://127.0.0.1:9"}}}`: false,
	} {
		path := filepath.Join(t.TempDir(), FileName)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(path, Options{BuiltIn: builtIn})
		if err != nil {
			t.Fatal(err)
		}
		if problem := d.Problem(); (problem == nil) != ok {
			t.Errorf("%s: %v", text, problem)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}
