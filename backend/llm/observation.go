package llm

// Observation is what a tap read from an answer that passed by without being decoded.
type Observation struct {
	// ID and Model are the answer's own, empty if it has none.
	ID, Model string
	Usage     Usage
	Finish    FinishReason
	// Content tells that a first piece of content (text, reasoning, a tool call) was seen.
	Content bool
	// Ended tells that the dialect's terminal marker was seen; a stream without it was cut off.
	Ended bool
	// Err is the error that came inside the answer, nil if there was none.
	Err *Error
}

// Tap observes an answer's bytes. What it can't read it leaves out; it never fails.
type Tap interface {
	// Write takes the next bytes and gives what is known so far.
	Write(p []byte) *Observation
	// Close gives what is known at the end of the answer.
	Close() *Observation
}
