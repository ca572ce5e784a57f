package sim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

var fuzzPaths = []string{
	chatPath, messagesPath, responsesPath, geminiPath("echo", "generateContent"), geminiPath("tools", "streamGenerateContent"),
}

// Whatever comes in, the handler answers with JSON or events, and with a status that fits.
func FuzzRequest(f *testing.F) {
	for _, body := range []string{
		``, `{}`, `[]`, chatBody("echo", "x", `,"stream":true`), messagesBody("think", "x", ""),
		chatBody("tools", "x", `,"tools":[{"type":"function","function":{"name":"f","parameters":{"$ref":"#"}}}],"stop":["a"]`),
		messagesBody("tools", "x", `,"tool_choice":{"type":"any"},"tools":[{"name":"f","input_schema":{"type":"object","required":["a"]}}]`),
		`{"model":"stream","messages":[{"role":"user","content":[{"type":"text","text":"tokens=3"}]}],"max_tokens":1}`,
		geminiBody("x", thoughtful+declaration), responsesBody("tools", "x", responsesFns),
		`{"contents":[{"parts":[{"text":"x"}]},{"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"AA=="}]},{"parts":[{"functionResponse":{"name":"f","response":{}}}]}]}`,
		`{"model":"echo","input":[{"type":"reasoning","summary":[],"encrypted_content":"gAAAAAB"},{"type":"function_call","call_id":"c","name":"f","arguments":""}]}`,
	} {
		for i := range fuzzPaths {
			f.Add(body, uint8(i))
		}
	}
	h := Handler(Options{Seed: 1, Sleep: (&clock{}).sleep})
	f.Fuzz(func(t *testing.T, body string, at uint8) {
		path := fuzzPaths[int(at)%len(fuzzPaths)]
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Anthropic-Version", "2023-06-01")
		w := httptest.NewRecorder()
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				panic(p)
			}
		}()
		h.ServeHTTP(w, r)
		if strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") {
			return
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%d %q", w.Code, w.Body.String())
		}
	})
}

func FuzzConform(f *testing.F) {
	f.Add(`{"type":"object","properties":{"a":{"type":"array","items":{"$ref":"#/properties/a"}}}}`)
	f.Add(`{"type":["integer"],"minimum":1e300,"multipleOf":1e-300}`)
	f.Fuzz(func(t *testing.T, schema string) {
		if got := conform(json.RawMessage(schema)); !json.Valid(got) || got[0] != '{' {
			t.Errorf("%s gives %s", schema, got)
		}
	})
}
