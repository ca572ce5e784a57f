package fit

import (
	"slices"
	"strings"

	"gatehouse/backend/llm"
)

// Cut ends an answer at the first of some stop sequences in its text, for targets that take none or not these: the text
// before it is the answer's last, however the sequence is spread over pieces. Reasoning and tool calls are not looked at.
//
// What the source says after that is not read, so that it can be cancelled; its count of the output is unknown then. whole
// tells that the answer is there to its end already, so that nothing is saved by not reading on, and the count is kept.
func Cut(stops []string, whole bool, in llm.Stream) llm.Stream {
	stops = slices.DeleteFunc(slices.Clone(stops), func(s string) bool { return s == "" })
	if len(stops) == 0 {
		return in
	}
	return func(yield func(llm.Event, error) bool) {
		c := cutter{stops: stops, held: map[int]string{}}
		for e, err := range in {
			if err != nil {
				yield(nil, err)
				return
			}
			if u, ok := e.(llm.UsageUpdate); ok {
				c.usage = u.Usage
			}
			if c.found != "" { // whole: only the usage is of interest
				continue
			}
			for _, e := range c.event(e) {
				if !yield(e, nil) {
					return
				}
			}
			if c.found != "" && !whole {
				c.usage.Output, c.usage.Reasoning = llm.Count{}, llm.Count{}
				break
			}
		}
		if c.found == "" {
			return
		}
		if c.usage.Known() && !yield(llm.UsageUpdate{Usage: c.usage}, nil) {
			return
		}
		yield(llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishStopSequence, Raw: "stop", Sequence: c.found}}, nil)
	}
}

type cutter struct {
	stops []string
	open  []int          // the parts that have not ended
	held  map[int]string // of texts: the end that may be the beginning of a sequence
	usage llm.Usage
	found string
}

func (c *cutter) event(e llm.Event) []llm.Event {
	switch ev := e.(type) {
	case llm.PartStart:
		c.open = append(c.open, ev.Index)
		text, ok := ev.Part.(llm.Text)
		if !ok {
			break
		}
		c.held[ev.Index] = ""
		if text.Text == "" {
			break
		}
		first := text.Text
		text.Text = ""
		return append([]llm.Event{llm.PartStart{Index: ev.Index, Part: text}}, c.text(llm.PartDelta{Index: ev.Index, Text: first})...)
	case llm.PartDelta:
		if _, ok := c.held[ev.Index]; ok && ev.Text != "" {
			return c.text(ev)
		}
	case llm.PartEnd:
		c.open = slices.DeleteFunc(c.open, func(i int) bool { return i == ev.Index })
		rest := c.held[ev.Index]
		delete(c.held, ev.Index)
		if rest != "" {
			return []llm.Event{llm.PartDelta{Index: ev.Index, Text: rest}, ev}
		}
	}
	return []llm.Event{e}
}

// text passes on what can't belong to a sequence any more.
func (c *cutter) text(d llm.PartDelta) []llm.Event {
	text := c.held[d.Index] + d.Text
	if at, stop := firstOf(text, c.stops); stop != "" {
		c.found = stop
		d.Text = text[:at]
		delete(c.held, d.Index)
		return append(given(d), c.end()...)
	}
	keep := beginning(text, c.stops)
	c.held[d.Index] = text[len(text)-keep:]
	d.Text = text[:len(text)-keep]
	return given(d)
}

func given(d llm.PartDelta) []llm.Event {
	if d.Text == "" && d.Citation == nil && d.Signature == "" {
		return nil
	}
	return []llm.Event{d}
}

// end closes all parts; what was held back of other texts was theirs.
func (c *cutter) end() []llm.Event {
	var out []llm.Event
	for _, i := range c.open {
		out = append(append(out, given(llm.PartDelta{Index: i, Text: c.held[i]})...), llm.PartEnd{Index: i})
	}
	return out
}

// firstOf finds the sequence that is complete first, the longest of those that end together.
func firstOf(text string, stops []string) (at int, stop string) {
	end := len(text) + 1
	for _, s := range stops {
		i := strings.Index(text, s)
		if i < 0 || i+len(s) > end || i+len(s) == end && len(s) <= len(stop) {
			continue
		}
		at, stop, end = i, s, i+len(s)
	}
	return at, stop
}

// beginning gives the length of the longest end of a text that a sequence begins with.
func beginning(text string, stops []string) int {
	longest := 0
	for _, s := range stops {
		for n := min(len(s)-1, len(text)); n > longest; n-- {
			if strings.HasSuffix(text, s[:n]) {
				longest = n
			}
		}
	}
	return longest
}
