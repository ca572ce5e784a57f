package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"

	"gatehouse/backend/answers"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/responses"
	"gatehouse/backend/protocol/sse"
)

// The bounds of what runs in the background: how many answers, and how much of each is held for whoever asks for it.
const (
	mostJobs   = 16
	largestJob = 64 << 20
	// keptEvents is up to where a job's events are kept when it is done.
	keptEvents = 4 << 20
)

var (
	errStopped = errors.New("the answer was cancelled")
	errClosing = errors.New("the gateway was closed while the answer was being written")
)

// jobs are the answers that are being written in the background. It owns their goroutines.
type jobs struct {
	mu      sync.Mutex
	byID    map[string]*job
	closed  bool
	running sync.WaitGroup
}

// job is one answer that is being written.
type job struct {
	id, key string
	stream  bool
	ctx     context.Context
	end     context.CancelCauseFunc
	done    chan struct{}

	mu      sync.Mutex
	view    []byte   // the response as it is
	events  [][]byte // by number
	size    int
	changed chan struct{} // closed at the next change
	over    bool
}

func (j *jobs) find(key, id string) *job {
	j.mu.Lock()
	defer j.mu.Unlock()
	if found := j.byID[id]; found != nil && found.key == key {
		return found
	}
	return nil
}

// start gives a job a place and a goroutine.
func (j *jobs) start(one *job, run func()) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.closed:
		return llm.Errorf(llm.ErrOverloaded, "Gatehouse is shutting down")
	case len(j.byID) >= mostJobs:
		return llm.Errorf(llm.ErrRateLimit, "%d answers are being written in the background already; wait for one to end, or cancel one",
			mostJobs).WithCode("too_many_background_responses")
	}
	if j.byID == nil {
		j.byID = map[string]*job{}
	}
	j.byID[one.id] = one
	j.running.Go(func() {
		defer func() {
			j.mu.Lock()
			delete(j.byID, one.id)
			j.mu.Unlock()
			one.end(nil)
			close(one.done)
		}()
		run()
	})
	return nil
}

// stopAll ends the jobs of the keys that dead says yes to; nil ends all.
func (j *jobs) stopAll(dead func(key string) bool, cause error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = j.closed || dead == nil
	for _, one := range j.byID {
		if dead == nil || dead(one.key) {
			one.end(cause)
		}
	}
}

// detach answers a request at once and goes on with it in the background.
func (s *Server) detach(w http.ResponseWriter, r *http.Request, req *gateway.Request, t *turn, head protocol.Head) error {
	if !t.state.Store {
		return llm.Errorf(llm.ErrBadRequest, "an answer in the background must be stored, or nobody could ask for it; leave out "+
			`"store": false`).WithParam("store")
	}
	own := *req
	own.Body, own.Header = bytes.Clone(req.Body), req.Header.Clone()
	t.body, t.background, t.id = own.Body, true, s.newID("resp_")
	decoded, err := t.read() // what is wrong with it is said now
	if err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(context.WithoutCancel(r.Context()))
	j := &job{id: t.id, key: t.key, stream: head.Stream, ctx: ctx, end: end, done: make(chan struct{}), changed: make(chan struct{})}
	j.view = responses.NewEncoder(responses.AnswerOptions{Head: decoded.Head, ID: j.id, Model: head.Model, Now: s.now}).Snapshot("queued")
	answer := t.answer(decoded.Head, j.view)
	answer.Running = true
	own.Decode = t.decode
	head.Stream = true
	own.Head, own.Rewrite = &head, true
	if err := s.Answers.Put(answer); err != nil {
		return err
	}
	if err := s.jobs.start(j, func() { s.work(j, own, answer) }); err != nil {
		end(nil)
		_, _ = s.Answers.Delete(t.key, j.id) // it never began
		return err
	}
	if j.stream {
		return j.follow(w, r, -1)
	}
	return writeRaw(w, answer.Response)
}

// work writes a job's answer. It is kept before anybody is told that it is done.
func (s *Server) work(j *job, req gateway.Request, kept answers.Answer) {
	err := s.contained(func() error { return s.produce(j, req, kept) })
	if err == nil {
		return
	}
	status, failed := "failed", llm.AsError(err)
	switch cause := context.Cause(j.ctx); {
	case errors.Is(cause, errStopped):
		status, failed = "cancelled", nil
	case cause != nil:
		failed = llm.Errorf(llm.ErrOverloaded, "%w", cause).WithCode("server_shutdown")
	}
	view := responses.Ended(j.current(), status, failed)
	s.finish(j, kept, "response."+status, view)
}

// produce carries the request and takes its events, up to the last one.
func (s *Server) produce(j *job, req gateway.Request, kept answers.Answer) error {
	answer, err := s.Gateway.Exchange(j.ctx, req)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // the answer is over either way
	if answer.Status >= http.StatusMultipleChoices {
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return err
		}
		return protocol.For(llm.Responses).DecodeError(answer.Status, body)
	}
	events := sse.NewReader(answer.Body)
	for {
		e, err := events.Next()
		if err != nil {
			if cause := j.ctx.Err(); cause != nil {
				return cause
			}
			if e, ok := errors.AsType[*llm.Error](err); ok {
				return e
			}
			return llm.Errorf(llm.ErrOverloaded, "the answer broke off before it was finished; ask again")
		}
		response := json.RawMessage(jsonread.Of(e.Data).Get("response").Raw())
		switch e.Name {
		case "response.completed", "response.incomplete", "response.failed":
			s.finish(j, kept, e.Name, bytes.Clone(response))
			return nil
		}
		if !j.add(sse.Append(nil, e.Name, e.Data), bytes.Clone(response)) {
			return llm.Errorf(llm.ErrInternal, "the answer became larger than %d bytes", largestJob)
		}
	}
}

// finish keeps a job's response and then tells of it.
func (s *Server) finish(j *job, kept answers.Answer, kind string, view []byte) {
	j.mu.Lock()
	last := []byte(`{"type":"` + kind + `","sequence_number":`)
	last = append(strconv.AppendInt(last, int64(len(j.events)), 10), `,"response":`...)
	last = sse.Append(nil, kind, append(append(last, view...), '}'))
	if j.stream && j.size+len(last) <= keptEvents {
		kept.Events = append(bytes.Join(j.events, nil), last...)
	}
	j.mu.Unlock()
	kept.Running, kept.Response = false, view
	if kind == "response.completed" || kind == "response.incomplete" {
		s.extend(kept)
	}
	if err := s.Answers.Replace(kept); err != nil {
		s.Logger.Error("can't keep an answer", "answer", j.id, "error", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.view, j.over = view, true
	j.events = append(j.events, last)
	close(j.changed)
}

// add takes an event; false where there is no room for it.
func (j *job) add(event, view []byte) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.size += len(event); j.size > largestJob {
		return false
	}
	j.events = append(j.events, event)
	if len(view) > 0 {
		j.view = view
	}
	close(j.changed)
	j.changed = make(chan struct{})
	return true
}

// current is the response as it is.
func (j *job) current() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.view
}

// stop cancels a job and waits until that is kept.
func (j *job) stop() {
	j.end(errStopped)
	<-j.done
}

// follow streams a job's events behind the one of a number, those to come included. A client that leaves ends nothing.
func (j *job) follow(w http.ResponseWriter, r *http.Request, after int) error {
	flush := streamHeader(w)
	for next := after + 1; ; {
		j.mu.Lock()
		events, changed, over := j.events, j.changed, j.over
		j.mu.Unlock()
		for ; next < len(events); next++ {
			if _, err := w.Write(events[next]); err != nil {
				return nil // the client is gone
			}
		}
		flush()
		if over {
			return nil
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return nil
		}
	}
}

// replay streams kept events behind the one of a number.
func replay(w http.ResponseWriter, events []byte, after int) error {
	for ; after >= 0; after-- {
		_, events, _ = bytes.Cut(events, []byte("\n\n"))
	}
	flush := streamHeader(w)
	_, _ = w.Write(events) // the client may be gone
	flush()
	return nil
}

func streamHeader(w http.ResponseWriter) (flush func()) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no")
	if f, ok := w.(http.Flusher); ok {
		return f.Flush
	}
	return func() {}
}

// wait lets the jobs go on until ctx ends, takes no more, and then ends those that still run.
func (j *jobs) wait(ctx context.Context) {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { j.stopAll(nil, errClosing) })
	defer stop()
	j.running.Wait()
}

// InterruptedAnswer gives the response of a job that did not see its end, because the program ended first.
func InterruptedAnswer(response json.RawMessage) json.RawMessage {
	return responses.Ended(response, "failed", llm.Errorf(llm.ErrOverloaded, "%w", errClosing).WithCode("server_shutdown"))
}
