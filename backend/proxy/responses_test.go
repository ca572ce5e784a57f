package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/access"
)

// getWith asks for something that is kept, with a key.
func (d *door) call(method, path, token string) (*http.Response, string) {
	d.t.Helper()
	req, err := http.NewRequest(method, d.url+path, nil)
	check(d.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	return d.do(req)
}

// create asks for an answer and gives it; it must be there.
func (d *door) create(body string) gjson.Result {
	d.t.Helper()
	resp, text := d.post("/v1/responses", body)
	if resp.StatusCode != 200 {
		d.t.Fatalf("%s: %d %s", body, resp.StatusCode, text)
	}
	return gjson.Parse(text)
}

func outputText(r gjson.Result) string {
	var b strings.Builder
	for _, item := range r.Get("output").Array() {
		for _, c := range item.Get("content").Array() {
			b.WriteString(c.Get("text").String())
		}
	}
	return b.String()
}

// completed gives the response of a stream's last event, with the id that the first event gave.
func completed(t *testing.T, stream string) (response gjson.Result, created string) {
	t.Helper()
	for _, line := range strings.Split(stream, "\n") {
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		e := gjson.Parse(data)
		switch e.Get("type").String() {
		case "response.created":
			created = e.Get("response.id").String()
		case "response.completed":
			response = e.Get("response")
		}
	}
	if !response.Exists() {
		t.Fatalf("no end: %s", stream)
	}
	return response, created
}

const weatherTool = `"tools":[{"type":"function","name":"get_weather","parameters":` + parameters + `}]`

// TestPreviousResponseID (BerriAI/litellm#26167): the id is the same in the first event, the last and the store, and the
// chain holds everything, through a switch of the model and of the provider's dialect.
func TestPreviousResponseID(t *testing.T) {
	d := openDoor(t, simulators(t))
	resp, text := d.post("/v1/responses", `{"model":"anthropic/tools","stream":true,"instructions":"be brief","input":"weather, please",`+weatherTool+`}`)
	first, created := completed(t, text)
	if resp.StatusCode != 200 || created == "" || created != first.Get("id").String() {
		t.Fatalf("%d: created %q, completed %q", resp.StatusCode, created, first.Get("id"))
	}
	call := first.Get("output.#(type==function_call)")
	second := d.create(fmt.Sprintf(`{"model":"groq/tools","previous_response_id":%q,"input":[{"type":"function_call_output","call_id":%q,"output":"21 degrees"}],%s}`,
		created, call.Get("call_id").String(), weatherTool))
	if got := outputText(second); !strings.Contains(got, "get_weather") || !strings.Contains(got, "21 degrees") {
		t.Errorf("the second turn says %q", got)
	}
	if second.Get("previous_response_id").String() != created {
		t.Errorf("the second turn goes on from %s", second.Get("previous_response_id"))
	}
	third := d.create(fmt.Sprintf(`{"model":"sim/think","previous_response_id":%q,"input":"rate=0 and why?"}`, second.Get("id").String()))
	fourth := d.create(fmt.Sprintf(`{"model":"anthropic/echo","previous_response_id":%q,"input":"canary"}`, third.Get("id").String()))
	if got := outputText(fourth); !strings.Contains(got, "canary") {
		t.Errorf("the fourth turn says %q", got)
	}
	if a, b := third.Get("usage.input_tokens").Int(), fourth.Get("usage.input_tokens").Int(); b <= a {
		t.Errorf("the fourth turn's input has %d tokens, the third's %d", b, a)
	}
	_, items := d.call("GET", "/v1/responses/"+fourth.Get("id").String()+"/input_items?order=asc&limit=100", d.token)
	var kinds []string
	for _, item := range gjson.Get(items, "data").Array() {
		kinds = append(kinds, item.Get("type").String())
	}
	want := "message function_call function_call_output message message reasoning message message"
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("the chain holds %s, want %s", got, want)
	}
	if strings.Contains(items, "be brief") {
		t.Error("instructions of an earlier turn are part of the chain")
	}
}

// TestKeptAnswers: what is kept can be had, listed and deleted, by the key that made it alone.
func TestKeptAnswers(t *testing.T) {
	d := openDoor(t, simulators(t))
	_, stranger, err := d.keys.Create(access.NewKey{Name: "stranger"})
	check(t, err)
	made := d.create(`{"model":"anthropic/echo","input":[{"role":"user","content":"one"},{"role":"user","content":[{"type":"input_text","text":"two"}]}],"metadata":{"a":"b"}}`)
	id := made.Get("id").String()
	path := "/v1/responses/" + id
	for _, c := range []struct {
		name, method, path, token string
		status                    int
		has                       string
	}{
		{"the answer", "GET", path, d.token, 200, made.Get("output.0.content.0.text").String()[:20]},
		{"its items, newest first", "GET", path + "/input_items?limit=1", d.token, 200, `"two"`},
		{"the other page", "GET", path + "/input_items?limit=1&after=" + "msg_" + id[5:] + "_i1", d.token, 200, `"one"`},
		{"a wrong page", "GET", path + "/input_items?after=x", d.token, 400, `"param":"after"`},
		{"a wrong limit", "GET", path + "/input_items?limit=0", d.token, 400, "limit"},
		{"a wrong order", "GET", path + "/input_items?order=up", d.token, 400, "order"},
		{"no stream", "GET", path + "?stream=true", d.token, 400, "background"},
		{"not in the background", "POST", path + "/cancel", d.token, 400, "background"},
		{"another key", "GET", path, stranger, 404, "not found"},
		{"another key's items", "GET", path + "/input_items", stranger, 404, "not found"},
		{"another key deletes", "DELETE", path, stranger, 404, "not found"},
		{"another key cancels", "POST", path + "/cancel", stranger, 404, "not found"},
		{"unknown", "GET", "/v1/responses/resp_x", d.token, 404, "resp_x"},
		{"no key", "GET", path, "gh_nonsense", 401, "API key"},
		{"deleted", "DELETE", path, d.token, 200, `"deleted":true`},
		{"gone", "GET", path, d.token, 404, "not found"},
		{"gone twice", "DELETE", path, d.token, 404, "not found"},
	} {
		resp, text := d.call(c.method, c.path, c.token)
		if resp.StatusCode != c.status || !strings.Contains(text, c.has) {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, text)
		}
	}
}

// TestPreviousResponseNotFound: whatever can't be gone on from is refused in OpenAI's words, before anything is sent.
func TestPreviousResponseNotFound(t *testing.T) {
	d := openDoor(t, simulators(t))
	_, stranger, err := d.keys.Create(access.NewKey{Name: "stranger"})
	check(t, err)
	theirs := d.create(`{"model":"sim/echo","input":"mine"}`).Get("id").String()
	unkept := d.create(`{"model":"sim/echo","input":"mine","store":false}`).Get("id").String()
	middle := d.create(fmt.Sprintf(`{"model":"sim/echo","input":"x","previous_response_id":%q}`, theirs)).Get("id").String()
	last := d.create(fmt.Sprintf(`{"model":"sim/echo","input":"x","previous_response_id":%q}`, middle)).Get("id").String()
	d.call("DELETE", "/v1/responses/"+middle, d.token)
	for name, c := range map[string]struct{ id, token string }{
		"unknown": {"resp_x", d.token}, "not stored": {unkept, d.token}, "another key's": {theirs, stranger},
		"after one that was deleted": {last, d.token},
	} {
		resp, text := d.post("/v1/responses", fmt.Sprintf(`{"model":"sim/echo","input":"x","previous_response_id":%q}`, c.id), header("Authorization", "Bearer "+c.token))
		e := gjson.Get(text, "error")
		if resp.StatusCode != 400 || e.Get("code").String() != "previous_response_not_found" || e.Get("param").String() != "previous_response_id" ||
			!strings.Contains(e.Get("message").String(), c.id) || strings.Contains(text, "mine") {
			t.Errorf("%s: %d %s", name, resp.StatusCode, text)
		}
	}
	resp, text := d.post("/v1/responses", fmt.Sprintf(`{"model":"sim/echo","input":"x","previous_response_id":%q,"conversation":"conv_1"}`, theirs))
	if resp.StatusCode != 400 || !strings.Contains(text, "conversation") {
		t.Errorf("both: %d %s", resp.StatusCode, text)
	}
}

// TestItemReference: a reference to an item of a kept answer stands for it; another key's does not.
func TestItemReference(t *testing.T) {
	d := openDoor(t, simulators(t))
	first := d.create(`{"model":"sim/tools","input":"weather",` + weatherTool + `}`)
	call := first.Get("output.#(type==function_call)")
	body := fmt.Sprintf(`{"model":"sim/tools","input":[{"role":"user","content":"weather"},{"type":"item_reference","id":%q},{"type":"function_call_output","call_id":%q,"output":"mild"}],%s}`,
		call.Get("id").String(), call.Get("call_id").String(), weatherTool)
	if got := outputText(d.create(body)); !strings.Contains(got, "get_weather answered: mild") {
		t.Errorf("says %q", got)
	}
	_, stranger, err := d.keys.Create(access.NewKey{Name: "stranger"})
	check(t, err)
	if resp, text := d.post("/v1/responses", body, header("Authorization", "Bearer "+stranger)); resp.StatusCode != 400 || !strings.Contains(text, "item_not_found") {
		t.Errorf("another key: %d %s", resp.StatusCode, text)
	}
}

// TestIssuedElsewhere: an answer that its provider keeps is asked for there; one that is kept here goes there written out.
func TestIssuedElsewhere(t *testing.T) {
	server, got := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method != http.MethodPost {
			_, _ = io.WriteString(w, `{"id":"resp_theirs","object":"response","method":"`+r.Method+`","path":"`+r.URL.RequestURI()+`"}`)
			return
		}
		_, _ = io.WriteString(w, `{"id":"resp_theirs","object":"response","status":"completed","model":"gpt","output":[{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"theirs","annotations":[]}]}],"usage":{"input_tokens":5,"output_tokens":3}}`)
	})
	o := redirected("openai", server.URL+"/v1", providerSecret)
	d := openDoor(t, o)
	_, stranger, err := d.keys.Create(access.NewKey{Name: "stranger"})
	check(t, err)
	d.create(`{"model":"openai/gpt","input":"x"}`)
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/v1/responses/resp_theirs?include=x", "/v1/responses/resp_theirs?include=x"},
		{"GET", "/v1/responses/resp_theirs/input_items?limit=3", "/v1/responses/resp_theirs/input_items?limit=3"},
		{"DELETE", "/v1/responses/resp_theirs", "/v1/responses/resp_theirs"},
	} {
		if resp, text := d.call(c.method, c.path, stranger); resp.StatusCode != 404 {
			t.Errorf("another key, %s %s: %d %s", c.method, c.path, resp.StatusCode, text)
		}
		resp, text := d.call(c.method, c.path, d.token)
		if resp.StatusCode != 200 || gjson.Get(text, "path").String() != c.want || gjson.Get(text, "method").String() != c.method {
			t.Errorf("%s %s: %d %s", c.method, c.path, resp.StatusCode, text)
		}
		if _, h, _ := got.got(); h.Get("Authorization") != "Bearer "+providerSecret {
			t.Errorf("%s %s: sent %v", c.method, c.path, h)
		}
	}
	if resp, _ := d.call("GET", "/v1/responses/resp_theirs", d.token); resp.StatusCode != 404 {
		t.Errorf("after the deletion: %d", resp.StatusCode)
	}

	ours := d.create(`{"model":"sim/think","input":"rate=0 canary"}`).Get("id").String()
	next := d.create(fmt.Sprintf(`{"model":"openai/gpt","previous_response_id":%q,"input":"go on"}`, ours))
	sent, _, _ := got.got()
	if strings.Contains(sent, ours) || !strings.Contains(sent, "canary") || !strings.Contains(sent, "go on") || strings.Contains(sent, "ghr1.") ||
		gjson.Get(sent, "store").Bool() {
		t.Errorf("sent %s", sent)
	}
	if next.Get("id").String() == "resp_theirs" || next.Get("previous_response_id").String() != ours {
		t.Errorf("the answer is %s", next)
	}
	last := d.create(fmt.Sprintf(`{"model":"sim/echo","previous_response_id":%q,"input":"end"}`, next.Get("id").String()))
	if _, items := d.call("GET", "/v1/responses/"+last.Get("id").String()+"/input_items?order=asc", d.token); !strings.Contains(items, "theirs") {
		t.Errorf("the chain lost the middle: %s", items)
	}
}
