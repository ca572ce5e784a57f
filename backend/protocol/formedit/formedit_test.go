package formedit_test

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"strings"
	"testing"

	"gatehouse/backend/protocol/formedit"
	"gatehouse/backend/protocol/jsonedit"
)

const kind = "multipart/form-data; boundary=xyz"

func form(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("--xyz\r\n" + p + "\r\n")
	}
	return b.String() + "--xyz--\r\n"
}

const (
	model = "Content-Disposition: form-data; name=\"model\"\r\n\r\nopenai/whisper-1"
	file  = "Content-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF\x00\r\n--xy\r\nname=\"model\"\xff"
)

func TestFind(t *testing.T) {
	for name, c := range map[string]struct{ body, want, err string }{
		"a field":                 {body: form(model), want: "openai/whisper-1"},
		"behind a file":           {body: form(file, model), want: "openai/whisper-1"},
		"before a file":           {body: form(model, file), want: "openai/whisper-1"},
		"not there":               {body: form(file)},
		"empty":                   {body: form("Content-Disposition: form-data; name=\"model\"\r\n\r\n")},
		"no last line break":      {body: strings.TrimSuffix(form(model), "\r\n"), want: "openai/whisper-1"},
		"header names in capital": {body: form(strings.Replace(model, "Content-Disposition: form-data; name", "CONTENT-DISPOSITION:FORM-DATA;NAME", 1)), want: "openai/whisper-1"},
		"a type of its own":       {body: form("Content-Type: text/plain\r\n" + model), want: "openai/whisper-1"},
		"twice":                   {body: form(model, file, model), err: "second field"},
		"twice, once empty":       {body: form("Content-Disposition: form-data; name=\"model\"\r\n\r\n", model), err: "second field"},
		"as a file":               {body: form("Content-Disposition: form-data; name=\"model\"; filename=\"m\"\r\n\r\nx"), err: "is a file"},
		"encoded":                 {body: form("Content-Transfer-Encoding: quoted-printable\r\n" + model), err: "transfer encoding"},
		"a name without quotes":   {body: form("Content-Disposition: form-data; name=model\r\n\r\nx"), err: "in quotes"},
		"a second name":           {body: form("Content-Disposition: form-data; name=\"a\"; name=\"model\"\r\n\r\nx"), err: "more than"},
		"a name behind a file's":  {body: form("Content-Disposition: form-data; name=\"a\"; filename=\"b\"; name=\"model\"\r\n\r\nx"), err: "twice"},
		"an escape in the name":   {body: form("Content-Disposition: form-data; name=\"mo\\del\"\r\n\r\nx"), err: "can't be read"},
		"a folded header":         {body: form("Content-Type: text/plain;\r\n charset=x\r\n" + model), err: "folded"},
		"two dispositions":        {body: form("Content-Disposition: form-data; name=\"a\"\r\n" + model), err: "two dispositions"},
		"no disposition":          {body: form("Content-Type: text/plain\r\n\r\nx"), err: "no disposition"},
		"not form-data":           {body: form("Content-Disposition: attachment; name=\"model\"\r\n\r\nx"), err: "no form-data"},
		"line feeds alone":        {body: strings.ReplaceAll(form(model), "\r\n", "\n"), err: "alone on its line"},
		"a preamble":              {body: "hello\r\n" + form(model), err: "does not begin"},
		"an epilogue":             {body: form(model) + form(model), err: "behind the form's end"},
		"no end":                  {body: strings.TrimSuffix(form(model), "--xyz--\r\n"), err: "no end"},
		"headers without end":     {body: "--xyz\r\nContent-Disposition: form-data; name=\"model\"\r\n--xyz--\r\n", err: "no end of its headers"},
		"nothing":                 {body: "", err: "does not begin"},
	} {
		spans, err := formedit.Find([]byte(c.body), kind, "model")
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %q", name, err, c.err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case string(spans[0].Of([]byte(c.body))) != c.want:
			t.Errorf("%s: %q, want %q", name, spans[0].Of([]byte(c.body)), c.want)
		}
	}
	for _, bad := range []string{"", "multipart/form-data", "multipart/form-data; boundary=" + strings.Repeat("x", 71), "multipart/form-data; boundary"} {
		if _, err := formedit.Find([]byte(form(model)), bad, "model"); err == nil {
			t.Errorf("%q is taken as a form's type", bad)
		}
	}
}

// FuzzFind holds the finder to Go's own reader of forms: what it finds is what that reader sees, and it finds nothing in
// what that reader can't read.
func FuzzFind(f *testing.F) {
	for _, seed := range []string{
		form(model), form(file, model), form(model, file), form(file), form(model, model), strings.ReplaceAll(form(model), "\r\n", "\n"),
		form("Content-Disposition: form-data; name=\"model\"\r\n\r\n"), form("Content-Disposition: form-data; name=\"a\"; filename=\"b\"; name=\"model\"\r\n\r\nx"),
		form("Content-Disposition: form-data; name=\"a\"; filename*=UTF-8''model\r\n\r\nx", model), "--xyz--", form(model) + "x",
		form("Content-Disposition: form-data; name=\"a\"; filename=\"x; name=model\"\r\n\r\nx", model),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		spans, err := formedit.Find(body, kind, "model")
		if err != nil {
			return
		}
		models := fields(t, body)
		found := spans[0] != jsonedit.Span{}
		if found != (len(models) == 1) {
			t.Fatalf("found %v, the reader sees %q", found, models)
		}
		if !found {
			return
		}
		if got := string(spans[0].Of(body)); got != models[0] {
			t.Fatalf("found %q, the reader sees %q", got, models)
		}
		spliced := jsonedit.Replace(body, spans[0], []byte("other")).Bytes()
		if again := fields(t, spliced); len(again) != 1 || again[0] != "other" {
			t.Fatalf("after the splice the reader sees %q", again)
		}
		if !bytes.Equal(append(append(append([]byte{}, spliced[:spans[0].Start]...), body[spans[0].Start:spans[0].End]...), spliced[spans[0].Start+len("other"):]...), body) {
			t.Fatal("the splice changed something else")
		}
	})
}

// fields gives what Go's reader sees as the field "model".
func fields(t *testing.T, body []byte) (models []string) {
	t.Helper()
	r := multipart.NewReader(bytes.NewReader(body), "xyz")
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return models
		}
		if err != nil {
			t.Fatalf("the reader can't read what was found: %v", err)
		}
		value, err := io.ReadAll(part)
		if err != nil {
			t.Fatalf("the reader can't read what was found: %v", err)
		}
		if part.FormName() == "model" {
			models = append(models, string(value))
		}
	}
}
