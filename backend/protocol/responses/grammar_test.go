package responses_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/protocol/sse"
)

// grammar checks a stream for a client: the rules of the official SDK's accumulator, those that Codex needs, and that
// the pieces add up to the whole.
type grammar struct {
	seq        int64
	id         string
	items      []*grammarItem
	identities map[string]bool
	terminal   string
	response   gjson.Result // the terminal event's
}

type grammarItem struct {
	id, kind, callID string
	content          []*grammarText
	summary          []*grammarText
	input            *grammarText
	done             gjson.Result
}

type grammarText struct {
	kind        string
	text        strings.Builder
	annotations []string
	whole, done bool
}

// checkStream gives the terminal event's name and response.
func checkStream(t testing.TB, stream []byte) (string, gjson.Result) {
	t.Helper()
	g := &grammar{identities: map[string]bool{}}
	r := sse.NewReader(bytes.NewReader(stream))
	for {
		e, err := r.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = g.event(e)
		}
		if err != nil {
			t.Fatalf("%v\nat %s\nin\n%s", err, e.Data, stream)
		}
	}
	if g.terminal == "" {
		t.Fatalf("no terminal event in\n%s", stream)
	}
	return g.terminal, g.response
}

func (g *grammar) event(e sse.Event) error {
	if !gjson.ValidBytes(e.Data) {
		return fmt.Errorf("not JSON")
	}
	data := gjson.ParseBytes(e.Data)
	kind := data.Get("type").String()
	switch {
	case kind != e.Name:
		return fmt.Errorf("event %q holds type %q", e.Name, kind)
	case data.Get("sequence_number").Int() != g.seq:
		return fmt.Errorf("sequence number %s where %d was due", data.Get("sequence_number").Raw, g.seq)
	case g.terminal != "":
		return fmt.Errorf("%s after %s", kind, g.terminal)
	case (g.seq == 0) != (kind == "response.created") || (g.seq == 1) != (kind == "response.in_progress"):
		return fmt.Errorf("%s at %d", kind, g.seq)
	}
	g.seq++
	if response := data.Get("response"); response.Exists() {
		return g.lifecycle(kind, response)
	}
	if kind == "response.output_item.added" {
		return g.added(data)
	}
	at := data.Get("output_index")
	if !at.Exists() || at.Int() < 0 || int(at.Int()) >= len(g.items) {
		return fmt.Errorf("no item at %s", at.Raw)
	}
	it := g.items[at.Int()]
	if it.done.Exists() {
		return fmt.Errorf("item %s is done", it.id)
	}
	if kind == "response.output_item.done" {
		return g.done(it, data.Get("item"))
	}
	if data.Get("item_id").String() != it.id {
		return fmt.Errorf("item_id %s where %s was due", data.Get("item_id").Raw, it.id)
	}
	return it.event(kind, data)
}

func (g *grammar) lifecycle(kind string, response gjson.Result) error {
	want := map[string]string{
		"response.created": "in_progress", "response.in_progress": "in_progress", "response.completed": "completed",
		"response.incomplete": "incomplete", "response.failed": "failed",
	}[kind]
	id := response.Get("id").String()
	switch {
	case want == "" || response.Get("status").String() != want:
		return fmt.Errorf("%s with status %s", kind, response.Get("status").Raw)
	case id == "" || g.id != "" && id != g.id:
		return fmt.Errorf("id %q after %q", id, g.id)
	case response.Get("object").String() != "response" || !response.Get("output").IsArray() || !response.Get("tools").IsArray():
		return fmt.Errorf("members are missing")
	}
	g.id = id
	if want == "in_progress" {
		return nil
	}
	g.terminal, g.response = kind, response
	output := response.Get("output").Array()
	if len(output) != len(g.items) {
		return fmt.Errorf("%d items in the response, %d in the stream", len(output), len(g.items))
	}
	for i, it := range g.items {
		if want != "failed" && !it.done.Exists() {
			return fmt.Errorf("item %s is not done", it.id)
		}
		if it.done.Exists() && it.done.Raw != output[i].Raw {
			return fmt.Errorf("item %s ended as %s and is %s in the response", it.id, it.done.Raw, output[i].Raw)
		}
	}
	if (want == "failed") != response.Get("error.message").Exists() {
		return fmt.Errorf("status %s with error %s", want, response.Get("error").Raw)
	}
	return nil
}

func (g *grammar) added(data gjson.Result) error {
	item := data.Get("item")
	it := &grammarItem{id: item.Get("id").String(), kind: item.Get("type").String(), callID: item.Get("call_id").String()}
	if data.Get("output_index").Int() != int64(len(g.items)) {
		return fmt.Errorf("item %d where %d was due", data.Get("output_index").Int(), len(g.items))
	}
	keys := []string{"id:" + it.id}
	switch it.kind {
	case "function_call", "custom_tool_call":
		it.input = &grammarText{}
		keys = append(keys, "call:"+it.callID)
		if it.callID == "" || item.Get("name").String() == "" {
			return fmt.Errorf("a call without id or name")
		}
	case "message":
		if item.Get("role").String() != "assistant" || !item.Get("content").IsArray() {
			return fmt.Errorf("an odd message")
		}
	}
	if it.id == "" {
		return fmt.Errorf("an item without id")
	}
	for _, key := range keys {
		if g.identities[key] {
			return fmt.Errorf("%s stands twice", key)
		}
		g.identities[key] = true
	}
	g.items = append(g.items, it)
	return nil
}

func (g *grammar) done(it *grammarItem, item gjson.Result) error {
	if item.Get("id").String() != it.id || item.Get("type").String() != it.kind || item.Get("call_id").String() != it.callID {
		return fmt.Errorf("item %s changed", it.id)
	}
	it.done = item
	for i, c := range it.content {
		own := item.Get(fmt.Sprintf("content.%d", i))
		if !c.done || own.Get("type").String() != c.kind || own.Get("text").String()+own.Get("refusal").String() != c.text.String() ||
			len(own.Get("annotations").Array()) != len(c.annotations) {
			return fmt.Errorf("content %d of %s does not add up", i, it.id)
		}
	}
	if it.kind == "message" && len(item.Get("content").Array()) != len(it.content) {
		return fmt.Errorf("%s has content that was not streamed", it.id)
	}
	for i, c := range it.summary {
		if !c.done || item.Get(fmt.Sprintf("summary.%d.text", i)).String() != c.text.String() {
			return fmt.Errorf("summary %d of %s does not add up", i, it.id)
		}
	}
	if it.kind == "reasoning" && len(item.Get("summary").Array()) != len(it.summary) {
		return fmt.Errorf("%s has a summary that was not streamed", it.id)
	}
	if it.input != nil && (!it.input.done || item.Get("arguments").String()+item.Get("input").String() != it.input.text.String()) {
		return fmt.Errorf("the input of %s does not add up", it.id)
	}
	return nil
}

func (it *grammarItem) event(kind string, data gjson.Result) error {
	name := strings.TrimPrefix(kind, "response.")
	list, at := &it.content, int(data.Get("content_index").Int())
	wantKind := "message"
	switch {
	case strings.HasPrefix(name, "reasoning_summary"):
		list, at, wantKind = &it.summary, int(data.Get("summary_index").Int()), "reasoning"
	case strings.HasPrefix(name, "function_call_arguments"):
		wantKind = "function_call"
	case strings.HasPrefix(name, "custom_tool_call_input"):
		wantKind = "custom_tool_call"
	}
	if it.kind != wantKind {
		return fmt.Errorf("%s for an item of type %s", kind, it.kind)
	}
	if strings.HasSuffix(name, "part.added") {
		if at != len(*list) {
			return fmt.Errorf("part %d where %d was due", at, len(*list))
		}
		*list = append(*list, &grammarText{kind: data.Get("part.type").String()})
		return nil
	}
	text := it.input
	if text == nil {
		if at >= len(*list) {
			return fmt.Errorf("no part %d", at)
		}
		text = (*list)[at]
	}
	return text.event(name, data)
}

func (c *grammarText) event(name string, data gjson.Result) error {
	what, step, _ := strings.Cut(name, ".")
	switch {
	case c.done, c.whole && step == "delta":
		return fmt.Errorf("%s after the end", name)
	case step == "delta":
		c.text.WriteString(data.Get("delta").String())
	case name == "output_text.annotation.added":
		if data.Get("annotation_index").Int() != int64(len(c.annotations)) {
			return fmt.Errorf("annotation %d where %d was due", data.Get("annotation_index").Int(), len(c.annotations))
		}
		c.annotations = append(c.annotations, data.Get("annotation").Raw)
	case strings.HasSuffix(what, "_part") && step == "done":
		if !c.whole || data.Get("part.text").String()+data.Get("part.refusal").String() != c.text.String() {
			return fmt.Errorf("%s does not add up", name)
		}
		c.done = true
	case step == "done":
		whole := data.Get("text").String() + data.Get("refusal").String() + data.Get("arguments").String() + data.Get("input").String()
		if whole != c.text.String() {
			return fmt.Errorf("%s has %q, the deltas %q", name, whole, c.text.String())
		}
		c.whole = true
		c.done = what == "function_call_arguments" || what == "custom_tool_call_input"
	default:
		return fmt.Errorf("unknown event %s", name)
	}
	return nil
}
