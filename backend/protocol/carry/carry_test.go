package carry

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"gatehouse/backend/llm"
)

var origin = llm.Origin{Provider: "anthropic", Model: "anthropic/claude-opus-4.5"}

func TestPackAndUnpack(t *testing.T) {
	for _, c := range []struct {
		origin  llm.Origin
		kind    string
		payload string
	}{
		{origin, Signature, "EqQBCkYIBxgC"},
		{origin, Opaque, `{"type":"redacted_thinking","data":"x"}`},
		{llm.Origin{}, "", "\x00\xff"},
		{llm.Origin{Provider: strings.Repeat("p", maxName), Model: "雪"}, Call, strings.Repeat("x", 1<<20)},
	} {
		s := Pack(c.origin, c.kind, []byte(c.payload))
		if !strings.HasPrefix(s, "ghr1.") || strings.Trim(s[5:],
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("%.40s is not plain", s)
		}
		if s != Pack(c.origin, c.kind, []byte(c.payload)) {
			t.Error("the same input gave another string")
		}
		o, kind, payload, ok := Unpack(s)
		if !ok || o != c.origin || kind != c.kind || string(payload) != c.payload {
			t.Errorf("%+v %q came back as %+v %q %.40q %v", c.origin, c.kind, o, kind, payload, ok)
		}
		if !Tagged(s) {
			t.Errorf("%.40s is not tagged", s)
		}
	}
}

// TestDamage: every cut, every changed character and every addition is noticed.
func TestDamage(t *testing.T) {
	s := Pack(origin, Signature, []byte("a signature of some length"))
	bad := []string{"", "ghr1.", "ghr2." + s[5:], s + "A", s + "\n", s + "=", s[:9] + "\n" + s[9:], s + s, " " + s}
	for i := range s {
		bad = append(bad, s[:i], s[:i]+s[i+1:])
		for _, c := range []byte("Aa0_-") {
			if s[i] != c {
				bad = append(bad, s[:i]+string(c)+s[i+1:])
			}
		}
	}
	for _, b := range bad {
		if _, _, _, ok := Unpack(b); ok {
			t.Errorf("%q was taken", b)
		}
	}
}

func TestBounds(t *testing.T) {
	long := strings.Repeat("x", maxName+1)
	for name, s := range map[string]string{
		"nothing":  Pack(origin, Signature, nil),
		"payload":  Pack(origin, Signature, bytes.Repeat([]byte("x"), MaxPayload+1)),
		"provider": Pack(llm.Origin{Provider: long}, Signature, []byte("x")),
		"model":    Pack(llm.Origin{Model: long}, Signature, []byte("x")),
		"kind":     Pack(origin, long, []byte("x")),
	} {
		if s != "" {
			t.Errorf("%s: %d characters", name, len(s))
		}
	}
	most := bytes.Repeat([]byte("x"), MaxPayload)
	if _, _, payload, ok := Unpack(Pack(origin, Signature, most)); !ok || !bytes.Equal(payload, most) {
		t.Error("the largest payload did not come back")
	}
}

func TestTagged(t *testing.T) {
	for s, want := range map[string]bool{
		"ghr1.AAAA": true, "ghr12.x": true, "ghr1.": true,
		"": false, "ghr": false, "ghr.": false, "ghr1": false, "ghrx1.": false, "EqQBCkYIBxgC": false, "gAAAAABghr1.": false,
	} {
		if Tagged(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(Pack(origin, Signature, []byte("x")))
	f.Add("ghr1.")
	f.Add("ghr1.AAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		o, kind, payload, ok := Unpack(s)
		if ok && Pack(o, kind, payload) != s {
			t.Errorf("%q is taken but would be written otherwise", s)
		}
	})
}

func FuzzPack(f *testing.F) {
	f.Add("openai", "openai/gpt-5.4", Signature, []byte("x"))
	f.Fuzz(func(t *testing.T, provider, model, kind string, payload []byte) {
		s := Pack(llm.Origin{Provider: provider, Model: model}, kind, payload)
		if s == "" {
			if len(payload) > 0 && len(provider)+len(model)+len(kind) <= maxName && len(payload) <= MaxPayload {
				t.Error("not carried")
			}
			return
		}
		o, k, p, ok := Unpack(s)
		if !ok || o.Provider != provider || o.Model != model || k != kind || !bytes.Equal(p, payload) {
			t.Errorf("came back as %+v %q %q %v", o, k, p, ok)
		}
	})
}

// TestBase64: the form for dialects whose signatures are bytes is base64 whatever the payload's length, and comes back
// from clients that keep the bytes and write them in their own way.
func TestBase64(t *testing.T) {
	for n := 1; n < 40; n++ {
		s := Pack(origin, Signature, bytes.Repeat([]byte{0xff, 0xfb}, n)[:n])
		form := Base64(s)
		b, err := base64.StdEncoding.DecodeString(form)
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
			if back, ok := FromBase64(enc.EncodeToString(b)); !ok || back != s {
				t.Errorf("%s came back as %s", s, back)
			}
		}
		cut, ok := FromBase64(form[:len(form)-4])
		if _, _, _, whole := Unpack(cut); !ok || whole || !Tagged(cut) {
			t.Errorf("a cut %s is %q", form, cut)
		}
	}
	for _, s := range []string{"", "ghr1", "ghr1.AAAA", "EqQBCkYIBxgC"} {
		if back, ok := FromBase64(s); ok && s != "ghr1" {
			t.Errorf("%q is %q", s, back)
		}
	}
	if Base64("") != "" || Base64("EqQB") != "" || Base64("ghr1.!") != "" {
		t.Error("what is no carrier has a form")
	}
}

func TestInAndHolds(t *testing.T) {
	s := Pack(origin, Signature, []byte("x"))
	for _, c := range []struct {
		text      string
		in, holds bool
	}{
		{`{"signature":"` + s + `"}`, true, true},
		{`{"thoughtSignature":"` + Base64(s) + `"}`, true, true},
		{`{"a":"ghr1.damaged","b":["ghr1AAAA","` + s + `"]}`, true, true},
		{`{"signature":"` + s[:len(s)-2] + `"}`, true, false},
		{`{"text":"it says \"` + s + `\" there"}`, false, false},
		{`{"text":"` + s, true, false},
		{`{"text":"see ` + s + `"}`, false, false},
		{`{"data":"aaaaghr1aaaa"}`, false, false},
		{``, false, false},
	} {
		if In([]byte(c.text)) != c.in || Holds([]byte(c.text)) != c.holds {
			t.Errorf("%s: in %v, holds %v", c.text, In([]byte(c.text)), Holds([]byte(c.text)))
		}
	}
}

func FuzzHolds(f *testing.F) {
	f.Add(`{"signature":"` + Pack(origin, Signature, []byte("x")) + `"}`)
	f.Add(`"ghr1\"`)
	f.Fuzz(func(t *testing.T, text string) {
		if Holds([]byte(text)) && !In([]byte(text)) {
			t.Errorf("%q holds one that is not in it", text)
		}
	})
}

// BenchmarkHolds: a body without carriers costs one search.
func BenchmarkHolds(b *testing.B) {
	body := []byte(strings.Repeat(`{"role":"user","content":[{"type":"text","text":"grep \"ghr\" and go on, says the user"}]},`, 12_000))
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if Holds(body) {
			b.Fatal("it holds none")
		}
	}
}
