package responses

// OutboundFields are the rows of the outbound ladder.
func OutboundFields() []string {
	var out []string
	for _, r := range outbound {
		out = append(out, r.field)
	}
	return out
}

// InboundFates are the rows of the inbound ladder.
func InboundFates() map[string]string {
	out := map[string]string{}
	for _, r := range inbound {
		out[r.field] = string(r.fate)
	}
	return out
}
