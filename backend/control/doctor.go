package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/backend/connect"
)

// Diagnosis is what was looked at and what is wrong, with what to do about it.
type Diagnosis struct {
	Findings []Finding `json:"findings"`
}

// Finding is one thing that was looked at. Advice is empty if nothing is to be done.
type Finding struct {
	Subject string `json:"subject"`
	State   string `json:"state" enum:"ok,warning,failed,skipped"`
	Message string `json:"message"`
	Advice  string `json:"advice"`
}

// probeTime is how long an answer to a probe may take.
const probeTime = 60 * time.Second

// doctor tries the endpoint the way each connected editor would: with its protocol, its base URL, its key and its model,
// and a request for a few tokens.
func (s *Service) doctor(ctx context.Context, _ Empty) (Diagnosis, error) {
	d := Diagnosis{Findings: s.ownFindings(ctx)}
	found, err := s.Editors.List()
	if err != nil {
		return d, err
	}
	connected := 0
	for _, f := range found {
		if f.Connected {
			connected++
			d.Findings = append(d.Findings, s.editorFindings(ctx, f)...)
		}
	}
	if connected == 0 {
		d.Findings = append(d.Findings, Finding{
			"editors", "skipped", "none was connected", "`gatehouse connect` lists them, `gatehouse connect EDITOR` connects one",
		})
	}
	return d, nil
}

// ownFindings is what Gatehouse knows about itself.
func (s *Service) ownFindings(ctx context.Context) (out []Finding) {
	st := s.Status()
	out = append(out, s.endpointFinding(ctx, st.Endpoint))
	if st.Keychain.Reason != "" {
		out = append(out, Finding{"keychain", "warning", st.Keychain.Reason, st.Keychain.Advice})
	}
	if p := st.Settings.Problem; p != nil {
		out = append(out, Finding{
			"settings", "failed", fmt.Sprintf("%s, line %d, column %d: %s", st.Settings.Path, p.Line, p.Column, p.Message),
			"correct the file; until then the settings from before are in force",
		})
	}
	if st.History.Problem != "" {
		out = append(out, Finding{"history", "warning", st.History.Problem, "free some space on the disk that holds " + st.History.Path})
	}
	for _, w := range st.Warnings {
		out = append(out, Finding{"credentials", "warning", w, ""})
	}
	return out
}

func (s *Service) endpointFinding(ctx context.Context, e EndpointStatus) Finding {
	switch {
	case e.State == "paused":
		return Finding{"endpoint", "failed", "it is paused and refuses all requests", "`gatehouse resume`"}
	case len(e.Addresses) > 0:
		return Finding{"endpoint", "ok", "it listens on " + strings.Join(e.Addresses, ", "), ""}
	}
	address := strings.TrimPrefix(e.URL, "http://")
	dialer := net.Dialer{Timeout: time.Second}
	if conn, err := dialer.DialContext(ctx, "tcp", address); err == nil {
		_ = conn.Close() // it was opened only to see who is there
		return Finding{
			"endpoint", "failed", "another program listens on " + address,
			"end that program, or give Gatehouse another port (\"addr\" in " + s.Settings.Path() + ") and connect the editors again",
		}
	}
	return Finding{"endpoint", "failed", "nothing listens on " + address, "start Gatehouse: `gatehouse serve`, or the app"}
}

func (s *Service) editorFindings(ctx context.Context, f connect.Found) (out []Finding) {
	say := func(state, message, advice string) { out = append(out, Finding{f.Name, state, message, advice}) }
	again := "`gatehouse connect " + f.ID + "`"
	set, err := s.Editors.Settings(f.ID)
	if err != nil {
		say("failed", FailureOf(err).Message, again+" once that is mended, or `gatehouse connect "+f.ID+" --revert`")
		return out
	}
	if len(set.Changed) > 0 {
		say("warning", "changed since it was connected: "+strings.Join(set.Changed, ", "), "if you did not mean to: "+again)
	}
	if set.URL == "" || set.Key == "" {
		s.hiddenFinding(f, say)
		return out
	}
	if !s.ours(set.URL) {
		say("failed", "its requests go to "+set.URL+", where Gatehouse does not listen", again)
		return out
	}
	if _, err := s.Keys.Authenticate(set.Key); err != nil {
		say("failed", FailureOf(err).Message, "give it a new key: "+again)
		return out
	}
	if len(s.Endpoint.Addresses()) == 0 {
		say("skipped", "could not be tried: the endpoint does not listen", "")
		return out
	}
	model := set.Model
	if model == "" {
		model = s.Settings.Snapshot().ActiveModel
	}
	start := s.Now()
	if status, message := probe(ctx, set, model); message != "" {
		advice := "`gatehouse route " + model + "` shows what is tried for its model"
		if status == http.StatusNotFound {
			advice = "choose a model that there is: `gatehouse models`, then `gatehouse connect " + f.ID + " --model MODEL`"
		}
		say("failed", s.Credentials.Redact(message), advice)
		return out
	}
	say("ok", fmt.Sprintf("%s answered at %s (%d ms)", model, set.URL, s.Now().Sub(start).Milliseconds()), "")
	return out
}

// hiddenFinding is about an editor that keeps its key where nobody else can read it: its last use shows whether it works.
func (s *Service) hiddenFinding(f connect.Found, say func(state, message, advice string)) {
	for _, k := range s.Keys.List() {
		switch {
		case k.ID != f.KeyID:
		case k.RevokedAt != nil:
			say("failed", "its key was revoked", "`gatehouse connect "+f.ID+"` makes a new one")
			return
		case k.LastUsedAt != nil:
			say("ok", "it used its key last at "+k.LastUsedAt.Local().Format("2006-01-02 15:04"), "")
			return
		}
	}
	say("skipped", "it keeps its settings to itself, and has not used its key yet", "if you have not entered it there yet: `gatehouse connect "+f.ID+"` shows how, with a new key")
}

// ours tells whether a base URL leads to our endpoint.
func (s *Service) ours(base string) bool {
	u, err := url.Parse(base)
	if err != nil {
		return false
	}
	own, err := url.Parse(s.endpointStatus(s.Settings.Snapshot().Addr).URL)
	if err != nil || u.Port() != own.Port() {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// probe asks for a few tokens as an editor would. The message is empty if an answer came.
func probe(ctx context.Context, set connect.Settings, model string) (status int, message string) {
	type object = map[string]any
	hello := []object{{"role": "user", "content": "Say OK."}}
	var path string
	var body object
	switch set.Protocol {
	case connect.Messages:
		path, body = "/v1/messages", object{"model": model, "max_tokens": 16, "messages": hello}
	case connect.Responses:
		path, body = "/responses", object{"model": model, "max_output_tokens": 16, "input": "Say OK.", "store": false}
	case connect.Gemini:
		path = "/v1beta/models/" + model + ":generateContent"
		body = object{
			"contents":         []object{{"role": "user", "parts": []object{{"text": "Say OK."}}}},
			"generationConfig": object{"maxOutputTokens": 16},
		}
	default:
		path, body = "/chat/completions", object{"model": model, "max_tokens": 16, "messages": hello}
	}
	text, err := json.Marshal(body)
	if err != nil {
		return 0, err.Error()
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(set.URL, "/")+path, bytes.NewReader(text))
	if err != nil {
		return 0, "its base URL can't be used: " + set.URL
	}
	r.Header.Set("Content-Type", "application/json")
	switch set.Protocol {
	case connect.Gemini:
		r.Header.Set("X-Goog-Api-Key", set.Key)
	case connect.Messages:
		r.Header.Set("Anthropic-Version", "2023-06-01")
		fallthrough
	default:
		r.Header.Set("Authorization", "Bearer "+set.Key)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy: it is this machine
	answer, err := client.Do(r)
	if err != nil {
		return 0, "no answer came from " + set.URL
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	got, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return answer.StatusCode, "the answer broke off"
	}
	if answer.StatusCode == http.StatusOK {
		return answer.StatusCode, ""
	}
	return answer.StatusCode, fmt.Sprintf("%s (status %d)", messageIn(got), answer.StatusCode)
}

// messageIn gives the message of an error in any dialect: they all have it at the same place.
func messageIn(body []byte) string {
	var e struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &e) != nil || e.Error.Message == "" {
		return "it was refused"
	}
	return e.Error.Message
}
