package gemini

import (
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
)

// names maps the caller's tool names to ones that the API takes (API reference, "FunctionDeclaration"): what every
// dialect takes, and a letter or '_' first.
type names struct {
	fit   *fit.Names
	lead  map[string]string // names that needed another start
	plain map[string]string // and back
}

func newNames(req *llm.Request) *names {
	n := &names{fit: fit.NewNames(req), lead: map[string]string{}, plain: map[string]string{}}
	taken := map[string]bool{}
	var all []string
	note := func(name string) {
		if name == "" {
			return
		}
		name = n.fit.Out(name)
		if !taken[name] {
			taken[name] = true
			all = append(all, name)
		}
	}
	for _, t := range req.Tools {
		note(t.Name)
	}
	if req.ToolChoice != nil {
		note(req.ToolChoice.Name)
	}
	for _, m := range req.Messages {
		for _, p := range m.Parts {
			switch p := p.(type) {
			case llm.ToolCall:
				note(p.Name)
			case llm.ToolResult:
				note(p.Name)
			}
		}
	}
	for _, name := range all {
		if startsWell(name) {
			continue
		}
		lead := fit.Plain("_"+name, fit.MaxName)
		for i := 2; taken[lead]; i++ {
			lead = fit.Plain("_"+name+"_"+strconv.Itoa(i), fit.MaxName)
		}
		taken[lead] = true
		n.lead[name], n.plain[lead] = lead, name
	}
	return n
}

func startsWell(name string) bool {
	return name != "" && (name[0] == '_' || name[0] >= 'A' && name[0] <= 'Z' || name[0] >= 'a' && name[0] <= 'z')
}

// out gives the name to send for one of the caller's.
func (n *names) out(name string) string {
	name = n.fit.Out(name)
	if lead, ok := n.lead[name]; ok {
		return lead
	}
	return name
}

// Restore undoes in an answer what EncodeRequest did to fit its request: tools have the caller's names again, and calls
// of the functions that played free-form tools are free-form calls.
func Restore(req *llm.Request, in llm.Stream) llm.Stream {
	n := newNames(req)
	if len(n.plain) == 0 {
		return fit.Restore(req, in)
	}
	return fit.Restore(req, func(yield func(llm.Event, error) bool) {
		for e, err := range in {
			if start, ok := e.(llm.PartStart); ok {
				if call, ok := start.Part.(llm.ToolCall); ok {
					if name, ok := n.plain[call.Name]; ok {
						call.Name = name
						start.Part = call
						e = start
					}
				}
			}
			if !yield(e, err) {
				return
			}
		}
	})
}
