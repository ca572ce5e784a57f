package responses

// settle brings the items into the form that the API demands: each call is answered, and reasoning is followed by what
// it led to.
func (e *requestEncoder) settle() {
	var out []inputItem
	for i, it := range e.items {
		if it.kind == "reasoning" && !e.leadsOn(i) {
			e.notice("messages", "reasoning that led to nothing was left out")
			continue
		}
		out = append(out, it)
	}
	// A missing answer goes behind the calls that stand together with its own.
	var waiting []*callState
	e.items = nil
	answer := func() {
		for _, call := range waiting {
			kind := "function_call_output"
			if call.freeform {
				kind = "custom_tool_call_output"
			}
			e.notice("messages", "a tool call without a result was given one that says so")
			e.add("", outputItem{kind, call.id, "(no result)"})
		}
		waiting = nil
	}
	for _, it := range out {
		if it.kind == "" {
			answer()
		}
		e.items = append(e.items, it)
		if it.call != nil && !it.call.answered {
			waiting = append(waiting, it.call)
		}
	}
	answer()
}

// leadsOn tells whether a message or call of the same turn follows the reasoning at i.
func (e *requestEncoder) leadsOn(i int) bool {
	for _, it := range e.items[i+1:] {
		switch it.kind {
		case "assistant":
			return true
		case "":
			return false
		}
	}
	return false
}
