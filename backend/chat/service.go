package chat

import (
	"crypto/rand"
	"encoding/base32"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/backend/llm"
)

// Get gives a conversation with its turns from number first on.
func (c *Chats) Get(id string, first int) (Detail, error) {
	first = max(first, 0)
	c.mu.Lock()
	r, lost := c.running[id], c.unsaved[id]
	c.mu.Unlock()
	// An answer that is being written is looked at first: what is read afterwards is at least as new.
	var live Turn
	if r != nil {
		live = r.view()
	}
	rec, turns, ok, err := c.shelf.load(id, first)
	if err != nil {
		return Detail{}, reading(err)
	}
	if !ok {
		return Detail{}, noConversation()
	}
	d := Detail{Conversation: rec.view(id), First: first, Turns: make([]Turn, len(turns))}
	for i, t := range turns {
		d.Turns[i] = t.view()
		switch {
		case t.State != StateStreaming:
		case r != nil && t.ID == live.ID:
			d.Turns[i] = live
		case lost.ID == t.ID:
			d.Turns[i] = lost.view()
		}
	}
	return d, nil
}

// Send adds a user's text with files, either of which may be missing, and starts the answer. It returns as soon as both
// turns are on the disk; the answer follows as events. An empty conversation starts a new one, an empty model takes the
// conversation's last.
func (c *Chats) Send(conversation, model, text string, added ...NewFile) (Detail, error) {
	if err := checkText(text, len(added)); err != nil {
		return Detail{}, err
	}
	files, err := checkFiles(added)
	if err != nil {
		return Detail{}, err
	}
	contents := map[string][]byte{}
	for i, f := range files {
		contents[f.ID] = added[i].Data
	}
	fresh := conversation == ""
	if fresh {
		conversation = newID()
	}
	ask := func(now time.Time, rec *record, turns []turnRecord, ok bool) ([]turnRecord, error) {
		switch {
		case !ok && !fresh:
			return nil, noConversation()
		case fresh:
			*rec = record{Title: titleFor(text, files), CreatedAt: now}
		}
		turns = append(turns, rec.addUser(conversation, text, files, now))
		return turns, checkRoom(turns)
	}
	return c.start(conversation, model, contents, ask)
}

// Retry asks again for the last answer, which is replaced, from model or, if that is empty, from the same one.
func (c *Chats) Retry(conversation, model string) (Detail, error) {
	return c.start(conversation, model, nil, func(_ time.Time, rec *record, turns []turnRecord, ok bool) ([]turnRecord, error) {
		if !ok {
			return nil, noConversation()
		}
		if n := len(turns); n > 0 && turns[n-1].Role == RoleAssistant {
			turns = turns[:n-1]
			rec.Turns--
		}
		if len(turns) == 0 {
			return nil, llm.Errorf(llm.ErrBadRequest, "there is nothing to ask again; send a message first")
		}
		return turns, nil
	})
}

// start begins an answer to the turns that prepare gives, with what files that are new in them contain. The conversation is
// taken at once, so that no two answers can be written in it.
func (c *Chats) start(
	id, model string, contents map[string][]byte,
	prepare func(time.Time, *record, []turnRecord, bool) ([]turnRecord, error),
) (Detail, error) {
	if len(model) > maxModel {
		return Detail{}, llm.Errorf(llm.ErrBadRequest, "the model's id is longer than %d bytes", maxModel)
	}
	r, err := c.take(id)
	if err != nil {
		return Detail{}, err
	}
	detail, req, err := c.prepare(r, model, contents, prepare)
	if err != nil {
		c.release(r)
		return Detail{}, err
	}
	for _, t := range detail.Turns[len(detail.Turns)-min(2, len(detail.Turns)):] {
		c.opts.Broker.PublishEnd(EventTurn, TurnChange{id, t})
	}
	c.opts.Broker.PublishEnd(EventList, struct{}{})
	go c.answer(r, req)
	return detail, nil
}

func (c *Chats) prepare(
	r *run, model string, contents map[string][]byte,
	prepare func(time.Time, *record, []turnRecord, bool) ([]turnRecord, error),
) (Detail, *llm.Request, error) {
	id, now := r.conversation, c.opts.Now()
	if err := c.saveUnsaved(); err != nil {
		return Detail{}, nil, err
	}
	rec, before, ok, err := c.shelf.load(id, 0)
	if err != nil {
		return Detail{}, nil, reading(err)
	}
	turns, err := prepare(now, &rec, before, ok)
	if err != nil {
		return Detail{}, nil, err
	}
	if model == "" {
		model = rec.Model
	}
	if model == "" {
		return Detail{}, nil, llm.Errorf(llm.ErrBadRequest, "no model is chosen; choose one first")
	}
	req, err := c.request(id, model, rec, turns, contents)
	if err != nil {
		return Detail{}, nil, err
	}
	answer := turnRecord{N: rec.Turns}
	answer.Turn = Turn{ID: turnID(id, answer.N), Role: RoleAssistant, At: now, State: StateStreaming, Model: model}
	rec.Turns++
	rec.Model, rec.UpdatedAt, rec.Running = model, now, true
	if err := c.shelf.begin(id, rec, contents, turns[len(turns)-1], answer); err != nil {
		return Detail{}, nil, saving(err)
	}
	r.begin(answer)
	d := Detail{Conversation: rec.view(id)}
	for _, t := range append(turns, answer) {
		d.Turns = append(d.Turns, t.view())
	}
	return d, req, nil
}

// request is what a model is asked to answer turns. Added are the contents of files that are not kept yet.
func (c *Chats) request(
	id, model string, rec record, turns []turnRecord, added map[string][]byte,
) (*llm.Request, error) {
	with := rec.defaults(c.opts.Defaults, model)
	req := &llm.Request{Model: model, Stream: true, Temperature: with.Temperature}
	if with.System != "" {
		req.Messages = append(req.Messages, llm.Message{Role: llm.RoleSystem, Parts: []llm.Part{llm.Text{Text: with.System}}})
	}
	contents, err := c.shelf.contents(id, turns)
	if err != nil {
		return nil, reading(err)
	}
	maps.Copy(contents, added)
	for _, t := range turns {
		if m, ok := t.message(contents); ok {
			req.Messages = append(req.Messages, m)
		}
	}
	return req, nil
}

// take makes the run of a conversation that has none.
func (c *Chats) take(id string) (*run, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return nil, llm.Errorf(llm.ErrOverloaded, "Gatehouse is shutting down")
	case c.running[id] != nil:
		return nil, llm.Errorf(llm.ErrBadRequest, "an answer is still being written; wait for it or stop it first")
	}
	r := newRun(c.ctx, id, c.opts.Now)
	c.running[id] = r
	return r, nil
}

func (c *Chats) release(r *run) {
	c.mu.Lock()
	delete(c.running, r.conversation)
	c.mu.Unlock()
	r.cancel()
	close(r.done)
}

// Stop ends the answer that is being written, keeping what came so far. It does nothing where none is.
func (c *Chats) Stop(conversation string) error {
	c.mu.Lock()
	r := c.running[conversation]
	c.mu.Unlock()
	if r != nil {
		r.cancel()
	}
	return nil
}

// Rename sets a conversation's title.
func (c *Chats) Rename(id, title string) (Conversation, error) {
	title = oneLine(title)
	switch n := utf8.RuneCountInString(title); {
	case n == 0:
		return Conversation{}, llm.Errorf(llm.ErrBadRequest, "the title is empty; give one")
	case n > MaxTitle:
		return Conversation{}, llm.Errorf(llm.ErrBadRequest, "the title is too long: %d characters, and %d are allowed",
			n, MaxTitle)
	}
	return c.change(id, func(r *record) error {
		if r.Deleted {
			return noConversation()
		}
		r.Title = title
		return nil
	})
}

// Delete takes a conversation off the list and stops its answer. Until the next start it can be restored.
func (c *Chats) Delete(id string) error {
	if err := c.Stop(id); err != nil {
		return err
	}
	_, err := c.change(id, func(r *record) error {
		if r.Deleted {
			return noConversation()
		}
		r.Deleted = true
		return nil
	})
	return err
}

// Restore puts a deleted conversation back.
func (c *Chats) Restore(id string) (Conversation, error) {
	return c.change(id, func(r *record) error { r.Deleted = false; return nil })
}

func (c *Chats) change(id string, fn func(*record) error) (Conversation, error) {
	r, ok, err := c.shelf.change(id, fn)
	if err == nil && !ok {
		err = noConversation()
	}
	if err != nil {
		if e := llm.AsError(err); e.Kind == llm.ErrNotFound {
			return Conversation{}, e
		}
		return Conversation{}, saving(err)
	}
	c.opts.Broker.PublishEnd(EventList, struct{}{})
	return r.view(id), nil
}

// titleLength is how many characters of the first text become the title.
const titleLength = 60

func titleOf(text string) string {
	title := []rune(oneLine(text))
	if len(title) <= titleLength {
		return string(title)
	}
	cut := title[:titleLength-1]
	if i := slices.Index(reversed(cut), ' '); i >= 0 && i < titleLength/3 {
		cut = cut[:len(cut)-i-1]
	}
	return string(cut) + "…"
}

func reversed(r []rune) []rune {
	r = slices.Clone(r)
	slices.Reverse(r)
	return r
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// newID and newFileID make ids of 128 random bits, in letters and digits.
func newID() string { return "chat_" + random() }

func newFileID() string { return "file_" + random() }

func random() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}
