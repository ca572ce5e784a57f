package fit

import "gatehouse/backend/llm"

// Size is about how many bytes a request takes when it is written, so that it is written into memory that lasts.
func Size(req *llm.Request) int {
	const (
		around = 1 << 10 // what stands around messages and tools
		each   = 96      // the names of a part's members, ids
	)
	size := around + len(req.Metadata)
	var parts func([]llm.Part)
	parts = func(list []llm.Part) {
		for _, p := range list {
			size += each
			switch p := p.(type) {
			case llm.Text:
				size += escaped(len(p.Text))
			case llm.Refusal:
				size += escaped(len(p.Text))
			case llm.Reasoning:
				size += escaped(len(p.Text)) + len(p.Signature) + len(p.Opaque)
			case llm.Media:
				size += len(p.Data)*4/3 + len(p.URL)
			case llm.ToolCall:
				size += escaped(len(p.Input)) + len(p.Name) + len(p.Signature)
			case llm.ToolResult:
				parts(p.Parts)
			case llm.Opaque:
				size += len(p.Raw)
			}
		}
	}
	for _, m := range req.Messages {
		parts(m.Parts)
	}
	for _, t := range req.Tools {
		size += each + len(t.Name) + escaped(len(t.Description)) + len(t.InputSchema) + len(t.Freeform)
	}
	return size
}

// escaped is what a text of code takes with its escapes.
func escaped(n int) int { return n + n/8 }
