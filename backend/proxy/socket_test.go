package proxy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"gatehouse/backend/protocol/jsonread"
)

// line is a WebSocket to a door.
type line struct {
	t    *testing.T
	conn *websocket.Conn
	ctx  context.Context
}

func (d *door) dial(t *testing.T, header http.Header, protocols ...string) (*line, *http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	conn, resp, err := websocket.Dial(ctx, strings.Replace(d.url, "http", "ws", 1)+"/v1/responses", &websocket.DialOptions{
		HTTPClient: d.client, HTTPHeader: header, Subprotocols: protocols,
	})
	if err != nil {
		return nil, resp, err
	}
	conn.SetReadLimit(16 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &line{t, conn, ctx}, resp, nil
}

func (d *door) line(t *testing.T) *line {
	t.Helper()
	l, _, err := d.dial(t, http.Header{"Authorization": {"Bearer " + d.token}})
	check(t, err)
	return l
}

func (l *line) send(text string) {
	l.t.Helper()
	check(l.t, l.conn.Write(l.ctx, websocket.MessageText, []byte(text)))
}

func (l *line) next() jsonread.Value {
	l.t.Helper()
	_, data, err := l.conn.Read(l.ctx)
	check(l.t, err)
	return jsonread.Of(data)
}

// ask sends a turn and gives its events' types and the last event.
func (l *line) ask(text string) (kinds []string, last jsonread.Value) {
	l.t.Helper()
	l.send(text)
	for n := int64(0); ; n++ {
		e := l.next()
		kind := e.Get("type").String()
		kinds = append(kinds, kind)
		if kind != "error" && e.Get("sequence_number").Int() != n {
			l.t.Errorf("event %d has the number %s", n, e.Get("sequence_number"))
		}
		switch kind {
		case "response.completed", "response.incomplete", "response.failed", "error":
			return kinds, e
		}
	}
}

// done asks and gives the response, which must be whole.
func (l *line) done(text string) jsonread.Value {
	l.t.Helper()
	_, last := l.ask(text)
	if last.Get("type").String() != "response.completed" {
		l.t.Fatalf("%s: %s", text, last.Raw())
	}
	return last.Get("response")
}

func textOf(response jsonread.Value) string {
	var b strings.Builder
	for _, item := range response.Get("output").Array() {
		for _, c := range item.Get("content").Array() {
			b.WriteString(c.Get("text").String())
		}
	}
	return b.String()
}

func (l *line) fails(text string, status int64, code string) jsonread.Value {
	l.t.Helper()
	_, last := l.ask(text)
	if last.Get("type").String() != "error" || last.Get("status").Int() != status || last.Get("error.code").String() != code ||
		last.Get("error.message").String() == "" || last.Get("error.type").String() == "" {
		l.t.Errorf("%.200s: got %s, want %d %s", text, last.Raw(), status, code)
	}
	return last
}

// closed gives the code with which the other side closed.
func (l *line) closed() websocket.StatusCode {
	l.t.Helper()
	for {
		if _, _, err := l.conn.Read(l.ctx); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

func create(rest string) string { return `{"type":"response.create",` + rest + `}` }

// TestSocketTurns (openai/codex#19821): turns go on from one another in the connection's memory, though nothing is stored
// and the model changes; elsewhere their ids are not known.
func TestSocketTurns(t *testing.T) {
	d := openDoor(t, simulators(t))
	l := d.line(t)
	kinds, first := l.ask(create(`"model":"anthropic/tools","store":false,"input":"weather",` + weatherTool))
	order := "response.created response.in_progress response.output_item.added response.function_call_arguments.delta"
	if got := strings.Join(kinds, " "); !strings.HasPrefix(got, order) || !strings.HasSuffix(got, "response.output_item.done response.completed") {
		t.Errorf("events %s", got)
	}
	id, call := first.Get("response.id").String(), first.Get("response.output").At(0).Get("call_id").String()
	second := l.done(create(fmt.Sprintf(`"model":"groq/tools","store":false,"previous_response_id":%q,"input":[{"type":"function_call_output","call_id":%q,"output":"mild"}],%s`, id, call, weatherTool)))
	if got := textOf(second); !strings.Contains(got, "get_weather answered: mild") {
		t.Errorf("the second turn says %q", got)
	}
	third := l.done(create(fmt.Sprintf(`"model":"sim/echo","store":false,"previous_response_id":%q,"input":"canary"`, second.Get("id").String())))
	if got := textOf(third); !strings.Contains(got, "canary") || third.Get("usage.input_tokens").Int() <= second.Get("usage.input_tokens").Int() {
		t.Errorf("the third turn: %s", third.Raw())
	}
	next := create(fmt.Sprintf(`"model":"sim/echo","store":false,"previous_response_id":%q,"input":"x"`, third.Get("id").String()))
	if e := d.line(t).fails(next, 400, "previous_response_not_found"); e.Get("error.param").String() != "previous_response_id" {
		t.Errorf("got %s", e.Raw())
	}
	if resp, _ := d.call("GET", "/v1/responses/"+third.Get("id").String(), d.token); resp.StatusCode != 404 {
		t.Errorf("what was not to be stored is there: %d", resp.StatusCode)
	}
	l.done(next)
	l.fails(next, 400, "previous_response_not_found") // only the last one is remembered
	kept := l.done(create(`"model":"sim/echo","input":"kept"`))
	d.line(t).done(create(fmt.Sprintf(`"model":"groq/echo","previous_response_id":%q,"input":"x"`, kept.Get("id").String())))
}

// TestSocketWarmUp: a turn that generates nothing gives an id to go on from, and asks nobody.
func TestSocketWarmUp(t *testing.T) {
	server, got := upstream(t, eventAnswer(""))
	d := openDoor(t, redirected("openai", server.URL+"/v1", providerSecret))
	l := d.line(t)
	kinds, warm := l.ask(create(`"model":"openai/gpt","store":false,"generate":false,"input":"canary","tools":[]`))
	if got := strings.Join(kinds, " "); got != "response.created response.in_progress response.completed" || warm.Get("response.output").Raw() != "[]" {
		t.Errorf("%s: %s", got, warm.Raw())
	}
	if sent, _, _ := got.got(); sent != "" {
		t.Errorf("sent %s", sent)
	}
	l.done(create(fmt.Sprintf(`"model":"openai/gpt","store":false,"previous_response_id":%q,"input":"go"`, warm.Get("response.id").String())))
	sent, _, _ := got.got()
	if v := jsonread.Of(sent); v.Get("previous_response_id").Exists() || len(v.Get("input").Array()) != 2 || !strings.Contains(sent, "canary") || v.Get("generate").Exists() || v.Get("type").Exists() {
		t.Errorf("sent %s", sent)
	}
	l.fails(create(`"model":"nonsense/x","generate":false,"input":"x"`), 404, "model_not_found")
}

// eventAnswer streams an answer of a provider that speaks the dialect, with reasoning; more is put into its item.
func eventAnswer(more string) http.HandlerFunc {
	n := 0
	return func(w http.ResponseWriter, _ *http.Request) {
		n++
		w.Header().Set("Content-Type", "text/event-stream")
		item := fmt.Sprintf(`{"id":"msg_%d","type":"message","role":"assistant","content":[{"type":"output_text","text":"answer %d","annotations":[]}]%s}`, n, n, more)
		for _, e := range []string{
			fmt.Sprintf(`{"type":"response.created","sequence_number":0,"response":{"id":"resp_theirs%d","status":"in_progress","output":[]}}`, n),
			fmt.Sprintf(`{"type":"response.output_item.done","sequence_number":1,"output_index":0,"item":{"id":"rs_%d","type":"reasoning","summary":[],"encrypted_content":"secret"}}`, n),
			fmt.Sprintf(`{"type":"response.output_item.done","sequence_number":2,"output_index":1,"item":%s}`, item),
			fmt.Sprintf(`{"type":"response.completed","sequence_number":3,"response":{"id":"resp_theirs%d","object":"response","status":"completed","output":[],"usage":{"input_tokens":1,"output_tokens":1}}}`, n),
		} {
			_, _ = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", jsonread.Of(e).Get("type").String(), e)
		}
	}
}

// TestSocketToItsOwnDialect (bytedance/deer-flow PR#1928): a provider that speaks the dialect gets what it kept by its id,
// and what it did not keep written out, though its last event had no output.
func TestSocketToItsOwnDialect(t *testing.T) {
	server, got := upstream(t, eventAnswer(`,"phase":"final_answer"`))
	d := openDoor(t, redirected("openai", server.URL+"/v1", providerSecret))
	l := d.line(t)
	first := l.done(create(`"model":"openai/gpt","input":"one","future":1.0`))
	if sent, _, _ := got.got(); sent != `{"model":"gpt","input":"one","future":1.0,"stream":true}` {
		t.Errorf("sent %s", sent)
	}
	second := l.done(create(fmt.Sprintf(`"model":"openai/gpt","store":false,"previous_response_id":%q,"input":"two"`, first.Get("id").String())))
	if sent, _, _ := got.got(); !strings.Contains(sent, `"previous_response_id":"resp_theirs1"`) || strings.Contains(sent, "answer 1") {
		t.Errorf("sent %s", sent)
	}
	third := l.done(create(fmt.Sprintf(`"model":"openai/gpt","store":false,"previous_response_id":%q,"input":"three"`, second.Get("id").String())))
	sent, _, _ := got.got()
	v := jsonread.Of(sent)
	if v.Get("previous_response_id").Exists() || len(v.Get("input").Array()) != 7 || strings.Contains(sent, "msg_") || strings.Contains(sent, "rs_") ||
		!strings.Contains(sent, `"phase":"final_answer"`) || !strings.Contains(sent, `"encrypted_content":"secret"`) || !strings.Contains(sent, `"store":false`) {
		t.Errorf("sent %s", sent)
	}
	if got := textOf(l.done(create(fmt.Sprintf(`"model":"sim/echo","store":false,"previous_response_id":%q,"input":"canary"`, third.Get("id").String())))); !strings.Contains(got, "canary") {
		t.Errorf("after the switch: %s", got)
	}
}

// TestSocketFailures: each has its frame, and the connection goes on.
func TestSocketFailures(t *testing.T) {
	d := openDoor(t, simulators(t))
	l := d.line(t)
	first := l.done(create(`"model":"sim/echo","store":false,"input":"one"`)).Get("id").String()
	for _, c := range []struct {
		text   string
		status int64
		code   string
	}{
		{`{"type":"response.create"`, 400, "invalid_json"},
		{`[]`, 400, "invalid_json"},
		{`{"type":"response.nonsense"}`, 400, "unknown_event_type"},
		{`{}`, 400, "unknown_event_type"},
		{create(`"input":"x"`), 400, "model_missing"},
		{create(`"model":"sim/echo","input":"x","background":true`), 400, "unsupported_parameter"},
		{create(`"model":"sim/echo","input":"x","stream_id":""`), 400, "invalid_stream_id"},
		{create(`"model":"sim/echo","input":"x","stream_id":"a b"`), 400, "invalid_stream_id"},
		{create(`"model":"sim/echo","model":"sim/think","input":"x"`), 400, "invalid_json"},
		{create(`"model":"nonsense/x","input":"x"`), 404, "model_not_found"},
		{create(`"model":"groq/none","input":"x"`), 404, "model_not_found"},
		{create(`"model":"sim/echo","input":7`), 400, "invalid_value"},
	} {
		l.fails(c.text, c.status, c.code)
	}
	l.send(`{"type":"response.steer","previous_response_id":"resp_x","input":"left"}`)
	if e := l.next(); e.Get("type").String() != "response.steer.failed" || e.Get("error.code").String() != "steering_not_supported" || e.Get("steer.input").String() != "left" {
		t.Errorf("steering: %s", e.Raw())
	}
	goOn := fmt.Sprintf(`"store":false,"previous_response_id":%q,"input":"x"`, first)
	_, last := l.ask(create(`"model":"anthropic/down",` + goOn))
	if s := last.Get("status").Int(); last.Get("type").String() != "error" || s != 503 {
		t.Errorf("a model that is down: %s", last.Raw())
	}
	l.fails(create(`"model":"sim/echo",`+goOn), 400, "previous_response_not_found") // the failed turn killed the chain
	_, last = l.ask(create(`"model":"groq/flaky","input":"hello fail=drop"`))
	if kind := last.Get("type").String(); kind != "response.failed" && kind != "error" {
		t.Errorf("a dropped answer: %s", last.Raw())
	}
	l.done(create(`"model":"sim/echo","input":"still here"`))
	check(t, l.conn.Write(l.ctx, websocket.MessageBinary, []byte("x")))
	if code := l.closed(); code != websocket.StatusUnsupportedData {
		t.Errorf("closed with %d", code)
	}
}

// TestSocketLanes: one lane's answer does not wait for another's, requests of one lane do, and each event names its lane.
func TestSocketLanes(t *testing.T) {
	release := make(chan struct{})
	inner := eventAnswer("")
	server, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
			return
		}
		inner(w, r)
	})
	d := openDoor(t, redirected("openai", server.URL+"/v1", providerSecret))
	l := d.line(t)
	l.send(create(`"stream_id":"slow","model":"openai/gpt","input":"x"`))
	l.send(create(`"stream_id":"slow","model":"sim/echo","input":"after"`))
	l.send(create(`"stream_id":"fast","model":"sim/echo","input":"canary"`))
	for {
		e := l.next()
		if lane := e.Get("stream_id").String(); lane != "fast" {
			t.Fatalf("an event of lane %q: %s", lane, e.Raw())
		}
		if e.Get("type").String() == "response.completed" {
			break
		}
	}
	close(release)
	var ends []string
	for len(ends) < 2 {
		e := l.next()
		if lane := e.Get("stream_id").String(); lane != "slow" {
			t.Fatalf("an event of lane %q: %s", lane, e.Raw())
		}
		if e.Get("type").String() == "response.completed" {
			ends = append(ends, e.Get("response.id").String())
		}
	}
	if ends[0] != "resp_theirs1" {
		t.Errorf("the answers ended in the order %v", ends)
	}
	for i := range mostLanes - 2 {
		l.send(create(fmt.Sprintf(`"stream_id":"lane%d","model":"sim/echo","generate":false,"input":"x"`, i)))
	}
	l.send(create(`"stream_id":"one-more","model":"sim/echo","input":"x"`))
	for {
		e := l.next()
		if e.Get("type").String() == "error" {
			if e.Get("error.code").String() != "websocket_stream_limit_reached" || e.Get("stream_id").String() != "one-more" {
				t.Errorf("got %s", e.Raw())
			}
			break
		}
	}
}

// TestSocketGuards: the upgrade passes the same guards as every request; keys may come in a subprotocol.
func TestSocketGuards(t *testing.T) {
	d := openDoor(t, simulators(t))
	for name, c := range map[string]struct {
		header http.Header
		status int
	}{
		"no key":      {nil, 401},
		"a wrong key": {http.Header{"Authorization": {"Bearer gh_nonsense"}}, 401},
		"a web page":  {http.Header{"Authorization": {"Bearer " + d.token}, "Origin": {"https://evil.example"}}, 403},
	} {
		_, resp, err := d.dial(t, c.header)
		if err == nil || resp == nil || resp.StatusCode != c.status {
			t.Errorf("%s: %v, %v", name, resp, err)
		}
	}
	for _, protocols := range [][]string{
		{"realtime", "openai-insecure-api-key." + d.token}, {"ai-gateway-auth." + d.token}, {"openai-insecure-api-key." + d.token},
	} {
		l, resp, err := d.dial(t, nil, protocols...)
		if err != nil {
			t.Errorf("%s: %v", protocols[0], err)
			continue
		}
		if got := resp.Header.Get("Sec-Websocket-Protocol"); got != protocols[0] {
			t.Errorf("%s: the server chose %q", protocols[0], got)
		}
		l.done(create(`"model":"sim/echo","input":"x"`))
	}
	req, err := http.NewRequest("GET", d.url+"/v1/responses", nil)
	check(t, err)
	if resp, text := d.do(req, header("Authorization", "Bearer "+d.token)); resp.StatusCode != 405 {
		t.Errorf("without an upgrade: %d %s", resp.StatusCode, text)
	}
	l := d.line(t)
	l.done(create(`"model":"sim/echo","input":"x"`))
	_, err = d.keys.Revoke("test")
	check(t, err)
	l.fails(create(`"model":"sim/echo","input":"x"`), 401, "key_revoked")
	if code := l.closed(); code != websocket.StatusPolicyViolation {
		t.Errorf("closed with %d", code)
	}
}

// TestSocketEnds: silence, age, size, pause and shutdown each have their close code; an answer under way is finished.
func TestSocketEnds(t *testing.T) {
	d := openDoor(t, doorOptions{limits: Limits{MaxBodyBytes: 4 << 10, SocketIdle: 50 * time.Millisecond}})
	if code := d.line(t).closed(); code != websocket.StatusGoingAway {
		t.Errorf("idle: closed with %d", code)
	}
	d.limits.SocketIdle, d.limits.SocketLife = 0, 50*time.Millisecond
	l := d.line(t)
	if e := l.next(); e.Get("error.code").String() != "websocket_connection_limit_reached" {
		t.Errorf("too old: %s", e.Raw())
	}
	if code := l.closed(); code != websocket.StatusGoingAway {
		t.Errorf("too old: closed with %d", code)
	}
	d.limits.SocketLife = 0
	l = d.line(t)
	l.send(create(`"model":"sim/echo","input":"` + strings.Repeat("x", 5<<10) + `"`))
	if code := l.closed(); code != websocket.StatusMessageTooBig {
		t.Errorf("too big: closed with %d", code)
	}
	l = d.line(t)
	l.send(create(`"model":"sim/slow","input":"rate=200 x"`))
	l.next()
	d.SetPaused(true)
	for kind := ""; kind != "response.completed"; {
		kind = l.next().Get("type").String()
	}
	if code := l.closed(); code != websocket.StatusGoingAway {
		t.Errorf("paused: closed with %d", code)
	}
	if _, resp, err := d.dial(t, http.Header{"Authorization": {"Bearer " + d.token}}); err == nil || resp.StatusCode != 503 {
		t.Errorf("while paused: %v, %v", resp, err)
	}
	d.SetPaused(false)
	l = d.line(t)
	l.done(create(`"model":"sim/echo","input":"x"`))
	ended := make(chan websocket.StatusCode)
	go func() { ended <- l.closed() }()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	check(t, d.Shutdown(ctx))
	if code := <-ended; code != websocket.StatusGoingAway {
		t.Errorf("shutdown: closed with %d", code)
	}
}

// TestSocketClientLeaves: the upstream is cancelled at once, and a shutdown cuts an answer off when its time is over.
func TestSocketClientLeaves(t *testing.T) {
	gone := make(chan struct{}, 2)
	asked := make(chan struct{}, 2)
	server, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\"}}\n\n")
		_, _ = io.WriteString(w, "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":1,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"x\"}\n\n")
		w.(http.Flusher).Flush()
		asked <- struct{}{}
		<-r.Context().Done()
		gone <- struct{}{}
	})
	o := redirected("openai", server.URL+"/v1", providerSecret)
	d := openDoor(t, o)
	for _, leave := range []func(*line){
		func(l *line) { check(t, l.conn.Close(websocket.StatusNormalClosure, "")) },
		func(*line) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			check(t, d.Shutdown(ctx))
		},
	} {
		l := d.line(t)
		l.send(create(`"model":"openai/gpt","input":"x"`))
		l.next()
		<-asked
		leave(l)
		<-gone
	}
}

// FuzzFrame: no message is anything but a request, a refusal or a steering, and a request asks for a stream, once.
func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		create(`"model":"sim/echo","input":"x"`), create(`"stream_id":"a","generate":false,"stream":false`),
		`{"type":"response.steer","input":"x"}`, `{"typ\u0065":"response.create","str\u0065am":false}`, `[]`, `{`, ``,
		`{"type":"response.create","stream_id":{},"background":true}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, failed := readFrame(data)
		if failed != nil {
			if failed.HTTPStatus() != 400 || !jsonread.Valid(errorFrame(failed)) {
				t.Fatalf("%s", errorFrame(failed))
			}
			return
		}
		if got.kind == "response.steer" {
			return
		}
		if got.kind != "response.create" {
			t.Fatalf("kind %q", got.kind)
		}
		if !jsonread.Valid(data) {
			return // whoever decodes it says so
		}
		v, err := jsonread.Parse(got.body)
		if err != nil {
			t.Fatalf("%s: %v", got.body, err)
		}
		streams := 0
		v.ForEach(func(name, _ jsonread.Value) bool {
			switch name.Str() {
			case "stream":
				streams++
			case "type", "stream_id", "generate", "background":
				t.Fatalf("the request holds %s", name.Str())
			}
			return true
		})
		if streams != 1 {
			t.Fatalf("%d times stream: %s", streams, got.body)
		}
	})
}

// TestSocketOnAgentPaths (openai/codex#43353): Codex has its own base URL, and tries WebSocket first there too.
func TestSocketOnAgentPaths(t *testing.T) {
	d := openDoor(t, simulators(t))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, strings.Replace(d.url, "http", "ws", 1)+"/codex/v1/responses", &websocket.DialOptions{
		HTTPClient: d.client, HTTPHeader: http.Header{"Authorization": {"Bearer " + d.token}},
	})
	check(t, err)
	defer conn.CloseNow() //nolint:errcheck // over
	l := &line{t, conn, ctx}
	id := l.done(create(`"model":"sim/echo","input":"x"`)).Get("id").String()
	if resp, text := d.call("GET", "/codex/v1/responses/"+id, d.token); resp.StatusCode != 200 {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if resp, text := d.call("GET", "/codex/v1/responses/resp_x", d.token); resp.StatusCode != 404 || !strings.Contains(text, "invalid_request_error") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}
