package stray

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/wholefile"
)

const (
	ant   = "sk-ant-api03-Abcd1234_efgh-5678ijkl90mnopQRSTuvWX"
	oai   = "sk-proj-Zyxw9876vuts5432rqpo1098nmlkJIHG"
	ds    = "sk-0123456789abcdef0123456789abcdef"
	gem   = "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q"
	local = "gh_0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
)

var values = Values{URL: "http://127.0.0.1:4283", Key: local}

// room is one user's files, and where secrets are put.
type room struct {
	*Strays
	dir     string
	safe    map[string]string
	revoked []string
}

func enter(t *testing.T, before func(what, path string) error) *room {
	t.Helper()
	r := &room{dir: t.TempDir(), safe: map[string]string{}}
	r.open(t, before)
	return r
}

func (r *room) open(t *testing.T, before func(what, path string) error) []string {
	t.Helper()
	s, unused, err := New(Options{
		State: filepath.Join(r.dir, "state"), Now: func() time.Time { return time.Unix(1_800_000_000, 0) },
		Variables: func() map[string]string {
			return map[string]string{
				"OPENAI_API_KEY": "openai", "ANTHROPIC_API_KEY": "anthropic", "DEEPSEEK_API_KEY": "deepseek", "GEMINI_API_KEY": "google",
			}
		},
		disk: wholefile.Disk{Before: before},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Strays = s
	return unused
}

func (r *room) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func (r *room) put(provider, secret string) (string, error) {
	r.safe[provider+" default"] = secret
	return "default", nil
}

func (r *room) get(provider, name string) (string, error) {
	if s, ok := r.safe[provider+" "+name]; ok {
		return s, nil
	}
	return "", errors.New("it is not there")
}

func (r *room) revoke(id string) error {
	r.revoked = append(r.revoked, id)
	return nil
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var cases = []struct{ name, before, after, notice string }{
	{
		".env", "# keys\nOPENAI_API_KEY=" + oai + "\nFOO=bar\n",
		"# keys\nOPENAI_API_KEY=" + local + "\nOPENAI_BASE_URL=http://127.0.0.1:4283/v1\nFOO=bar\n", "",
	},
	{
		"quoted.env", "export ANTHROPIC_API_KEY='" + ant + "' # mine\r\nexport OPENAI_BASE_URL=https://example.com/v1\r\nexport OPENAI_API_KEY=\"" + oai + "\"",
		"export ANTHROPIC_API_KEY='" + local + "' # mine\r\nexport ANTHROPIC_BASE_URL='http://127.0.0.1:4283'\r\nexport OPENAI_BASE_URL=http://127.0.0.1:4283/v1\r\nexport OPENAI_API_KEY=\"" + local + "\"", "",
	},
	{
		"others.env", "DEEPSEEK_API_KEY=" + ds + "\n# old: OPENAI_API_KEY=" + oai + "\nGEMINI_API_KEY=" + gem + "\nGOOGLE_API_KEY=" + gem + "\n",
		"DEEPSEEK_API_KEY=" + local + "\n# old: OPENAI_API_KEY=" + local + "\nGEMINI_API_KEY=" + local + "\nGOOGLE_GEMINI_BASE_URL=http://127.0.0.1:4283\nGOOGLE_API_KEY=" + local + "\nGOOGLE_GEMINI_BASE_URL=http://127.0.0.1:4283\n",
		"DEEPSEEK_API_KEY",
	},
	{
		"settings.json", "{\n  // why\n  \"env\": {\"ANTHROPIC_API_KEY\": \"" + ant + "\", \"A\": \"1\"},\n}\n",
		"{\n  // why\n  \"env\": {\"ANTHROPIC_API_KEY\": \"" + local + "\", \"ANTHROPIC_BASE_URL\": \"http://127.0.0.1:4283\", \"A\": \"1\"},\n}\n", "",
	},
	{
		"opencode.json", "{\"provider\": {\n\t\"openai\": {\"options\": {\"baseURL\": \"https://api.openai.com/v1\", \"apiKey\": \"" + oai + "\"}},\n\t\"x\": {\"options\": {\"apiKey\": \"" + ant + "\"}}}}",
		"{\"provider\": {\n\t\"openai\": {\"options\": {\"baseURL\": \"http://127.0.0.1:4283/v1\", \"apiKey\": \"" + local + "\"}},\n\t\"x\": {\"options\": {\"apiKey\": \"" + local + "\", \"baseURL\": \"http://127.0.0.1:4283/v1\"}}}}", "",
	},
	{
		"config.yaml", "models:\n  - name: A\n    apiKey: " + ant + "\n    model: m\n  - name: B\n    apiBase: https://api.openai.com/v1\n    apiKey: \"" + oai + "\"\nrules: []\n",
		"models:\n  - name: A\n    apiKey: " + local + "\n    apiBase: http://127.0.0.1:4283/v1\n    model: m\n  - name: B\n    apiBase: http://127.0.0.1:4283/v1\n    apiKey: \"" + local + "\"\nrules: []\n", "",
	},
	{
		".aider.conf.yml", "model: gpt\nopenai-api-key: " + oai + "\nanthropic-api-key: " + ant + "\n",
		"model: gpt\nopenai-api-key: " + local + "\nopenai-api-base: http://127.0.0.1:4283/v1\nanthropic-api-key: " + local + "\n", "anthropic-api-key",
	},
	{
		"config.toml", "[model_providers.x]\nexperimental_bearer_token = \"" + oai + "\"\n",
		"[model_providers.x]\nexperimental_bearer_token = \"" + local + "\"\n", "experimental_bearer_token",
	},
}

func TestMoveAndBack(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := enter(t, nil)
			path := r.write(t, c.name, c.before)
			plan, err := r.Plan(path, values)
			if err != nil {
				t.Fatal(err)
			}
			if text(t, path) != c.before {
				t.Fatal("a plan wrote something")
			}
			if c.notice == "" && len(plan.Notices) > 0 || !strings.Contains(strings.Join(plan.Notices, "\n"), c.notice) {
				t.Errorf("notices %q", plan.Notices)
			}
			if _, err := r.Move(path, values, "key", r.put); err != nil {
				t.Fatal(err)
			}
			if got := text(t, path); got != c.after {
				t.Errorf("it is\n%s\nwant\n%s", got, c.after)
			}
			back, err := r.PlanBack(path)
			if err != nil {
				t.Fatal(err)
			}
			found, err := r.Look([]string{path})
			if err != nil || len(found) != 1 || !found[0].Moved || len(found[0].Keys) == 0 {
				t.Errorf("%+v, %v", found, err)
			}
			r.noSecret(t, plan.Diff, back.Diff, found[0].Keys[0].Hint)
			done, err := r.Back(path, r.get, r.revoke)
			if err != nil || len(done.Notices) > 0 {
				t.Fatal(done.Notices, err)
			}
			r.noSecret(t, done.Diff)
			if got := text(t, path); got != c.before {
				t.Errorf("left is\n%q\nwant\n%q", got, c.before)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
				t.Error(info.Mode(), err)
			}
			if !slices.Equal(r.revoked, []string{"key"}) {
				t.Error(r.revoked)
			}
		})
	}
}

// noSecret looks for secrets in texts and in everything that is kept.
func (r *room) noSecret(t *testing.T, texts ...string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(r.dir, "state"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			texts = append(texts, text(t, path))
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, s := range texts {
		for _, secret := range []string{ant, oai, ds, gem, local} {
			for at := 0; at+9 <= len(secret); at++ {
				if strings.Contains(s, secret[at:at+9]) && !strings.HasPrefix(secret[at:], "sk-ant-api") && !strings.HasPrefix(secret[at:], "sk-proj-") {
					t.Fatalf("%q is in\n%s", secret[at:at+9], s)
				}
			}
		}
	}
}

func TestWhatIsFound(t *testing.T) {
	r := enter(t, nil)
	path := r.write(t, "a.env", strings.Join([]string{
		"OPENAI_API_KEY=your-openai-api-key-goes-here!", "OPENAI_API_KEY=xxxxxxxxxxxxxxxxxxxxxxxxxxxx", "OPENAI_API_KEY=$OTHER_VARIABLE_WITH_A_LONG_NAME",
		"OPENAI_API_KEY=" + local, "ANTHROPIC_AUTH_TOKEN=sk-ant-oat01-Abcd1234_efgh-5678ijkl", "OPENAI_API_KEY=short", "DATABASE_PASSWORD=0123456789abcdef0123456789",
		"KEY=" + ant, "",
	}, "\n"))
	missing := filepath.Join(r.dir, "missing")
	got, err := r.Look([]string{path, missing, path, r.write(t, "empty", ""), r.write(t, "binary", "OPENAI_API_KEY="+oai+"\x00")})
	if err != nil || len(got) != 2 || got[0].Path != path || len(got[0].Keys) != 1 || got[1].Problem == "" {
		t.Fatalf("%+v, %v", got, err)
	}
	if k := got[0].Keys[0]; k != (Key{8, "KEY", "anthropic", "sk-a…uvWX"}) {
		t.Errorf("%+v", k)
	}
	if _, err := r.Plan(missing, values); err == nil {
		t.Error("a missing file was planned for")
	}
}

// TestTheUsersEditStays: the keys and addresses go back, what the user wrote stays, and what they replaced too.
func TestTheUsersEditStays(t *testing.T) {
	r := enter(t, nil)
	path := r.write(t, ".env", "OPENAI_API_KEY="+oai+"\nANTHROPIC_API_KEY="+ant+"\n")
	if _, err := r.Move(path, values, "key", r.put); err != nil {
		t.Fatal(err)
	}
	edited := "NEW=1\n" + strings.Replace(text(t, path), "ANTHROPIC_API_KEY="+local, "ANTHROPIC_API_KEY=mine", 1)
	r.write(t, ".env", edited)
	done, err := r.Back(path, r.get, r.revoke)
	if err != nil || len(done.Notices) != 1 || !strings.Contains(done.Notices[0], "ANTHROPIC_API_KEY") {
		t.Fatal(done.Notices, err)
	}
	if got := text(t, path); got != "NEW=1\nOPENAI_API_KEY="+oai+"\nANTHROPIC_API_KEY=mine\n" {
		t.Errorf("left is %s", got)
	}
}

// TestNothingIsLost: a secret that can't be put away, or does not come back, leaves the file as it is.
func TestNothingIsLost(t *testing.T) {
	r := enter(t, nil)
	before := "OPENAI_API_KEY=" + oai + "\nANTHROPIC_API_KEY=" + ant + "\n"
	path := r.write(t, ".env", before)
	calls := 0
	_, err := r.Move(path, values, "key", func(string, string) (string, error) {
		if calls++; calls == 2 {
			return "", errors.New("locked")
		}
		return "default", nil
	})
	if err == nil || text(t, path) != before {
		t.Error(err, text(t, path))
	}
	if _, err := r.Move(path, values, "key", r.put); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Move(path, values, "key", r.put); err == nil {
		t.Error("it was moved twice")
	}
	after := text(t, path)
	delete(r.safe, "anthropic default")
	if _, err := r.Back(path, r.get, r.revoke); err == nil || text(t, path) != after || len(r.revoked) > 0 {
		t.Error(err, text(t, path), r.revoked)
	}
}

// TestEndedAnywhere: whenever a run ends, the file is the old or the new one, and the secrets are in it or put away.
func TestEndedAnywhere(t *testing.T) {
	before := "OPENAI_API_KEY=" + oai + "\n"
	end := errors.New("the end")
	for _, back := range []bool{false, true} {
		for n := 0; ; n++ {
			r := enter(t, nil)
			path := r.write(t, ".env", before)
			if back {
				if _, err := r.Move(path, values, "key", r.put); err != nil {
					t.Fatal(err)
				}
			}
			left, ended := n, false
			r.disk.Before = func(string, string) error {
				if left--; left < 0 {
					ended = true
					panic(end)
				}
				return nil
			}
			func() {
				defer func() { _ = recover() }()
				if back {
					_, _ = r.Back(path, r.get, r.revoke)
				} else {
					_, _ = r.Move(path, values, "key", r.put)
				}
			}()
			unused := r.open(t, nil)
			got := text(t, path)
			found, err := r.Look(nil)
			if err != nil || (len(found) == 1) != (got != before) {
				t.Errorf("%v %d: %q, %+v, unused %v, %v", back, n, got, found, unused, err)
			}
			if got != before && !strings.Contains(got, local) {
				t.Errorf("%v %d: %q", back, n, got)
			}
			names, _ := filepath.Glob(filepath.Join(r.dir, "*", ".*tmp"))
			more, _ := filepath.Glob(filepath.Join(r.dir, ".*tmp"))
			if len(names)+len(more) > 0 {
				t.Errorf("%v %d: left are %v %v", back, n, names, more)
			}
			if !ended {
				break
			}
		}
	}
}

// FuzzMove: whatever a file says, moving its keys and taking that back gives it back, and none of them is in the diff.
func FuzzMove(f *testing.F) {
	names := []string{".env", "settings.json", "opencode.json", "config.yaml", "config.toml"}
	for i, c := range cases {
		f.Add(uint8(i), c.before)
	}
	f.Fuzz(func(t *testing.T, kind uint8, before string) {
		if strings.Contains(before, "gh_") || len(before) > 4096 {
			return
		}
		s := &Strays{Options: Options{Hide: func(string) {}, Variables: func() map[string]string { return map[string]string{"OPENAI_API_KEY": "openai"} }}}
		in := file{path: names[int(kind)%len(names)], text: []byte(before)}
		c, err := s.rewrite(in, values)
		if err != nil {
			return
		}
		r := newRecord(in, c, values, "key", time.Time{})
		secrets, after := map[string][]string{}, c.after
		for _, p := range c.spots {
			secrets[p.name] = append(secrets[p.name], p.secret)
			if strings.Contains(c.masked(c.after, local), p.secret) && !bytes.Contains(c.after, []byte(p.secret)) {
				t.Fatal("a secret is shown")
			}
		}
		for _, change := range r.Changes {
			next := change.addressBack(after)
			if change.Provider != "" {
				next, _ = r.keyBack(after, change, func(p placed) (string, error) {
					secret := secrets[p.Name][0]
					secrets[p.Name] = secrets[p.Name][1:]
					return secret, nil
				})
			}
			if next != nil {
				after = next
			}
		}
		if string(after) != before {
			t.Fatalf("%q became\n%q and came back as\n%q", before, c.after, after)
		}
	})
}
