package fit

// Fate is what becomes of a field of the vocabulary in a dialect.
type Fate string

// The fates, from best to worst.
const (
	// Carried means that the dialect has the same.
	Carried Fate = "carried"
	// Mapped means that the dialect says it in another way.
	Mapped Fate = "mapped"
	// Dropped means that the answer is no other without it; a notice tells of it.
	Dropped Fate = "dropped"
	// Refused means that the answer would be another without it.
	Refused Fate = "refused"
)

// Rung is one row of a dialect's field ladder.
type Rung struct {
	Field string
	Fate  Fate
	// Why says how, or why not.
	Why string
}
