package contents_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/backend/contents"
	"gatehouse/backend/credential"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var day = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// keeper is Contents over a folder, with a clock that is set by hand.
type keeper struct {
	*contents.Contents
	t   testing.TB
	dir string

	mu  sync.Mutex
	now time.Time
}

func (k *keeper) clock() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

func (k *keeper) pass(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.now = k.now.Add(d)
}

var site = map[string]time.Duration{"site": 24 * time.Hour}

func open(t testing.TB, dir string, edit func(*contents.Options)) *keeper {
	t.Helper()
	k := &keeper{t: t, dir: dir, now: day}
	o := contents.Options{Dir: dir, Now: k.clock, Rules: site, Mask: credential.Mask}
	if edit != nil {
		edit(&o)
	}
	k.Contents = contents.Open(o)
	t.Cleanup(k.close)
	return k
}

func (k *keeper) close() {
	if err := k.Close(context.Background()); err != nil {
		k.t.Error(err)
	}
}

func none(text []byte) []byte { return text }

// exchange has a request kept that starts now, and gives its id.
func (k *keeper) exchange(project, request string, answer ...string) string {
	return k.redacted(project, none, request, answer...)
}

func (k *keeper) redacted(project string, redact func([]byte) []byte, request string, answer ...string) string {
	at := k.clock()
	o := gateway.Opening{ID: gateway.NewRequestID(at), StartedAt: at, Project: project, Dialect: llm.ChatCompletions, RequestedModel: "sim/echo"}
	body := []byte(request)
	content := k.Begin(o, body)
	clear(body) // the gateway's memory is used again
	if content != nil {
		for _, piece := range answer {
			p := []byte(piece)
			content.Write(p)
			clear(p)
		}
		content.End(redact)
	}
	return o.ID
}

// written waits for the disk: what is to be written is, in order, before Contents are closed.
func (k *keeper) written() {
	k.t.Helper()
	k.close()
	k.reopen(nil)
}

func (k *keeper) reopen(edit func(*contents.Options)) {
	o := contents.Options{Dir: k.dir, Now: k.clock, Rules: site, Mask: credential.Mask}
	if edit != nil {
		edit(&o)
	}
	k.Contents = contents.Open(o)
}

func (k *keeper) texts(id string) (request, answer string) {
	k.t.Helper()
	kept, err := k.Get(id)
	if err != nil {
		k.t.Fatalf("%s: %v", id, err)
	}
	return string(kept.RequestText), string(kept.AnswerText)
}

func (k *keeper) gone(id string) {
	k.t.Helper()
	if _, err := k.Get(id); !errors.Is(err, contents.ErrNotKept) {
		k.t.Errorf("%s: %v", id, err)
	}
}

// onDisk gives all that any file below the folder holds.
func (k *keeper) onDisk() string {
	k.t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(filepath.Dir(k.dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return all.String()
}

func folder(t testing.TB) string { return filepath.Join(t.TempDir(), "contents") }

func TestKeptAsSent(t *testing.T) {
	k := open(t, folder(t), nil)
	id := k.exchange("site", `{"a":"é"}`, `{"b":`, `"日`, `本"}`)
	other := k.exchange("shop", "a prompt of another project", "x")
	none := k.exchange("", "a prompt without a project", "x")
	k.written()
	if request, answer := k.texts(id); request != `{"a":"é"}` || answer != `{"b":"日本"}` {
		t.Errorf("%q, %q", request, answer)
	}
	kept, _ := k.Get(id)
	if kept.Project != "site" || kept.Model != "sim/echo" || kept.Request.Bytes != 10 || kept.Answer.Bytes != 14 ||
		!kept.Until.Equal(day.Add(24*time.Hour)) {
		t.Errorf("%+v", kept)
	}
	k.gone(other)
	k.gone(none)
	if all := k.onDisk(); strings.Contains(all, "a prompt") {
		t.Errorf("the disk holds %q", all)
	}
	for path, want := range map[string]fs.FileMode{k.dir: 0o700 | fs.ModeDir, filepath.Join(k.dir, id): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if s := k.State(); s.Projects["site"].Requests != 1 || s.Projects["site"].Bytes < 24 || s.Lost != 0 || s.Problem != "" {
		t.Errorf("%+v", s)
	}
}

// Nothing is made, not even a folder, while nothing is to be kept.
func TestOffLeavesNothing(t *testing.T) {
	k := open(t, folder(t), func(o *contents.Options) { o.Rules = map[string]time.Duration{} })
	if c := k.Begin(gateway.Opening{ID: "req_1", StartedAt: day, Project: "site"}, []byte("x")); c != nil {
		t.Errorf("%v is kept", c)
	}
	if _, err := os.Stat(k.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
}

func TestExpiry(t *testing.T) {
	k := open(t, folder(t), nil)
	first := k.exchange("site", "the first canary", "x")
	k.pass(time.Hour)
	second := k.exchange("site", "the second canary", "x")
	k.written()
	k.pass(23*time.Hour - time.Second)
	k.Sweep()
	k.texts(first)
	k.pass(time.Second)
	k.gone(first) // from then on, whether or not it was swept
	k.Sweep()
	if all := k.onDisk(); strings.Contains(all, "first canary") || !strings.Contains(all, "second canary") {
		t.Errorf("the disk holds %q", all)
	}
	k.close()
	k.pass(time.Hour) // while nothing runs
	k.reopen(nil)
	k.gone(second)
	if all := k.onDisk(); all != "" {
		t.Errorf("the disk holds %q", all)
	}
	if _, err := os.Stat(k.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
}

func TestRulesChange(t *testing.T) {
	k := open(t, folder(t), nil)
	id := k.exchange("site", "canary", "x")
	k.written()
	k.SetRules(map[string]time.Duration{"site": 90 * 24 * time.Hour})
	if kept, _ := k.Get(id); !kept.Until.Equal(day.Add(24 * time.Hour)) {
		t.Errorf("what was promised to expire at %v is kept until %v", day.Add(24*time.Hour), kept.Until)
	}
	k.SetRules(nil) // nobody knows
	k.texts(id)
	k.gone(k.exchange("site", "more", "x"))
	k.pass(2 * time.Hour)
	k.SetRules(map[string]time.Duration{"site": time.Hour})
	k.gone(id)
	if all := k.onDisk(); all != "" {
		t.Errorf("the disk holds %q", all)
	}

	id = k.exchange("site", "canary", "x")
	k.written()
	k.texts(id)
	k.SetRules(map[string]time.Duration{"shop": time.Hour}) // off
	if all := k.onDisk(); all != "" {
		t.Errorf("the disk holds %q", all)
	}
}

// What runs while its project is turned off, or deleted, is not kept when it ends.
func TestForgottenWhileRunning(t *testing.T) {
	project := "site"
	for name, forget := range map[string]func(*keeper){
		"turned off": func(k *keeper) { k.SetRules(map[string]time.Duration{}) },
		"deleted":    func(k *keeper) { k.Delete(contents.Range{Project: &project}) },
		"expired":    func(k *keeper) { k.pass(24 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			k := open(t, folder(t), nil)
			c := k.Begin(gateway.Opening{ID: gateway.NewRequestID(day), StartedAt: day, Project: "site"}, []byte("canary"))
			c.Write([]byte("canary"))
			forget(k)
			c.End(none)
			k.close()
			if all := k.onDisk(); all != "" {
				t.Errorf("the disk holds %q", all)
			}
		})
	}
}

func TestDelete(t *testing.T) {
	both := func(o *contents.Options) {
		o.Rules = map[string]time.Duration{"site": 24 * time.Hour, "": 24 * time.Hour}
	}
	k := open(t, folder(t), both)
	var ids []string
	for i := range 6 {
		ids = append(ids, k.exchange([]string{"site", ""}[i%2], fmt.Sprint("canary ", i), "x"))
		k.pass(time.Hour)
	}
	k.close()
	k.reopen(both)
	nobody := ""
	k.Delete(contents.Range{From: day.Add(2 * time.Hour), To: day.Add(4 * time.Hour)})
	k.Delete(contents.Range{Project: &nobody, To: day.Add(2 * time.Hour)})
	for i, kept := range []bool{true, false, false, false, true, true} {
		if _, err := k.Get(ids[i]); (err == nil) != kept {
			t.Errorf("%d: %v", i, err)
		}
		if strings.Contains(k.onDisk(), fmt.Sprint("canary ", i)) != kept {
			t.Errorf("%d is on the disk: %v", i, !kept)
		}
	}
}

func TestBounds(t *testing.T) {
	t.Run("a body", func(t *testing.T) {
		k := open(t, folder(t), func(o *contents.Options) { o.MaxBody = 5 })
		id := k.exchange("site", "1234é", "12", "34", "56", "78") // é begins at the last byte
		k.written()
		kept, err := k.Get(id)
		if err != nil || string(kept.RequestText) != "1234" || string(kept.AnswerText) != "12345" ||
			!kept.Request.Truncated || !kept.Answer.Truncated || kept.Request.Bytes != 6 || kept.Answer.Bytes != 8 {
			t.Errorf("%+v, %v", kept, err)
		}
	})
	t.Run("the disk", func(t *testing.T) {
		k := open(t, folder(t), func(o *contents.Options) { o.MaxBytes = 3000 })
		var ids []string
		for range 4 {
			ids = append(ids, k.exchange("site", strings.Repeat("x", 800), "y"))
			k.pass(time.Second)
		}
		k.written()
		if sum := k.State().Projects["site"]; sum.Bytes > 3000 || sum.Requests != 2 {
			t.Errorf("%+v", sum)
		}
		k.gone(ids[0])
		k.gone(ids[1])
		k.texts(ids[3])
	})
	t.Run("their number", func(t *testing.T) {
		k := open(t, folder(t), func(o *contents.Options) { o.MaxRequests = 2 })
		first := k.exchange("site", "x", "y")
		k.pass(time.Second)
		k.exchange("site", "x", "y")
		k.pass(time.Second)
		k.exchange("site", "x", "y")
		k.written()
		k.gone(first)
		if sum := k.State().Projects["site"]; sum.Requests != 2 {
			t.Errorf("%+v", sum)
		}
	})
	t.Run("memory", func(t *testing.T) {
		k := open(t, folder(t), func(o *contents.Options) { o.MaxHeld = 10 })
		running := k.Begin(gateway.Opening{ID: "req_1", StartedAt: day, Project: "site"}, []byte("12345678"))
		running.Write([]byte("more than there is room for"))
		if c := k.Begin(gateway.Opening{ID: "req_2", StartedAt: day, Project: "site"}, []byte("12345678")); c != nil {
			t.Error("there was room for another")
		}
		if k.State().Lost != 1 {
			t.Errorf("%+v", k.State())
		}
		running.End(none)
		k.written()
		kept, err := k.Get("req_1")
		if err != nil || string(kept.RequestText) != "12345678" || kept.Answer.Kept != 0 || !kept.Answer.Truncated {
			t.Errorf("%+v, %v", kept, err)
		}
		// What was held is free again.
		if c := k.Begin(gateway.Opening{ID: "req_3", StartedAt: day, Project: "site"}, []byte("12345678")); c == nil {
			t.Error("there is no room")
		} else {
			c.End(nil)
		}
	})
}

const secret = "canary-5f1c0ffee0badcafe0123456789abcdef"

func TestNoSecrets(t *testing.T) {
	known := credential.NewRedactor()
	known.Add(secret)
	stream := func(pieces ...string) (out []string) {
		for _, p := range pieces {
			out = append(out, `data: {"choices":[{"delta":{"content":"`+p+"\"}}]}\n\n")
		}
		return out
	}
	for name, c := range map[string]struct {
		request string
		answer  []string
		missing bool
	}{
		"in the request":        {request: `{"x":"` + secret + `"}`, answer: []string{"ok"}},
		"in the answer":         {request: "{}", answer: []string{"you sent " + secret}},
		"over two reads":        {request: "{}", answer: []string{"you sent " + secret[:12], secret[12:]}},
		"over a stream's parts": {request: "{}", answer: stream("it is ", secret[:6], secret[6:12], secret[12:18], secret[18:24], secret[24:30], secret[30:]), missing: true},
		"over lines": {request: "{}", missing: true, answer: []string{
			`{"message":{"content":"` + secret[:7] + "\"}}\n", `{"message":{"content":"` + secret[7:14] + "\"}}\n", `{"message":{"content":"` + secret[14:] + "\"}}\n",
		}},
		"of nobody": {request: `{"key":"sk-proj-abcdefghijklmnop"}`, answer: []string{"ok"}},
	} {
		t.Run(name, func(t *testing.T) {
			k := open(t, folder(t), nil)
			id := k.redacted("site", known.RedactBytes, c.request, c.answer...)
			k.written()
			all := k.onDisk()
			for _, word := range []string{secret, secret[:8], secret[6:14], secret[24:32], "abcdefghijkl"} {
				if strings.Contains(all, word) {
					t.Errorf("%q is in %q", word, all)
				}
			}
			for i := 0; c.missing && i+6 <= len(secret); i++ {
				if strings.Contains(all, secret[i:i+6]) {
					t.Errorf("%q is in %q", secret[i:i+6], all)
				}
			}
			kept, err := k.Get(id)
			if err != nil || (kept.Answer.Missing != "") != c.missing {
				t.Errorf("%+v, %v", kept.Answer, err)
			}
			if !c.missing && !strings.Contains(all, credential.Redacted) {
				t.Errorf("nothing was taken out of %q", all)
			}
		})
	}
	t.Run("not known", func(t *testing.T) {
		k := open(t, folder(t), nil)
		k.gone(k.redacted("site", nil, "canary"))
		k.written()
		if all := k.onDisk(); all != "" {
			t.Errorf("the disk holds %q", all)
		}
	})
}

func TestOnlyTexts(t *testing.T) {
	k := open(t, folder(t), nil)
	id := k.exchange("site", "\xff\xd8\xff\xe0 a picture", "a\x00b")
	k.written()
	kept, err := k.Get(id)
	if err != nil || kept.Request.Missing == "" || kept.Answer.Missing == "" || kept.Request.Bytes != 14 || len(kept.RequestText) > 0 {
		t.Errorf("%+v, %v", kept, err)
	}
}

func TestBrokenFiles(t *testing.T) {
	k := open(t, folder(t), nil)
	whole, torn := k.exchange("site", "a", "b"), k.exchange("site", "c", "d")
	k.written()
	k.close()
	text, err := os.ReadFile(filepath.Join(k.dir, torn))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		torn: text[:len(text)-1], whole + ".part": text, "req_empty": nil, "req_other": text, "notes.txt": []byte("the user's own"),
	} {
		if err := os.WriteFile(filepath.Join(k.dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k.reopen(nil)
	k.texts(whole)
	k.gone(torn)
	entries, err := os.ReadDir(k.dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}

// A disk that can't be written costs no request, and is told of.
func TestNoDisk(t *testing.T) {
	k := open(t, folder(t), nil)
	if err := os.WriteFile(k.dir, nil, 0o600); err != nil { // where the folder would be
		t.Fatal(err)
	}
	k.exchange("site", "a", "b")
	for range 2 {
		k.close()
		if k.State().Problem == "" {
			t.Error("nothing is told")
		}
		k.reopen(nil)
	}
}

func TestManyAtOnce(t *testing.T) {
	k := open(t, folder(t), nil)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 20 {
				id := k.exchange("site", "a", "b")
				switch i % 4 {
				case 0:
					k.Delete(contents.Range{From: day.Add(time.Hour)})
				case 1:
					_, _ = k.Get(id)
				case 2:
					k.State()
				case 3:
					k.SetRules(site)
				}
			}
		})
	}
	all.Wait()
	k.written()
	if s := k.State(); s.Projects["site"].Requests+s.Lost != 160 && s.Projects["site"].Requests == 0 {
		t.Errorf("%+v", s)
	}
}

func TestClosed(t *testing.T) {
	k := open(t, folder(t), nil)
	c := k.Begin(gateway.Opening{ID: "req_1", StartedAt: day, Project: "site"}, []byte("x"))
	k.close()
	c.Write([]byte("y"))
	c.End(none)
	if c := k.Begin(gateway.Opening{ID: "req_2", StartedAt: day, Project: "site"}, bytes.Repeat([]byte("x"), 10)); c != nil {
		t.Error("it is kept after the end")
	}
}
