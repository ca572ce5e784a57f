package proxy

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/access"
	"gatehouse/backend/answers"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/provider"
	"gatehouse/backend/store"
)

// heldBack is a provider of another dialect whose answer waits until release is closed.
func heldBack(t *testing.T) (o doorOptions, asked chan struct{}, release chan struct{}) {
	asked, release = make(chan struct{}, mostJobs+1), make(chan struct{})
	server, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = fmt.Fprint(w, `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"begun "}}]}`+"\n\n")
		w.(http.Flusher).Flush()
		asked <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
			return
		}
		_, _ = fmt.Fprint(w, `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"and done"},"finish_reason":"stop"}]}`+"\n\ndata: [DONE]\n\n")
	})
	o = doorOptions{providers: map[string]provider.Override{"groq": {BaseURL: server.URL}}, secrets: secrets{"groq": providerSecret}}
	return o, asked, release
}

// until polls as clients do.
func (d *door) until(id, status string) jsonread.Value {
	d.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		resp, text := d.call("GET", "/v1/responses/"+id, d.token)
		r := jsonread.Of(text)
		if resp.StatusCode == 200 && r.Get("status").String() == status {
			return r
		}
		if resp.StatusCode != 200 || time.Now().After(deadline) {
			d.t.Fatalf("not %s: %d %s", status, resp.StatusCode, text)
		}
	}
}

// TestBackground: the answer is there at once as queued, goes on without its client, and is whole in the end.
func TestBackground(t *testing.T) {
	o, asked, release := heldBack(t)
	d := openDoor(t, o)
	_, stranger, err := d.keys.Create(access.NewKey{Name: "stranger"})
	check(t, err)
	queued := d.create(`{"model":"groq/m","background":true,"input":"x"}`)
	id := queued.Get("id").String()
	if queued.Get("status").String() != "queued" || !queued.Get("background").Bool() || !strings.HasPrefix(id, "resp_") {
		t.Errorf("at once: %s", queued)
	}
	<-asked
	d.until(id, "in_progress")
	if resp, _ := d.call("GET", "/v1/responses/"+id, stranger); resp.StatusCode != 404 {
		t.Errorf("another key: %d", resp.StatusCode)
	}
	resp, text := d.post("/v1/responses", fmt.Sprintf(`{"model":"sim/echo","previous_response_id":%q,"input":"x"}`, id))
	if resp.StatusCode != 400 || !strings.Contains(text, "still being written") {
		t.Errorf("going on from it: %d %s", resp.StatusCode, text)
	}
	close(release)
	if done := d.until(id, "completed"); textOf(done) != "begun and done" {
		t.Errorf("in the end: %s", done.Raw())
	}
	if next := d.create(fmt.Sprintf(`{"model":"sim/echo","previous_response_id":%q,"input":"canary"}`, id)); !strings.Contains(outputText(next), "canary") {
		t.Errorf("going on: %s", next)
	}
	if resp, text := d.call("POST", "/v1/responses/"+id+"/cancel", d.token); resp.StatusCode != 200 || jsonread.Of(text).Get("status").String() != "completed" {
		t.Errorf("cancelled too late: %d %s", resp.StatusCode, text)
	}
	for _, c := range []struct {
		body   string
		status int
		has    string
	}{
		{`{"model":"groq/m","background":true,"store":false,"input":"x"}`, 400, "store"},
		{`{"model":"nonsense/m","background":true,"input":"x"}`, 404, "nonsense"},
		{`{"model":"groq/m","background":true,"input":7}`, 400, "input"},
		{`{"model":"groq/m","background":true,"previous_response_id":"resp_x","input":"x"}`, 400, "previous_response_not_found"},
	} {
		if resp, text := d.post("/v1/responses", c.body); resp.StatusCode != c.status || !strings.Contains(text, c.has) {
			t.Errorf("%s: %d %s", c.body, resp.StatusCode, text)
		}
	}
	d.until(d.create(`{"model":"groq/m","background":true,"input":"x"}`).Get("id").String(), "completed")
	failed := d.until(d.create(`{"model":"sim/down","background":true,"input":"x"}`).Get("id").String(), "failed")
	if failed.Get("error.message").String() == "" {
		t.Errorf("failed: %s", failed.Raw())
	}
}

// TestBackgroundStream: its events can be had again from any number on, while it runs and when it is over, the same bytes.
func TestBackgroundStream(t *testing.T) {
	o, asked, release := heldBack(t)
	d := openDoor(t, o)
	ctx, leave := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, "POST", d.url+"/v1/responses", strings.NewReader(`{"model":"groq/m","background":true,"stream":true,"input":"x"}`))
	check(t, err)
	req.Header.Set("Authorization", "Bearer "+d.token)
	resp, err := d.client.Do(req)
	check(t, err)
	first := make([]byte, 512)
	n, err := resp.Body.Read(first)
	check(t, err)
	_, line, _ := strings.Cut(string(first[:n]), `"id":"`)
	id, _, _ := strings.Cut(line, `"`)
	<-asked
	leave() // the answer goes on
	_ = resp.Body.Close()
	whole := make(chan string)
	go func() {
		_, text := d.call("GET", "/v1/responses/"+id+"?stream=true", d.token)
		whole <- text
	}()
	close(release)
	live := <-whole
	response, created := completed(t, live)
	if created != id || response.Get("id").String() != id || outputText(response) != "begun and done" {
		t.Errorf("streamed: %s", live)
	}
	d.until(id, "completed")
	if _, text := d.call("GET", "/v1/responses/"+id+"?stream=true", d.token); text != live {
		t.Errorf("replayed: %s", text)
	}
	_, rest := d.call("GET", "/v1/responses/"+id+"?stream=true&starting_after=3", d.token)
	if !strings.HasSuffix(live, rest) || !strings.Contains(rest, `"sequence_number":4,`) || strings.Contains(rest, `"sequence_number":3,`) {
		t.Errorf("from 3 on: %s", rest)
	}
	if resp, _ := d.call("GET", "/v1/responses/"+id+"?stream=true&starting_after=x", d.token); resp.StatusCode != 400 {
		t.Errorf("a wrong number: %d", resp.StatusCode)
	}
}

// TestBackgroundEnds: cancelling, deleting, a revoked key, too many, a shutdown and a kill each end it for good.
func TestBackgroundEnds(t *testing.T) {
	o, asked, _ := heldBack(t)
	o.dir = t.TempDir()
	d := openDoor(t, o)
	start := func() string {
		t.Helper()
		id := d.create(`{"model":"groq/m","background":true,"input":"x"}`).Get("id").String()
		<-asked
		return id
	}
	id := start()
	if resp, text := d.call("POST", "/v1/responses/"+id+"/cancel", d.token); resp.StatusCode != 200 || jsonread.Of(text).Get("status").String() != "cancelled" {
		t.Errorf("cancelled: %d %s", resp.StatusCode, text)
	}
	d.until(id, "cancelled")
	id = start()
	if resp, text := d.call("DELETE", "/v1/responses/"+id, d.token); resp.StatusCode != 200 {
		t.Errorf("deleted: %d %s", resp.StatusCode, text)
	}
	if resp, _ := d.call("GET", "/v1/responses/"+id, d.token); resp.StatusCode != 404 {
		t.Errorf("after the deletion: %d", resp.StatusCode)
	}
	for range mostJobs {
		id = start()
	}
	if resp, text := d.post("/v1/responses", `{"model":"groq/m","background":true,"input":"x"}`); resp.StatusCode != 429 || !strings.Contains(text, "too_many_background_responses") {
		t.Errorf("too many: %d %s", resp.StatusCode, text)
	}
	d.KeysChanged(func(string) bool { return false })
	d.until(id, "cancelled")
	id = start()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	check(t, d.Shutdown(ctx))
	if answer, ok, err := d.Answers.Get(d.keyID(), id); err != nil || !ok || answer.Running || jsonread.Of(answer.Response).Get("error.code").String() != "server_shutdown" {
		t.Errorf("after a shutdown: %s, %v, %v", answer.Response, ok, err)
	}
}

func (d *door) keyID() string {
	d.t.Helper()
	key, err := d.keys.Authenticate(d.token)
	check(d.t, err)
	return key.ID
}

// TestInterruptedAnswer: what was being written when the program was killed has failed when it starts again.
func TestInterruptedAnswer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	for round := range 2 {
		db, err := store.Open(path, store.Options{})
		check(t, err)
		kept, err := answers.Open(db, answers.Options{}, InterruptedAnswer)
		check(t, err)
		if round == 0 {
			check(t, kept.Put(answers.Answer{
				ID: "resp_1", Key: "k", CreatedAt: time.Now(), Running: true, Response: []byte(`{"id":"resp_1","status":"queued","error":null,"output":[]}`),
			}))
		} else if got, ok, err := kept.Get("k", "resp_1"); err != nil || !ok || got.Running ||
			jsonread.Of(got.Response).Get("status").String() != "failed" || jsonread.Of(got.Response).Get("error.code").String() != "server_shutdown" {
			t.Errorf("%s %v %v %v", got.Response, got.Running, ok, err)
		}
		check(t, kept.Close(context.Background()))
		check(t, db.Close())
	}
}

// TestChainOverARestart: a chain goes on after the program was started anew, with its model changed.
func TestChainOverARestart(t *testing.T) {
	o := simulators(t)
	o.dir = t.TempDir()
	var id, token string
	t.Run("before", func(t *testing.T) {
		d := openDoor(t, o)
		token = d.token
		id = d.create(`{"model":"anthropic/tools","input":"weather",` + weatherTool + `}`).Get("id").String()
	})
	o.again = true
	d := openDoor(t, o)
	d.token = token
	call := jsonread.Of(func() string { _, text := d.call("GET", "/v1/responses/"+id, token); return text }()).Get("output").At(0).Get("call_id").String()
	next := d.create(fmt.Sprintf(`{"model":"groq/tools","previous_response_id":%q,"input":[{"type":"function_call_output","call_id":%q,"output":"mild"}],%s}`, id, call, weatherTool))
	if got := outputText(next); !strings.Contains(got, "get_weather answered: mild") {
		t.Errorf("says %q", got)
	}
}

// TestConversations: a conversation is made, goes on with every answer, is listed and taken apart, by its key alone.
func TestConversations(t *testing.T) {
	d := openDoor(t, simulators(t))
	_, stranger, err := d.keys.Create(access.NewKey{Name: "stranger"})
	check(t, err)
	resp, text := d.post("/v1/conversations", `{"metadata":{"a":"b"},"items":[{"role":"user","content":"first"}]}`)
	c := jsonread.Of(text)
	id := c.Get("id").String()
	if resp.StatusCode != 200 || c.Get("object").String() != "conversation" || c.Get("metadata.a").String() != "b" {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	one := d.create(fmt.Sprintf(`{"model":"anthropic/echo","conversation":%q,"input":"second"}`, id))
	if one.Get("conversation.id").String() != id {
		t.Errorf("the answer says %s", one.Get("conversation"))
	}
	two := d.create(fmt.Sprintf(`{"model":"groq/echo","conversation":{"id":%q},"store":false,"input":"third"}`, id))
	if two.Get("usage.input_tokens").Int() <= one.Get("usage.input_tokens").Int() {
		t.Errorf("the second answer's input is %s", two.Get("usage"))
	}
	path := "/v1/conversations/" + id
	_, items := d.call("GET", path+"/items?order=asc", d.token)
	var roles []string
	for _, item := range jsonread.Of(items).Get("data").Array() {
		roles = append(roles, item.Get("role").String())
	}
	if got := strings.Join(roles, " "); got != "user user assistant user assistant" {
		t.Errorf("the conversation holds %s", items)
	}
	chained := d.create(fmt.Sprintf(`{"model":"sim/echo","previous_response_id":%q,"input":"apart"}`, one.Get("id").String()))
	if _, input := d.call("GET", "/v1/responses/"+chained.Get("id").String()+"/input_items", d.token); !strings.Contains(input, "first") || strings.Contains(input, "third") {
		t.Errorf("going on from an answer of the conversation: %s", input)
	}
	item := jsonread.Of(items).Get("data").At(0).Get("id").String()
	for _, c := range []struct {
		name, method, path, token string
		status                    int
		has                       string
	}{
		{"it", "GET", path, d.token, 200, id},
		{"an item", "GET", path + "/items/" + item, d.token, 200, "first"},
		{"a page", "GET", path + "/items?limit=1", d.token, 200, `"has_more":true`},
		{"another key", "GET", path, stranger, 404, "not found"},
		{"another key's items", "GET", path + "/items", stranger, 404, "not found"},
		{"another key deletes an item", "DELETE", path + "/items/" + item, stranger, 404, "not found"},
		{"another key deletes", "DELETE", path, stranger, 404, "not found"},
		{"an item less", "DELETE", path + "/items/" + item, d.token, 200, id},
		{"it is gone", "GET", path + "/items/" + item, d.token, 404, item},
		{"deleted", "DELETE", path, d.token, 200, "conversation.deleted"},
		{"gone", "GET", path, d.token, 404, "not found"},
		{"gone twice", "DELETE", path, d.token, 404, "not found"},
	} {
		if resp, text := d.call(c.method, c.path, c.token); resp.StatusCode != c.status || !strings.Contains(text, c.has) {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, text)
		}
	}
	if resp, text := d.post("/v1/responses", fmt.Sprintf(`{"model":"sim/echo","conversation":%q,"input":"x"}`, id)); resp.StatusCode != 404 || !strings.Contains(text, id) {
		t.Errorf("in a conversation that is gone: %d %s", resp.StatusCode, text)
	}
	for body, has := range map[string]string{
		`[]`: "object", `{"items":["x"]}`: "items", `{"metadata":7}`: "metadata",
		`{"items":[` + strings.Repeat(`{"role":"user","content":"x"},`, mostItems) + `{"role":"user","content":"x"}]}`: "too many",
	} {
		if resp, text := d.post("/v1/conversations", body); resp.StatusCode != 400 || !strings.Contains(text, has) {
			t.Errorf("%.60s: %d %s", body, resp.StatusCode, text)
		}
	}
}

// TestCompact: the model itself writes the summary, which any model then reads; a provider that compacts does it itself.
func TestCompact(t *testing.T) {
	d := openDoor(t, simulators(t))
	before := `[{"role":"user","content":"remember the canary"},{"type":"function_call","call_id":"c1","name":"find","arguments":"{\"a\":1}"},{"type":"function_call_output","call_id":"c1","output":"found it"},{"role":"assistant","content":"noted"}]`
	resp, text := d.post("/v1/responses/compact", `{"model":"anthropic/echo","instructions":"be brief","input":`+before+`}`)
	c := jsonread.Of(text)
	output := c.Get("output")
	if resp.StatusCode != 200 || c.Get("object").String() != "response.compaction" || len(output.Array()) != 2 ||
		output.At(0).Get("role").String() != "user" || output.At(1).Get("type").String() != "compaction" || c.Get("usage.input_tokens").Int() == 0 {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	if secret := output.At(1).Get("encrypted_content").String(); secret == "" || strings.Contains(secret, "summary") {
		t.Errorf("the item is %s", output.At(1).Raw())
	}
	next := d.create(`{"model":"groq/echo","input":[` + output.At(0).Raw() + `,` + output.At(1).Raw() + `]}`)
	if got := outputText(next); !strings.Contains(got, "replaced by this summary") || !strings.Contains(got, "Write only the summary.") {
		t.Errorf("the echo of the summary: %s", got) // sim/echo repeats what it was asked, and so do we
	}
	cut := strings.Replace(output.At(1).Raw(), "ghr1.", "ghr1.x", 1)
	resp, text = d.post("/v1/responses", `{"model":"groq/echo","input":[{"role":"user","content":"x"},`+cut+`]}`)
	if resp.StatusCode != 200 || strings.Contains(text, "replaced by this") || !strings.Contains(resp.Header.Get("X-Gatehouse-Notices"), "compaction") {
		t.Errorf("an altered summary: %d %s, notices %s", resp.StatusCode, text, resp.Header.Get("X-Gatehouse-Notices"))
	}
	first := d.create(`{"model":"sim/echo","input":"canary"}`).Get("id").String()
	resp, text = d.post("/v1/responses/compact", fmt.Sprintf(`{"model":"sim/echo","previous_response_id":%q}`, first))
	if resp.StatusCode != 200 || !strings.Contains(jsonread.Of(text).Get("output").At(0).Raw(), "canary") {
		t.Errorf("a chain: %d %s", resp.StatusCode, text)
	}
	trigger := d.create(`{"model":"anthropic/echo","input":[{"role":"user","content":"canary"},{"type":"compaction_trigger"}]}`)
	if out := trigger.Get("output").Array(); len(out) != 1 || out[0].Get("type").String() != "compaction" {
		t.Errorf("a trigger: %s", trigger)
	}
	if resp, text := d.post("/v1/responses/compact", `{"model":"sim/down","input":"x"}`); resp.StatusCode != 503 {
		t.Errorf("a model that is down: %d %s", resp.StatusCode, text)
	}
}

// TestCompactAtTheProvider: it goes there as it is; where the provider has no such method, the model is asked.
func TestCompactAtTheProvider(t *testing.T) {
	has := true
	server, got := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/compact") && has:
			_, _ = fmt.Fprint(w, `{"id":"resp_1","object":"response.compaction","output":[{"type":"compaction","encrypted_content":"theirs"}],"usage":{"input_tokens":5,"output_tokens":3}}`)
		case strings.HasSuffix(r.URL.Path, "/compact"):
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"error":{"message":"no such thing"}}`)
		default:
			jsonAnswer(w, r)
		}
	})
	d := openDoor(t, redirected("openai", server.URL+"/v1", providerSecret))
	body := `{"model":"openai/gpt","input":[{"role":"user","content":"x"}],"future":1.0}`
	resp, text := d.post("/v1/responses/compact", body)
	sent, _, url := got.got()
	if resp.StatusCode != 200 || !strings.Contains(text, "theirs") || url != "/v1/responses/compact" || sent != strings.Replace(body, "openai/", "", 1) {
		t.Errorf("%d %s, sent %s to %s", resp.StatusCode, text, sent, url)
	}
	if r := d.lastRecord(); r.InputTokens == nil || *r.InputTokens != 5 {
		t.Errorf("record %+v", r)
	}
	has = false
	resp, text = d.post("/v1/responses/compact", body)
	sent, _, url = got.got()
	if resp.StatusCode != 200 || !strings.Contains(text, "response.compaction") || url != "/v1/responses" || !strings.Contains(sent, "summary") {
		t.Errorf("%d %s, sent %s to %s", resp.StatusCode, text, sent, url)
	}
	if r := d.lastRecord(); len(r.Attempts) != 2 || r.Attempts[0].Status != 404 {
		t.Errorf("record %+v", r)
	}
}
