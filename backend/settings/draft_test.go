package settings

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tailscale/hujson"

	"gatehouse/backend/llm"
)

func set(value string, path ...string) Change {
	return Change{Path: path, Value: json.RawMessage(value)}
}

// ruled is a file whose comments are to stay where they belong.
const ruled = `{
  // who may what
  "rules": [
    // night shift
    {"id": "night", "deny": true, "hours": [1, 2]}, // asked for by ops
    // the expensive one
    {
      "id": "cheap", // for now
      "models": ["anthropic/*"],
      "rewrite": "sim/echo",
    },
    {"id": "last", "deny": true},
    // end of the rules
  ],
}
`

func TestDraftKeepsComments(t *testing.T) {
	const (
		night = `{"id":"night","deny":true,"hours":[1,2]}`
		cheap = `{"id":"cheap","models":["anthropic/*"],"rewrite":"sim/echo"}`
		last  = `{"id":"last","deny":true}`
	)
	for _, c := range []struct{ name, value, want string }{
		{"nothing", "[" + night + "," + cheap + "," + last + "]", ruled},
		{"another order", "[" + cheap + "," + night + "," + last + "]", `{
  // who may what
  "rules": [
    // the expensive one
    {
      "id": "cheap", // for now
      "models": ["anthropic/*"],
      "rewrite": "sim/echo",
    },
    // night shift
    {"id": "night", "deny": true, "hours": [1, 2]}, // asked for by ops
    {"id": "last", "deny": true},
    // end of the rules
  ],
}
`},
		{"one changed, one gone, one new", `[{"id":"cheap","models":["anthropic/*","x/*"],"rewrite":"sim/slow"},` + last + `,{"id":"new","deny":true,"tags":["a"]}]`, `{
  // who may what
  "rules": [
    // the expensive one
    {
      "id": "cheap", // for now
      "models": ["anthropic/*", "x/*"],
      "rewrite": "sim/slow",
    },
    {"id": "last", "deny": true},
    {
      "id": "new",
      "deny": true,
      "tags": ["a"]
    },
    // end of the rules
  ],
}
`},
		{"a new name", "[" + night + "," + strings.Replace(cheap, "cheap", "thrift", 1) + "," + last + "]", strings.Replace(ruled, `"cheap"`, `"thrift"`, 1)},
		{"none left", "[]", "{\n  // who may what\n  \"rules\": [],\n}\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, path := open(t, ruled)
			change := []Change{set(c.value, "rules")}
			draft, err := d.Preview(change)
			if err != nil || draft.Problem != nil {
				t.Fatal(err, draft.Problem)
			}
			if draft.Text != c.want {
				t.Fatalf("got\n%s\nwant\n%s", draft.Text, c.want)
			}
			if (draft.Diff == "") != (c.want == ruled) {
				t.Fatalf("the diff is\n%s", draft.Diff)
			}
			if read(t, path) != ruled {
				t.Fatal("the preview changed the file")
			}
			if _, err := d.Apply(draft.Revision, change); err != nil {
				t.Fatal(err)
			}
			if got := read(t, path); got != c.want || d.Snapshot() == nil || meaningOf(t, d.Snapshot().Rules) != meaningOf(t, draft.Settings.Rules) {
				t.Fatalf("got\n%s", got)
			}
		})
	}
}

func meaningOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDurationSpelling(t *testing.T) {
	for _, text := range []string{"0s", "30s", "1m30s", "5m", "10m", "1h", "24h", "1h30m", "10h", "1h0m5s", "1.5s", "200ms"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := d.MarshalText(); err != nil || string(got) != text {
			t.Errorf("%s is written %s", text, got)
		}
	}
}

func TestDraftOfNoFile(t *testing.T) {
	d, path := open(t, "")
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	change := []Change{set(`{"model":"sim/echo","options":{"sort":"cost","order":["sim"]}}`, "virtualModels", "fast")}
	draft, err := d.Preview(change)
	if err != nil || draft.Problem != nil || draft.Revision != "none" {
		t.Fatal(err, draft.Problem, draft.Revision)
	}
	want := "  \"virtualModels\": {\n    \"fast\": {\n      \"model\": \"sim/echo\",\n      \"options\": {\n" +
		"        \"sort\": \"cost\",\n        \"order\": [\"sim\"]\n      }\n    }\n  },\n"
	if !strings.Contains(draft.Text, want) || !strings.Contains(draft.Diff, "+    \"fast\": {\n") {
		t.Fatalf("got\n%s", draft.Text)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Fatal("the preview wrote the file")
	}
	if _, err := d.Apply(draft.Revision, change); err != nil || d.Snapshot().VirtualModels["fast"].Model != "sim/echo" {
		t.Fatal(err)
	}
	// The same change again is none.
	draft, err = d.Preview(change)
	if err != nil || draft.Diff != "" {
		t.Fatal(err, draft.Diff)
	}
	draft, err = d.Preview([]Change{set("", "virtualModels", "fast")})
	if err != nil || draft.Settings.VirtualModels["fast"].Model != "" {
		t.Fatal(err, draft.Text)
	}
}

func TestDraftRefuses(t *testing.T) {
	d, path := open(t, `{"version": 1}`)
	good := []Change{set(`"sim/slow"`, "activeModel")}
	draft, err := d.Preview([]Change{set("{\n\"model\": \"sim/echo\", \"parameters\": {\"temperature\": 3}}", "virtualModels", "hot")})
	if err != nil || draft.Problem == nil || draft.Settings != nil || !strings.Contains(draft.Problem.Message, "outside 0 to 2") {
		t.Fatal(err, draft.Problem)
	}
	if line := strings.Split(draft.Text, "\n")[draft.Problem.Line-1]; !strings.Contains(line, "temperature") {
		t.Fatalf("the problem is said to be in %q", line)
	}
	if _, err := d.Apply(draft.Revision, []Change{set("3", "activeModel")}); llm.AsError(err).Code != "settings_invalid" {
		t.Fatal(err)
	}
	if _, err := d.Apply("another", good); llm.AsError(err).Code != "settings_changed" || llm.AsError(err).HTTPStatus() != 409 {
		t.Fatal(err)
	}
	for _, c := range []Change{set("1"), set("{", "addr"), set(strings.Repeat("[", 40)+strings.Repeat("]", 40), "rules"), set("1", "version", "x")} {
		if _, err := d.Preview([]Change{c}); llm.AsError(err) == nil || llm.AsError(err).Kind != llm.ErrBadRequest {
			t.Errorf("%v: %v", c.Path, err)
		}
	}
	if read(t, path) != `{"version": 1}` {
		t.Fatal("a refused change took effect")
	}
	write(t, path, "{")
	if _, err := d.Preview(good); llm.AsError(err).Code != "settings_broken" {
		t.Fatal(err)
	}
	if _, err := d.Apply(draft.Revision, good); llm.AsError(err).Code != "settings_broken" || read(t, path) != "{" {
		t.Fatal(err)
	}
}

// FuzzReconcile: whatever a list says, afterwards it says what is wanted, as JSON that can be read.
func FuzzReconcile(f *testing.F) {
	f.Add(ruled, `{"rules":[{"id":"cheap","deny":true},{"id":"x","rewrite":"a/b"}]}`)
	f.Add("{\"allowedOrigins\": [ \"http://a\" // first\n]}", `{"allowedOrigins":["http://b","http://a"]}`)
	f.Add("{ \"rules\": [1 /* a */, 2] // end\n}", `{"rules":[2,3,1]}`)
	f.Add("{\"rules\":[\n{\"id\":1}//x\n,{\"id\":2}]}", `{"rules":[{"id":2}]}`)
	f.Add("[[1,//\n[]],2 , ]", `[2,[[],{"b":[{"c":[]}]}]]`)
	f.Fuzz(func(t *testing.T, text, wanted string) {
		if len(text)+len(wanted) > 4096 || tooDeep([]byte(text)) >= 0 || tooDeep([]byte(wanted)) >= 0 {
			return
		}
		have, err := hujson.Parse([]byte(text + "\n"))
		want, wrong := hujson.Parse([]byte(wanted))
		if err != nil || wrong != nil || !want.IsStandard() || !simple(have.Value) || !simple(want.Value) {
			return
		}
		if err := reconcile(&have, want.Value, "", layoutOf(&have)); err != nil {
			t.Fatal(err)
		}
		out := have.Pack()
		again, err := hujson.Parse(out)
		if err != nil {
			t.Fatalf("%s\nbecame\n%s\nwhich is broken: %v", text, out, err)
		}
		if meaning(again.Value) != meaning(want.Value) {
			t.Fatalf("%s\nbecame\n%s\nwhich is not %s", text, out, wanted)
		}
	})
}

// simple tells whether no object has two members of one name, which settings refuse.
func simple(v hujson.ValueTrimmed) bool {
	switch v := v.(type) {
	case *hujson.Object:
		seen := map[string]bool{}
		for i, name := range memberNames(v) {
			if seen[name] || !utf8.ValidString(name) || !simple(v.Members[i].Value.Value) {
				return false
			}
			seen[name] = true
		}
	case *hujson.Array:
		for i := range v.Elements {
			if !simple(v.Elements[i].Value) {
				return false
			}
		}
	}
	return true
}
