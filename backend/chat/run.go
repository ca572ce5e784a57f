package chat

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"gatehouse/backend/llm"
)

// run is an answer that is being written.
type run struct {
	conversation string
	ctx          context.Context
	cancel       context.CancelFunc
	done         chan struct{} // closed when it is over and saved
	dirty        chan struct{} // something came since the last delta

	mu   sync.Mutex
	turn turnRecord // without its parts
	// text and reasoning are what the parts show; the first sentText and sentReasoning bytes went out in deltas.
	text, reasoning         strings.Builder
	sentText, sentReasoning int
	parts                   []*livePart
	byIndex                 map[int]*livePart // by the stream's index
	lastReasoning           *livePart         // the one that was last added to
	toolByIndex             map[int]*liveTool
	now                     func() time.Time
	// thinking is since when the model reasons, zero while it does not; thought is how long it did before.
	thinking time.Time
	thought  time.Duration
}

// livePart is a part that still grows.
type livePart struct {
	partRecord // without its text
	text       strings.Builder
}

func newRun(ctx context.Context, conversation string, now func() time.Time) *run {
	ctx, cancel := context.WithCancel(ctx)
	return &run{
		conversation: conversation, ctx: ctx, cancel: cancel, done: make(chan struct{}), dirty: make(chan struct{}, 1),
		byIndex: map[int]*livePart{}, toolByIndex: map[int]*liveTool{}, now: now,
	}
}

func (r *run) begin(t turnRecord) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn = t
}

// view gives the turn as far as deltas told of it.
func (r *run) view() Turn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.told()
}

func (r *run) told() Turn {
	v := r.turn.Turn
	v.Text, v.Reasoning = r.text.String()[:r.sentText], r.reasoning.String()[:r.sentReasoning]
	v.ReasoningMs = r.reasoned()
	return v.filled()
}

// reasoned is how long the model has reasoned, in milliseconds; nil where it has not.
func (r *run) reasoned() *int64 {
	d := r.thought
	if !r.thinking.IsZero() {
		d += r.now().Sub(r.thinking)
	} else if d == 0 {
		return nil
	}
	return new(d.Milliseconds())
}

// think notes that the model reasons, or that it no longer does.
func (r *run) think(on bool) {
	switch {
	case on && r.thinking.IsZero():
		r.thinking = r.now()
	case !on && !r.thinking.IsZero():
		r.thought += max(r.now().Sub(r.thinking), time.Millisecond)
		r.thinking = time.Time{}
	}
}

// snapshot gives the turn as it is to be stored.
func (r *run) snapshot() turnRecord {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.turn
	t.ReasoningMs = r.reasoned()
	for _, p := range r.parts {
		record := p.partRecord
		record.Text = p.text.String()
		t.Parts = append(t.Parts, record)
	}
	return t
}

var errTooLong = llm.Errorf(llm.ErrBadRequest, "the answer is longer than %d MiB and was cut there", MaxAnswer>>20)

// take adds an event; changed tells that the turn shows something that no delta tells of.
func (r *run) take(e llm.Event) (changed bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := e.(type) {
	case llm.PartStart:
		changed = r.start(e)
	case llm.PartDelta:
		if p := r.byIndex[e.Index]; p != nil {
			p.Signature += e.Signature
			r.add(p, e.Text)
		}
		r.argue(e.Index, e.Input)
	case llm.PartEnd:
		changed = r.toolEnded(e.Index)
	case llm.OpaqueEvent:
		r.takeDelta(e.Raw)
	case llm.Finish:
		r.think(false)
		if e.Reason.Kind == llm.FinishError {
			return changed, llm.Errorf(llm.ErrInternal, "the model ended its answer with an error (%s); ask again", e.Reason.Raw)
		}
	}
	if r.text.Len()+r.reasoning.Len() > MaxAnswer {
		return changed, errTooLong
	}
	return changed, nil
}

// start adds a part; true for one that no delta tells of.
func (r *run) start(e llm.PartStart) bool {
	switch p := e.Part.(type) {
	case llm.Text:
		r.add(r.addPart(e.Index, partRecord{}), p.Text)
	case llm.Refusal:
		r.add(r.addPart(e.Index, partRecord{}), p.Text)
	case llm.Reasoning:
		r.think(true)
		record := partRecord{Kind: kindReasoning, Signature: p.Signature}
		if json.Valid(p.Opaque) { // anything else could not be stored
			record.Opaque = p.Opaque
		}
		r.add(r.addPart(e.Index, record), p.Text)
	default:
		if r.takePart(e.Index, e.Part) {
			r.think(false)
			return true
		}
	}
	return false
}

func (r *run) addPart(index int, record partRecord) *livePart {
	p := &livePart{partRecord: record}
	r.parts = append(r.parts, p)
	r.byIndex[index] = p
	return p
}

func (r *run) add(p *livePart, text string) {
	if text == "" {
		return
	}
	p.text.WriteString(text)
	if p.Kind == kindReasoning {
		if r.lastReasoning != p && r.reasoning.Len() > 0 {
			r.reasoning.WriteString(reasoningGap)
		}
		r.lastReasoning = p
		r.think(true)
		r.reasoning.WriteString(text)
	} else {
		r.think(false)
		r.text.WriteString(text)
	}
	select {
	case r.dirty <- struct{}{}:
	default:
	}
}

// answer writes the answer to req to its end.
func (c *Chats) answer(r *run, req *llm.Request) {
	stop := make(chan struct{})
	var sending sync.WaitGroup
	sending.Go(func() { c.sendDeltas(r, stop) })

	var result Result
	answer, err := c.streamer.Stream(r.ctx, req)
	if err == nil {
		err = c.read(r, answer.Events)
	}
	if answer != nil {
		result = answer.Result()
	}
	close(stop)
	sending.Wait()
	c.finish(r, err, result)
}

// read takes the events in and saves from time to time.
func (c *Chats) read(r *run, events llm.Stream) error {
	saved := c.opts.Now()
	for e, err := range llm.Validate(events) {
		if err != nil {
			return err
		}
		changed, err := r.take(e)
		if changed {
			c.tellTurn(r)
		}
		if err != nil {
			return err
		}
		if now := c.opts.Now(); now.Sub(saved) >= saveEvery {
			saved = now
			if err := c.shelf.save(r.conversation, r.snapshot()); err != nil {
				c.opts.Logger.Warn("an answer can't be saved yet", "conversation", r.conversation, "error", err)
			}
		}
	}
	return nil
}

// tellTurn publishes a turn that is being written, as far as deltas told of it.
func (c *Chats) tellTurn(r *run) {
	r.mu.Lock() // no delta may overtake it
	defer r.mu.Unlock()
	c.opts.Broker.PublishEnd(EventTurn, TurnChange{r.conversation, r.told()})
}

// sendDeltas publishes what came, at once if nothing was published for a while, else when the while is over.
func (c *Chats) sendDeltas(r *run, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-r.dirty:
		}
		r.mu.Lock()
		d := Delta{
			Conversation: r.conversation, Turn: r.turn.ID,
			Text: r.text.String()[r.sentText:], Reasoning: r.reasoning.String()[r.sentReasoning:],
			ReasoningMs: r.reasoned(),
		}
		if d.Text != "" || d.Reasoning != "" {
			r.turn.Seq++
			d.Seq = r.turn.Seq
			r.sentText, r.sentReasoning = r.text.Len(), r.reasoning.Len()
			c.opts.Broker.Publish(EventDelta, d)
		}
		r.mu.Unlock()
		select {
		case <-stop:
			return
		case <-c.opts.After(deltaEvery):
		}
	}
}

// finish settles the turn, saves it and tells everybody.
func (c *Chats) finish(r *run, err error, result Result) {
	t := r.snapshot()
	t.settle(err, r.ctx.Err() != nil, c.ctx.Err() != nil)
	t.know(result)
	saveErr := c.shelf.end(r.conversation, t)
	if saveErr != nil {
		c.opts.Logger.Error("an answer can't be saved", "conversation", r.conversation, "error", saveErr)
	}
	c.mu.Lock()
	if saveErr != nil {
		c.unsaved[r.conversation] = t
	}
	delete(c.running, r.conversation)
	c.mu.Unlock()
	r.cancel()
	c.opts.Broker.PublishEnd(EventTurn, TurnChange{r.conversation, t.view()})
	c.opts.Broker.PublishEnd(EventList, struct{}{})
	close(r.done)
}

// settle sets how the turn ended: with err, stopped by its user, or closing with the program.
func (t *turnRecord) settle(err error, stopped, closing bool) {
	switch {
	case err == nil:
		t.State = StateDone
	case closing:
		t.State, t.Error = StateStopped, endedUnderIt
	case stopped:
		t.State = StateStopped
	default:
		t.State, t.Error = StateFailed, Explain(err)
	}
}

// Explain says why an answer failed.
func Explain(err error) string {
	if _, said := errors.AsType[*llm.Error](err); !said && errors.Is(err, llm.ErrIncomplete) {
		return "the answer ended before it was finished; ask again"
	}
	return llm.AsError(err).Message
}

// know adds what is known of the call.
func (t *turnRecord) know(r Result) {
	if r.Model != "" {
		t.Model, t.Provider = r.Model, r.Provider
	}
	known := func(c llm.Count) *int64 {
		if n, ok := c.Get(); ok {
			return &n
		}
		return nil
	}
	ms := func(d time.Duration) *int64 {
		if d <= 0 {
			return nil
		}
		return new(d.Milliseconds())
	}
	t.Request, t.Attempts = r.Request, r.Attempts
	t.InputTokens, t.OutputTokens = known(r.Usage.Input), known(r.Usage.Output)
	t.CostPicoUSD = r.CostPicoUSD
	t.FirstTokenMs, t.DurationMs = ms(r.FirstToken), ms(r.Duration)
}
