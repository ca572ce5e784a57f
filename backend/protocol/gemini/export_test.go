package gemini

// What the tests walk.
var (
	OpenAPI    = openAPI
	NoConst    = noConst
	JSONSchema = jsonSchema
)

// Rung is a line of a ladder.
type Rung struct{ Field, Fate, Why string }

func rungs(list []rung) (out []Rung) {
	for _, r := range list {
		out = append(out, Rung{r.field, string(r.fate), r.why})
	}
	return out
}

// Outbound and Inbound are the ladders.
func Outbound() []Rung { return rungs(outbound) }
func Inbound() []Rung  { return rungs(inbound) }
