package settings

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"gatehouse/backend/llm"
)

func TestModifyPatchesOnlyWhatChanged(t *testing.T) {
	provider := Provider{Type: OpenAICompatible, BaseURL: "http://127.0.0.1:9/v1"}
	for _, c := range []struct {
		name, before, after string
		change              func(*Settings)
	}{
		{
			"replace", "// top\n{ \"addr\" : \"127.0.0.1:1\" /* a */ , // b\n\"activeModel\":\"sim/echo\"}\n// end",
			"// top\n{ \"addr\" : \"127.0.0.1:1\" /* a */ , // b\n\"activeModel\":\"sim/slow\"}\n// end",
			func(s *Settings) { s.ActiveModel = "sim/slow" },
		},
		{
			"add to an empty object", "{}", "{\n  \"activeModel\": \"sim/slow\"\n}",
			func(s *Settings) { s.ActiveModel = "sim/slow" },
		},
		{
			"add below comments", "{\n\t// nothing yet\n}", "{\n\t// nothing yet\n  \"activeModel\": \"sim/slow\"\n}",
			func(s *Settings) { s.ActiveModel = "sim/slow" },
		},
		{
			"add inline", `{ "version": 1 }`, `{ "version": 1, "activeModel": "sim/slow" }`,
			func(s *Settings) { s.ActiveModel = "sim/slow" },
		},
		{
			"add behind a line comment", "{\n    \"version\": 1 // one\n    // tail\n}",
			"{\n    \"version\": 1, // one\n    \"activeModel\": \"sim/slow\"\n    // tail\n}",
			func(s *Settings) { s.ActiveModel = "sim/slow" },
		},
		{
			"add where the line comment ends the object", "{ \"version\": 1 // one\n}",
			"{ \"version\": 1, // one\n\"activeModel\": \"sim/slow\"\n}",
			func(s *Settings) { s.ActiveModel = "sim/slow" },
		},
		{
			"add a provider where there is none", "{\n\t\"version\": 1,\n}",
			"{\n\t\"version\": 1,\n\t\"providers\": {\n\t\t\"corp\": {\n\t\t\t\"baseURL\": \"http://127.0.0.1:9/v1\",\n" +
				"\t\t\t\"type\": \"openai-compatible\"\n\t\t}\n\t},\n}",
			func(s *Settings) { s.Providers = map[string]Provider{"corp": provider} },
		},
		{
			"add a field deep down",
			"{\n  \"providers\": {\n    // ours\n    \"openai\": {\n      \"name\": \"O\"\n    }\n  }\n}",
			"{\n  \"providers\": {\n    // ours\n    \"openai\": {\n      \"name\": \"O\",\n      \"baseURL\": \"https://x/v1\"\n    }\n  }\n}",
			func(s *Settings) { s.Providers["openai"] = Provider{Name: "O", BaseURL: "https://x/v1"} },
		},
		{
			"remove a provider with its comment",
			"{\n  \"providers\": {\n    \"openai\": {\"name\": \"O\"},\n    // the test one\n    \"sim\": {\"name\": \"S\"}, // here\n  },\n}",
			"{\n  \"providers\": {\n    \"openai\": {\"name\": \"O\"},\n  },\n}",
			func(s *Settings) { delete(s.Providers, "sim") },
		},
		{
			"list", "{\"allowedOrigins\": [\n  \"http://a\" // first\n]}", "{\"allowedOrigins\": [\n  \"http://b\"\n]}",
			func(s *Settings) { s.AllowedOrigins = []string{"http://b"} },
		},
		{
			"unchanged price spelling", `{"catalog":{"a/b":{"pricing":{"input":"0.0000010"},"max_tokens":1}}}`,
			`{"catalog":{"a/b":{"pricing":{"input":"0.0000010"},"max_tokens":2}}}`,
			func(s *Settings) {
				m := s.Catalog["a/b"]
				*m.MaxTokens = 2
				s.Catalog["a/b"] = m
			},
		},
		{"nothing", "{  }", "{  }", func(s *Settings) { s.AllowedOrigins = []string{} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, path := open(t, c.before)
			if p := d.Problem(); p != nil {
				t.Fatal(p)
			}
			old := d.Snapshot()
			kept := old.Clone()
			if err := d.Modify(func(s *Settings) error { c.change(s); return nil }); err != nil {
				t.Fatal(err)
			}
			if got := read(t, path); got != c.after {
				t.Fatalf("got\n%s\nwant\n%s", got, c.after)
			}
			if !reflect.DeepEqual(old, kept) {
				t.Fatal("an old snapshot changed")
			}
			again := openPath(t, path)
			if !reflect.DeepEqual(again.Snapshot(), d.Snapshot()) {
				t.Fatalf("in force %+v, in the file %+v", d.Snapshot(), again.Snapshot())
			}
		})
	}
}

func TestFirstSave(t *testing.T) {
	d, path := open(t, "")
	if err := d.Modify(func(s *Settings) error { s.ActiveModel = "sim/slow"; return nil }); err != nil {
		t.Fatal(err)
	}
	text := read(t, path)
	if !strings.HasPrefix(text, "// Gatehouse settings.") || !strings.Contains(text, "\n  \"activeModel\": \"sim/slow\",\n}") {
		t.Fatalf("got\n%s", text)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v", info.Mode())
	}
	if d.Snapshot().Schema != "./"+SchemaName || read(t, filepath.Join(filepath.Dir(path), SchemaName)) != string(Schema()) {
		t.Fatal("the schema is missing")
	}
	if text2, err := d.Text(); err != nil || text2 != text {
		t.Fatalf("Text gave %q, %v", text2, err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(left) > 0 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
}

func TestModifyRefuses(t *testing.T) {
	d, path := open(t, `{"version": 1}`)
	bang := errors.New("bang")
	if err := d.Modify(func(*Settings) error { return bang }); !errors.Is(err, bang) {
		t.Fatalf("got %v", err)
	}
	err := d.Modify(func(s *Settings) error { s.Addr = "0.0.0.0:1"; return nil })
	if llm.AsError(err).Kind != llm.ErrBadRequest || !strings.Contains(err.Error(), "loopback") {
		t.Fatalf("got %v", err)
	}
	if d.Snapshot().Addr != Default().Addr || read(t, path) != `{"version": 1}` {
		t.Fatal("a refused change took effect")
	}
}

func TestFailedSaveChangesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	write(t, path, `{"version": 1}`)
	d := openPath(t, path)
	// A folder in the file's place can't be replaced by a file, not even by root.
	d.mu.Lock()
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(path, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	d.mu.Unlock()
	if err := d.Modify(func(s *Settings) error { s.ActiveModel = "sim/slow"; return nil }); err == nil {
		t.Fatal("saved over a folder")
	}
	if d.Snapshot().ActiveModel != "sim/echo" {
		t.Fatal("a change that was not saved is in force")
	}
	if err := writeFile(path, []byte("{}")); err == nil {
		t.Fatal("wrote over a folder")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*.tmp")); len(left) > 0 {
		t.Fatalf("left behind: %v", left)
	}
}

func TestLinkStaysLinked(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
	dir, dotfiles := t.TempDir(), t.TempDir()
	target, path := filepath.Join(dotfiles, "gh.jsonc"), filepath.Join(dir, FileName)
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	d := openPath(t, path) // leads nowhere yet
	if err := d.Modify(func(s *Settings) error { s.ActiveModel = "sim/slow"; return nil }); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Fatal("the link was replaced by a file")
	}
	changed := subscribe(t, d)
	write(t, target, `{"activeModel": "sim/think"}`)
	waitFor(t, changed, func() bool { return d.Snapshot().ActiveModel == "sim/think" })
}
