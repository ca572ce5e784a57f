package compare

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"slices"
	"strings"
	"unicode/utf8"

	"gatehouse/backend/llm"
)

// List gives all comparisons, the newest first.
func (c *Comparisons) List() ([]Summary, error) {
	var list []Summary
	err := c.shelf.comparisons.ForEach(func(_ string, r record) error {
		if !r.Deleted {
			list = append(list, Summary{
				ID: r.ID, Title: titleOf(r.Prompts[0]), Prompts: len(r.Prompts), Models: r.Models, CreatedAt: r.CreatedAt,
				State: r.State, Ended: r.Ended,
			})
		}
		return nil
	})
	if err != nil {
		return nil, reading(err)
	}
	slices.SortFunc(list, func(a, b Summary) int {
		if n := b.CreatedAt.Compare(a.CreatedAt); n != 0 {
			return n
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list, nil
}

// Get gives a comparison with its answers.
func (c *Comparisons) Get(id string) (Detail, error) {
	c.mu.Lock()
	r := c.running[id]
	c.mu.Unlock()
	// Answers that are being written are looked at first: what is read afterwards is at least as new.
	live := map[int]Answer{}
	if r != nil {
		r.mu.Lock()
		for place, a := range r.live {
			live[place] = a.view()
		}
		r.mu.Unlock()
	}
	rec, ended, ok, err := c.shelf.load(id)
	if err != nil {
		return Detail{}, reading(err)
	}
	if !ok {
		return Detail{}, noComparison()
	}
	d := blank(rec.Comparison)
	for place, a := range live {
		d.Answers[place] = a
	}
	for _, a := range ended {
		d.Answers[a.Prompt*len(rec.Models)+slices.Index(rec.Models, a.Model)] = a
	}
	d.Totals = totals(rec.Comparison, d.Answers)
	return d, nil
}

// blank gives a comparison whose answers are yet to come, or never will.
func blank(cmp Comparison) Detail {
	d := Detail{Comparison: cmp}
	state := StateWaiting
	if cmp.State != StateRunning {
		state = StateStopped
	}
	for prompt := range cmp.Prompts {
		for _, model := range cmp.Models {
			d.Answers = append(d.Answers, Answer{Prompt: prompt, Model: model, State: state})
		}
	}
	d.Totals = totals(cmp, d.Answers)
	return d
}

// Start begins a comparison. It returns as soon as it is on the disk; the answers follow as events.
func (c *Comparisons) Start(n New) (Detail, error) {
	if err := n.check(); err != nil {
		return Detail{}, err
	}
	cmp := Comparison{
		ID: newID(), Prompts: n.Prompts, Models: n.Models, System: n.System, Temperature: n.Temperature,
		CreatedAt: c.opts.Now(), State: StateRunning, Winners: make([]string, len(n.Prompts)),
	}
	r := &run{id: cmp.ID, done: make(chan struct{}), dirty: make(chan struct{}, 1), live: map[int]*liveAnswer{}}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return Detail{}, llm.Errorf(llm.ErrOverloaded, "Gatehouse is shutting down")
	case len(c.running) >= MaxRunning:
		return Detail{}, llm.Errorf(llm.ErrBadRequest,
			"%d comparisons are running already; wait for one to end or stop it first", MaxRunning)
	}
	if err := c.shelf.comparisons.Put(cmp.ID, record{Comparison: cmp}); err != nil {
		return Detail{}, saving(err)
	}
	r.ctx, r.cancel = context.WithCancel(c.ctx)
	c.running[cmp.ID] = r
	c.changed()
	go c.work(r, cmp)
	return blank(cmp), nil
}

func (n New) check() error {
	switch {
	case len(n.Models) < MinModels || len(n.Models) > MaxModels:
		return llm.Errorf(llm.ErrBadRequest, "%d models are chosen; choose %d to %d", len(n.Models), MinModels, MaxModels)
	case len(n.System) > MaxSystem || !utf8.ValidString(n.System):
		return llm.Errorf(llm.ErrBadRequest, "the system prompt must be text of at most %d KiB", MaxSystem>>10)
	case n.Temperature != nil && !(*n.Temperature >= 0 && *n.Temperature <= 2):
		return llm.Errorf(llm.ErrBadRequest, "the temperature must be from 0 to 2")
	}
	for i, model := range n.Models {
		switch {
		case model == "" || len(model) > maxModel:
			return llm.Errorf(llm.ErrBadRequest, "model %d has no usable id; choose another", i+1)
		case slices.Contains(n.Models[:i], model):
			return llm.Errorf(llm.ErrBadRequest, "%s is chosen twice; choose another model", model)
		}
	}
	return checkPrompts(n.Prompts)
}

func checkPrompts(prompts []string) error {
	if len(prompts) == 0 || len(prompts) > MaxPrompts {
		return llm.Errorf(llm.ErrBadRequest, "there are %d prompts; 1 to %d are allowed", len(prompts), MaxPrompts)
	}
	size := 0
	for i, p := range prompts {
		size += len(p)
		switch {
		case strings.TrimSpace(p) == "":
			return llm.Errorf(llm.ErrBadRequest, "prompt %d is empty; write something first", i+1)
		case !utf8.ValidString(p):
			return llm.Errorf(llm.ErrBadRequest, "prompt %d is not valid text (UTF-8)", i+1)
		case size > MaxText:
			return llm.Errorf(llm.ErrBadRequest, "the prompts are too long; %d KiB are allowed together", MaxText>>10)
		}
	}
	return nil
}

func titleOf(prompt string) string {
	title := []rune(strings.Join(strings.Fields(prompt), " "))
	if len(title) > maxTitle {
		return string(title[:maxTitle-1]) + "…"
	}
	return string(title)
}

// Stop ends a comparison that runs, keeping what came so far. It does nothing where it does not run.
func (c *Comparisons) Stop(id string) error {
	c.mu.Lock()
	r := c.running[id]
	c.mu.Unlock()
	if r != nil {
		r.cancel()
	}
	return nil
}

// Pick keeps which model answered a prompt best; an empty one takes the choice back.
func (c *Comparisons) Pick(id string, prompt int, model string) (Comparison, error) {
	return c.change(id, func(r *record) error {
		switch {
		case r.Deleted:
			return noComparison()
		case prompt < 0 || prompt >= len(r.Prompts):
			return llm.Errorf(llm.ErrBadRequest, "the comparison has no prompt %d", prompt+1)
		case model != "" && !slices.Contains(r.Models, model):
			return llm.Errorf(llm.ErrBadRequest, "%s is not one of the models compared", model)
		}
		r.Winners[prompt] = model
		return nil
	})
}

// Delete takes a comparison off the list and stops it. Until the next start it can be restored.
func (c *Comparisons) Delete(id string) error {
	if err := c.Stop(id); err != nil {
		return err
	}
	_, err := c.change(id, func(r *record) error {
		if r.Deleted {
			return noComparison()
		}
		r.Deleted = true
		return nil
	})
	return err
}

// Restore puts a deleted comparison back.
func (c *Comparisons) Restore(id string) (Comparison, error) {
	return c.change(id, func(r *record) error { r.Deleted = false; return nil })
}

func (c *Comparisons) change(id string, fn func(*record) error) (Comparison, error) {
	r, ok, err := c.shelf.change(id, fn)
	switch {
	case err != nil && llm.AsError(err).Kind != llm.ErrInternal:
		return Comparison{}, llm.AsError(err)
	case err != nil:
		return Comparison{}, saving(err)
	case !ok:
		return Comparison{}, noComparison()
	}
	c.changed()
	return r.Comparison, nil
}

// PromptList is prompts that are kept under a name, to be put to models again.
type PromptList struct {
	Name    string   `json:"name"`
	Prompts []string `json:"prompts"`
}

// PromptLists gives the saved prompts, by name.
func (c *Comparisons) PromptLists() ([]PromptList, error) {
	var lists []PromptList
	err := c.shelf.prompts.ForEach(func(name string, prompts []string) error {
		lists = append(lists, PromptList{name, prompts})
		return nil
	})
	if err != nil {
		return nil, reading(err)
	}
	return lists, nil
}

// SavePrompts keeps prompts under a name, in place of those that had it. No prompts remove the name.
func (c *Comparisons) SavePrompts(list PromptList) error {
	name := strings.Join(strings.Fields(list.Name), " ")
	if n := utf8.RuneCountInString(name); n == 0 || n > maxName {
		return llm.Errorf(llm.ErrBadRequest, "give the prompts a name of at most %d characters", maxName)
	}
	if len(list.Prompts) == 0 {
		if err := c.shelf.prompts.Delete(name); err != nil {
			return saving(err)
		}
		c.changed()
		return nil
	}
	if err := checkPrompts(list.Prompts); err != nil {
		return err
	}
	if err := c.shelf.prompts.Put(name, list.Prompts); err != nil {
		return saving(err)
	}
	c.changed()
	return nil
}

// newID makes an id of 128 random bits, in letters and digits.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return "cmp_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}
