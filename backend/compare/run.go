package compare

import (
	"context"
	"strings"
	"sync"
	"time"

	"gatehouse/backend/chat"
	"gatehouse/backend/llm"
)

// run is a comparison that is being made.
type run struct {
	id     string
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{} // closed when it is over and saved
	dirty  chan struct{} // something came since the last round of deltas

	mu   sync.Mutex
	live map[int]*liveAnswer // those being written, by place
}

// liveAnswer is an answer that still grows; the first sentText and sentReasoning bytes went out in deltas.
type liveAnswer struct {
	Answer
	text, reasoning         strings.Builder
	sentText, sentReasoning int
	kinds                   map[int]bool // whether the part of an index is reasoning
	lastReasoning           int
}

// reasoningGap stands between two reasoning parts where they are shown as one.
const reasoningGap = "\n\n"

func (a *liveAnswer) view() Answer {
	v := a.Answer
	v.Text, v.Reasoning = a.text.String()[:a.sentText], a.reasoning.String()[:a.sentReasoning]
	return v
}

// take adds an event. Parts other than text and reasoning are not for a prompt without tools.
func (a *liveAnswer) take(e llm.Event) error {
	switch e := e.(type) {
	case llm.PartStart:
		switch p := e.Part.(type) {
		case llm.Text:
			a.kinds[e.Index] = false
			a.text.WriteString(p.Text)
		case llm.Reasoning:
			a.kinds[e.Index] = true
			a.addReasoning(e.Index, p.Text)
		}
	case llm.PartDelta:
		if reasoning, ok := a.kinds[e.Index]; ok && reasoning {
			a.addReasoning(e.Index, e.Text)
		} else if ok {
			a.text.WriteString(e.Text)
		}
	case llm.Finish:
		if e.Reason.Kind == llm.FinishError {
			return llm.Errorf(llm.ErrInternal, "the model ended its answer with an error (%s)", e.Reason.Raw)
		}
	}
	if a.text.Len()+a.reasoning.Len() > MaxAnswer {
		return llm.Errorf(llm.ErrBadRequest, "the answer is longer than %d KiB and was cut there", MaxAnswer>>10)
	}
	return nil
}

func (a *liveAnswer) addReasoning(index int, text string) {
	if text == "" {
		return
	}
	if a.reasoning.Len() > 0 && a.lastReasoning != index {
		a.reasoning.WriteString(reasoningGap)
	}
	a.lastReasoning = index
	a.reasoning.WriteString(text)
}

// work asks for every answer: prompt after prompt, the models of each at the same time.
func (c *Comparisons) work(r *run, cmp Comparison) {
	stop := make(chan struct{})
	var sending sync.WaitGroup
	sending.Go(func() { c.sendDeltas(r, stop) })
	for prompt := range cmp.Prompts {
		if r.ctx.Err() != nil {
			break
		}
		var asked sync.WaitGroup
		for i := range cmp.Models {
			asked.Go(func() { c.answer(r, cmp, prompt, i) })
		}
		asked.Wait()
	}
	close(stop)
	sending.Wait()
	c.finish(r)
}

// answer asks one model one prompt.
func (c *Comparisons) answer(r *run, cmp Comparison, prompt, model int) {
	place := prompt*len(cmp.Models) + model
	live := &liveAnswer{kinds: map[int]bool{}, Answer: Answer{Prompt: prompt, Model: cmp.Models[model], State: StateStreaming}}
	r.mu.Lock()
	r.live[place] = live
	r.mu.Unlock()
	c.opts.Broker.PublishEnd(EventAnswer, Change{
		r.id, prompt * len(cmp.Models), Answer{Prompt: prompt, Model: cmp.Models[model], State: StateStreaming},
	})
	var result chat.Result
	answer, err := c.streamer.Stream(r.ctx, request(cmp, prompt, model))
	if err == nil {
		err = r.read(live, answer.Events)
		result = answer.Result()
	}
	r.mu.Lock()
	end := live.Answer
	end.Text, end.Reasoning = live.text.String(), live.reasoning.String()
	r.mu.Unlock()
	end.settle(err, r.ctx.Err() != nil)
	end.know(result)
	kept, err := c.shelf.end(r.id, place, end)
	if err != nil {
		c.opts.Logger.Error("an answer of a comparison can't be saved", "comparison", r.id, "error", err)
	}
	r.mu.Lock()
	delete(r.live, place)
	r.mu.Unlock()
	c.opts.Broker.PublishEnd(EventAnswer, Change{r.id, kept.Ended, end})
}

func request(cmp Comparison, prompt, model int) *llm.Request {
	req := &llm.Request{Model: cmp.Models[model], Stream: true, Temperature: cmp.Temperature}
	if cmp.System != "" {
		req.Messages = append(req.Messages, llm.Message{Role: llm.RoleSystem, Parts: []llm.Part{llm.Text{Text: cmp.System}}})
	}
	req.Messages = append(req.Messages, llm.Message{
		Role: llm.RoleUser, Parts: []llm.Part{llm.Text{Text: cmp.Prompts[prompt]}},
	})
	return req
}

// read takes the events of an answer in.
func (r *run) read(live *liveAnswer, events llm.Stream) error {
	for e, err := range llm.Validate(events) {
		if err != nil {
			return err
		}
		r.mu.Lock()
		err = live.take(e)
		r.mu.Unlock()
		if err != nil {
			return err
		}
		select {
		case r.dirty <- struct{}{}:
		default:
		}
	}
	return nil
}

// sendDeltas publishes what came, at once if nothing was published for a while, else when the while is over.
func (c *Comparisons) sendDeltas(r *run, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-r.dirty:
		}
		r.mu.Lock()
		for _, a := range r.live {
			d := Delta{
				Comparison: r.id, Prompt: a.Prompt, Model: a.Model,
				Text: a.text.String()[a.sentText:], Reasoning: a.reasoning.String()[a.sentReasoning:],
			}
			if d.Text == "" && d.Reasoning == "" {
				continue
			}
			a.Seq++
			d.Seq = a.Seq
			a.sentText, a.sentReasoning = a.text.Len(), a.reasoning.Len()
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

// finish settles the comparison and tells everybody.
func (c *Comparisons) finish(r *run) {
	_, _, err := c.shelf.change(r.id, func(kept *record) error {
		kept.State = StateDone
		if kept.Ended < len(kept.Prompts)*len(kept.Models) || r.ctx.Err() != nil {
			kept.State = StateStopped
		}
		return nil
	})
	if err != nil {
		c.opts.Logger.Error("a comparison can't be saved", "comparison", r.id, "error", err)
	}
	c.mu.Lock()
	delete(c.running, r.id)
	c.mu.Unlock()
	r.cancel()
	c.changed()
	close(r.done)
}

// settle sets how the answer ended: with err, or stopped by its user.
func (a *Answer) settle(err error, stopped bool) {
	switch {
	case err == nil:
		a.State = StateDone
	case stopped:
		a.State = StateStopped
	default:
		a.State, a.Error = StateFailed, chat.Explain(err)
	}
}

// know adds what is known of the call.
func (a *Answer) know(r chat.Result) {
	if r.Model != "" {
		a.AnsweredBy, a.Provider = r.Model, r.Provider
	}
	if n, ok := r.Usage.Input.Get(); ok {
		a.InputTokens = &n
	}
	if n, ok := r.Usage.Output.Get(); ok {
		a.OutputTokens = &n
		if writing := r.Duration - r.FirstToken; r.FirstToken > 0 && writing >= time.Millisecond {
			a.TokensPerSecond = new(float64(n) / writing.Seconds())
		}
	}
	a.CostPicoUSD = r.CostPicoUSD
	if r.FirstToken > 0 {
		a.FirstTokenMs = new(r.FirstToken.Milliseconds())
	}
	if r.Duration > 0 {
		a.DurationMs = new(r.Duration.Milliseconds())
	}
}
