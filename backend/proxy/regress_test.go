package proxy

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/gemini"
	"gatehouse/backend/provider"
	"gatehouse/backend/provider/strict"
)

// regression is a case that broke in a real gateway; thread is where it was reported.
type regression struct {
	row    int
	thread string
	run    func(t *testing.T)
}

// regressionRows is how many cases there are.
const regressionRows = 54

func regressions() []regression {
	return slices.Concat(reasoningRegressions, callRegressions, streamRegressions, usageRegressions, contentRegressions, shapeRegressions)
}

// TestRegression runs every case through the door where it can.
func TestRegression(t *testing.T) {
	seen := map[int]bool{}
	for _, r := range regressions() {
		seen[r.row] = true
		t.Run(fmt.Sprintf("row %d %s", r.row, r.thread), r.run)
	}
	for row := 1; row <= regressionRows; row++ {
		if !seen[row] {
			t.Errorf("row %d has no test", row)
		}
	}
}

// strictly asks a stand-in and gives what it got and what the client got; a refusal on either side fails the test.
func strictly(t *testing.T, id, path, body string) (sent gjson.Result, answer string) {
	t.Helper()
	o, all := standIns(t)
	d := openDoor(t, o)
	resp, text := d.post(path, strings.ReplaceAll(body, "MODEL", modelOf(id)))
	last := all[id].Last()
	if resp.StatusCode != http.StatusOK || last.Refused != "" {
		t.Fatalf("%s: %d %.800s\nrefused: %s\nsent: %.3000s", id, resp.StatusCode, text, last.Refused, last.Body)
	}
	return gjson.ParseBytes(last.Body), text
}

// scripted is a door to one provider whose upstream answers the texts in turn, the last for ever after; texts that begin
// with an event are streams.
func scripted(t *testing.T, id string, dialect llm.Dialect, texts ...string) (d *door, bodies *[]string) {
	t.Helper()
	bodies = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		text := texts[min(len(*bodies), len(texts)-1)]
		*bodies = append(*bodies, string(body))
		kind := "application/json"
		if strings.HasPrefix(text, "data:") || strings.HasPrefix(text, "event:") {
			kind = "text/event-stream"
		}
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	base := server.URL + "/v1"
	if dialect == llm.Messages {
		base = server.URL
	}
	return openDoor(t, doorOptions{
		providers: map[string]provider.Override{id: {BaseURL: base, Dialect: dialect}}, secrets: secrets{id: providerSecret},
	}), bodies
}

// ask is one request that must be answered with 200.
func (d *door) good(t *testing.T, path, body string) string {
	t.Helper()
	resp, text := d.post(path, body)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%d %.800s", resp.StatusCode, text)
	}
	return text
}

// toGemini writes a client's request for a Gemini model, which a strict stand-in must take.
func writtenForGemini(t *testing.T, client llm.Dialect, model, body string) gjson.Result {
	t.Helper()
	asked, err := protocol.For(client).Decode([]byte(body))
	check(t, err)
	return geminiTakes(t, asked.Request, model)
}

func geminiTakes(t *testing.T, req *llm.Request, model string) gjson.Result {
	t.Helper()
	req.Model = model
	text, _, err := gemini.EncodeRequest(req, gemini.Options{Target: llm.Origin{Provider: "google", Model: "google/" + model}})
	check(t, err)
	r := httptest.NewRequest(http.MethodPost, "/v1beta/models/"+model+":generateContent", strings.NewReader(string(text)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Goog-Api-Key", "k")
	w := httptest.NewRecorder()
	strict.New("google").ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s\n%s", w.Code, w.Body, text)
	}
	return gjson.ParseBytes(text)
}

// same fails unless a place of a JSON text is what it should be.
func same(t *testing.T, v gjson.Result, path, want string) {
	t.Helper()
	if have := v.Get(path); have.String() != want {
		t.Errorf("%s is %q, want %q\n%.2500s", path, have.String(), want, v.Raw)
	}
}

func holds(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %.3000s", want, text)
		}
	}
}

func lacking(t *testing.T, text string, unwanted ...string) {
	t.Helper()
	for _, s := range unwanted {
		if strings.Contains(text, s) {
			t.Errorf("%q in %.3000s", s, text)
		}
	}
}

const (
	lookTool         = `{"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{"at":{"type":"string"}}}}}`
	lookToolMessages = `{"name":"look","input_schema":{"type":"object","properties":{"at":{"type":"string"}}}}`
	lookToolFlat     = `{"type":"function","name":"look","strict":false,"parameters":{"type":"object","properties":{"at":{"type":"string"}}}}`
)

// namedEvents writes events of a protocol that names them after their type.
func namedEvents(events ...string) string {
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", gjson.Get(e, "type").Str, e)
	}
	return b.String()
}

// plainEvents writes events without names.
func plainEvents(events ...string) string {
	return "data: " + strings.Join(events, "\n\ndata: ") + "\n\n"
}
