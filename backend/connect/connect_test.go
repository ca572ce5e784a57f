package connect

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatehouse/backend/llm"
)

// TestConnectAndRevertIsNothing: for every file of the corpus, also through a link, with its mode, and twice.
func TestConnectAndRevertIsNothing(t *testing.T) {
	corpus(t, func(id, name string, text []byte) {
		if id == "broken" || id == "fuzz" {
			return
		}
		t.Run(id+"/"+name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			path := d.path(t, id, name)
			real := filepath.Join(filepath.Dir(d.Home), "dotfiles", name)
			write(t, real, text, 0o640)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(real, path); err != nil {
				t.Fatal(err)
			}
			for _, v := range []Values{values, {URL: values.URL, Key: secret, Model: "openai/gpt-5"}} {
				plan, err := d.Plan(id, v)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(plan.Diff, secret) || v == values && !strings.Contains(plan.Diff, "127.0.0.1:4283") && id+name != "gemini-clisettings.json" {
					t.Errorf("the diff is\n%s", plan.Diff)
				}
				if !bytes.Equal(read(t, real), text) && v == values {
					t.Fatal("a plan wrote something")
				}
				if _, err := d.Apply(id, v, "key"); err != nil {
					t.Fatal(err)
				}
				written := read(t, real)
				if bytes.Equal(written, text) {
					t.Fatal("nothing was written")
				}
				if crlf := bytes.Count(written, []byte("\r\n")); crlf > 0 && crlf != bytes.Count(written, []byte("\n")) {
					t.Errorf("line ends are mixed:\n%q", written)
				}
				checkOthers(t, text, written)
				if again, err := d.Plan(id, v); err != nil || again.Diff != "" {
					t.Errorf("connecting twice would change\n%s%v", again.Diff, err)
				}
			}
			if _, err := d.Revert(id, d.revoke); err != nil {
				t.Fatal(err)
			}
			if got := read(t, real); !bytes.Equal(got, text) {
				t.Errorf("left is\n%q\nwant\n%q", got, text)
			}
			if info, err := os.Stat(real); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			if _, err := os.Readlink(path); err != nil {
				t.Error("the link is gone")
			}
			if !slices.Equal(d.revoked, []string{"key"}) {
				t.Errorf("revoked %v", d.revoked)
			}
		})
	})
}

// checkOthers: every line that was there still is, but for those whose value was replaced.
func checkOthers(t *testing.T, before, after []byte) {
	t.Helper()
	have := map[string]bool{}
	for line := range strings.Lines(string(after)) {
		have[strings.TrimSpace(line)] = true
	}
	for line := range strings.Lines(string(before)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "//") || strings.HasPrefix(line, "#") {
			if !have[line] {
				t.Errorf("the comment %q is gone", line)
			}
		}
	}
}

// userEdits are changes that keep any of the files readable.
var userEdits = map[string]func(text, comment string) string{
	"a value":           func(s, _ string) string { return strings.Replace(s, "EDITME", "edited by hand", 1) },
	"a line on top":     func(s, comment string) string { return comment + s },
	"a line at the end": func(s, comment string) string { return s + "\n" + comment },
}

// TestTheUsersEditStays: connect, an edit, revert is the original with that edit.
func TestTheUsersEditStays(t *testing.T) {
	corpus(t, func(id, name string, text []byte) {
		if id == "broken" || id == "fuzz" || len(text) == 0 {
			return
		}
		comment := "# by hand\n"
		if strings.HasSuffix(name, ".json") {
			comment = "// by hand\n"
		}
		for what, change := range userEdits {
			t.Run(id+"/"+name+"/"+what, func(t *testing.T) {
				t.Parallel()
				edit := func(s []byte) []byte {
					mark, rest := cutBOM(s)
					return append(bytes.Clone(mark), change(string(rest), comment)...)
				}
				d := open(t)
				path := d.path(t, id, name)
				write(t, path, text, 0o600)
				if _, err := d.Apply(id, values, "key"); err != nil {
					t.Fatal(err)
				}
				if what == "a value" && !bytes.Contains(read(t, path), []byte("EDITME")) {
					return // it is where our value stands
				}
				write(t, path, edit(read(t, path)), 0o600)
				_, err := d.Revert(id, d.revoke)
				if err != nil {
					t.Fatal(err)
				}
				got, want := read(t, path), edit(text)
				// What the file's last line lacked, the user's line at its end needs.
				if what == "a line at the end" && !bytes.HasSuffix(text, []byte("\n")) {
					got, want = bytes.ReplaceAll(got, []byte("\r"), nil), bytes.ReplaceAll(want, []byte("\r"), nil)
					got, want = bytes.ReplaceAll(got, []byte("\n\n"), []byte("\n")), bytes.ReplaceAll(want, []byte("\n\n"), []byte("\n"))
				}
				if !bytes.Equal(got, want) {
					t.Errorf("left is\n%q\nwant\n%q", got, want)
				}
			})
		}
	})
}

// TestWhatCantBeReadIsLeftAlone: half-written files, and forms that are not safe to edit.
func TestWhatCantBeReadIsLeftAlone(t *testing.T) {
	corpus(t, func(folder, name string, text []byte) {
		if folder != "broken" {
			return
		}
		d := open(t)
		id := strings.TrimSuffix(name, filepath.Ext(name))
		for _, ed := range editors {
			if strings.HasPrefix(name, ed.id) {
				id = ed.id
			}
		}
		path := d.path(t, id, name)
		write(t, path, text, 0o600)
		_, err := d.Apply(id, values, "key")
		if e, ok := errors.AsType[*llm.Error](err); !ok || !strings.Contains(e.Message, "left alone") {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(read(t, path), text) {
			t.Errorf("%s was changed", name)
		}
		if r, err := d.load(id); r != nil || err != nil {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	})
}

// TestReadOnlyFileIsLeftAlone: for every editor, and before anything is written of another file or of the record.
func TestReadOnlyFileIsLeftAlone(t *testing.T) {
	files(t, func(id, name string, text []byte) {
		if id == "broken" || id == "fuzz" {
			return
		}
		d := open(t)
		path := d.path(t, id, name)
		write(t, path, text, 0o400)
		if _, err := d.Apply(id, values, "key"); err == nil || !strings.Contains(err.Error(), "chmod") || !strings.Contains(err.Error(), path) {
			t.Errorf("%s/%s: %v", id, name, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o400 || !bytes.Equal(read(t, path), text) {
			t.Errorf("%s/%s was changed: %v, %v", id, name, info, err)
		}
		if _, err := os.Stat(d.State); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s/%s: something was written down: %v", id, name, err)
		}
	})
}

// TestHalfWritten: a file that its editor had not finished is refused and left alone, or, where what is there reads well,
// connected and taken back to the byte.
func TestHalfWritten(t *testing.T) {
	refused := 0
	files(t, func(id, name string, text []byte) {
		if id == "broken" || id == "fuzz" {
			return
		}
		for i := range 6 {
			d := open(t)
			path, half := d.path(t, id, name), text[:len(text)*i/6]
			write(t, path, half, 0o600)
			if _, err := d.Apply(id, values, "key"); err != nil {
				refused++
			} else if _, err := d.Revert(id, d.revoke); err != nil {
				t.Error(err)
			}
			if got := read(t, path); !bytes.Equal(got, half) {
				t.Errorf("%s/%s: left is\n%q\nof\n%q", id, name, got, half)
			}
		}
	})
	if refused < 30 {
		t.Errorf("only %d were refused", refused)
	}
}

// TestNewFilesGoAgain: what was not there is made, private, and is gone after the revert, with its folders.
func TestNewFilesGoAgain(t *testing.T) {
	for _, ed := range editors {
		d := open(t)
		if err := os.MkdirAll(d.Home, 0o700); err != nil {
			t.Fatal(err)
		}
		p, err := d.Apply(ed.id, values, "key")
		if err != nil {
			t.Fatal(ed.id, err)
		}
		for _, f := range ed.files(d.Editors) {
			if info, err := os.Stat(f.path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", f.path, info, err)
			}
			if id, err := d.Settings(ed.id); err != nil || f.format != nil && ed.id != "zed" && (id.Key != secret || id.Model != values.Model && ed.id != "env") {
				t.Errorf("%s reads %+v, %v", ed.id, id, err)
			}
		}
		if len(ed.files(d.Editors)) == 0 && !slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Value == secret }) {
			t.Errorf("%s: %v", ed.id, p.Steps)
		}
		if p, err := d.PlanRevert(ed.id); err != nil || strings.Contains(p.Diff, secret) {
			t.Errorf("%+v, %v", p, err)
		}
		if _, err := d.Revert(ed.id, d.revoke); err != nil {
			t.Fatal(ed.id, err)
		}
		left, err := os.ReadDir(d.Home)
		if err != nil || len(left) > 0 {
			t.Errorf("%s left %v, %v", ed.id, left, err)
		}
		if _, err := d.Revert(ed.id, d.revoke); err == nil {
			t.Error("a second revert did something")
		}
	}
}

// TestValueChangedByTheUserStays: and the rest goes.
func TestValueChangedByTheUserStays(t *testing.T) {
	d := open(t)
	path := d.path(t, "claude-code", ".json")
	write(t, path, []byte("{\n  \"theme\": \"dark\"\n}\n"), 0o600)
	if _, err := d.Apply("claude-code", values, "key"); err != nil {
		t.Fatal(err)
	}
	write(t, path, bytes.Replace(read(t, path), []byte(`"ANTHROPIC_MODEL": "gatehouse/active"`), []byte(`"ANTHROPIC_MODEL": "opus"`), 1), 0o600)
	p, err := d.Revert("claude-code", d.revoke)
	if err != nil || len(p.Notices) != 1 || !strings.Contains(p.Notices[0], "env.ANTHROPIC_MODEL") {
		t.Fatalf("%+v, %v", p, err)
	}
	want := "{\n  \"env\": {\n    \"ANTHROPIC_MODEL\": \"opus\"\n  },\n  \"theme\": \"dark\"\n}\n"
	if got := string(read(t, path)); got != want {
		t.Errorf("left is\n%s", got)
	}
}

func TestList(t *testing.T) {
	d := open(t)
	if err := os.MkdirAll(filepath.Join(d.Home, ".codex"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Apply("codex", values, "key"); err != nil {
		t.Fatal(err)
	}
	all, err := d.List()
	if err != nil || len(all) != len(editors) {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.Detected != (f.ID == "codex" || f.ID == "env") || f.Connected != (f.ID == "codex") || f.Connected && f.KeyID != "key" {
			t.Errorf("%+v", f)
		}
	}
	if _, err := d.Plan("emacs", values); llm.AsError(err).Kind != llm.ErrNotFound {
		t.Error(err)
	}
	for _, model := range []string{"", "a b", "a\nb", `a"b`} {
		if _, err := d.Plan("codex", Values{URL: "u", Key: "k", Model: model}); err == nil {
			t.Errorf("%q is taken for a model", model)
		}
	}
}

// TestElsewhere: whoever has another home or other variables finds other files. One connection is kept, and not forgotten.
func TestElsewhere(t *testing.T) {
	d := open(t)
	home := filepath.Join(t.TempDir(), "other")
	there := d.For(home, func(name string) string {
		return map[string]string{"CODEX_HOME": filepath.Join(home, "codex-home")}[name]
	})
	if _, err := there.Apply("codex", values, "key"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(home, "codex-home", "config.toml")
	if !bytes.Contains(read(t, path), []byte("4283")) {
		t.Errorf("%s", read(t, path))
	}
	if _, err := d.Apply("codex", values, "second"); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "--revert") {
		t.Errorf("the first connection is forgotten: %v", err)
	}
	all, err := d.List()
	if err != nil || !slices.ContainsFunc(all, func(f Found) bool { return f.ID == "codex" && slices.Equal(f.Files, []string{path}) }) {
		t.Errorf("%+v, %v", all, err)
	}
	if s, err := d.Settings("codex"); err != nil || s.Key != secret {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := d.Revert("codex", d.revoke); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is left: %v", path, err)
	}
	if _, err := d.Apply("codex", values, "third"); err != nil {
		t.Error(err)
	}
}

// TestTheUserAddsToOurs: what the user put among our settings stays, with what it needs to make sense.
func TestTheUserAddsToOurs(t *testing.T) {
	for _, c := range []struct{ id, before, find, with, left string }{
		{
			"claude-code", "{}\n", `"ANTHROPIC_MODEL": "gatehouse/active",`, `"ANTHROPIC_MODEL": "gatehouse/active", "MINE": "1", // why`,
			"{\n  \"env\": {\n    \"MINE\": \"1\" // why\n  }\n}\n",
		},
		{"codex", "a = 1\n", `wire_api = "responses"`, "wire_api = \"responses\"\nrequest_max_retries = 9", "a = 1\n\n[model_providers.gatehouse]\nrequest_max_retries = 9\n"},
		{"continue", "name: Mine\n", "models:\n", "models:\n  - name: Other\n    provider: openai\n", "name: Mine\nmodels:\n  - name: Other\n    provider: openai\n"},
		{"env", "A=1\n", "export GEMINI_API_KEY", "export MINE=1\nexport GEMINI_API_KEY", "A=1\nexport MINE=1\n"},
	} {
		d := open(t)
		path := d.path(t, c.id, "")
		write(t, path, []byte(c.before), 0o600)
		if _, err := d.Apply(c.id, values, "key"); err != nil {
			t.Fatal(err)
		}
		edited := bytes.Replace(read(t, path), []byte(c.find), []byte(c.with), 1)
		if bytes.Equal(edited, read(t, path)) {
			t.Fatalf("%s has no %q:\n%s", c.id, c.find, edited)
		}
		write(t, path, edited, 0o600)
		if _, err := d.Revert(c.id, d.revoke); err != nil {
			t.Fatal(c.id, err)
		}
		if got := string(read(t, path)); got != c.left {
			t.Errorf("%s: left is\n%s", c.id, got)
		}
	}
}
