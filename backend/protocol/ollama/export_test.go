package ollama

// Rung is a row of the ladder, for its test.
type Rung struct{ Field, Fate string }

// Inbound is the ladder.
func Inbound() []Rung {
	out := []Rung{}
	for _, r := range inbound {
		out = append(out, Rung{r.field, string(r.fate)})
	}
	return out
}
