package llm

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Provenance is where a number is from.
type Provenance string

// The provenances.
const (
	Unknown   Provenance = "unknown"
	Reported  Provenance = "reported"  // by who served the call
	Counted   Provenance = "counted"   // by us, exactly
	Estimated Provenance = "estimated" // by us
)

// Count is a number of tokens that is either known or not. Its zero value is unknown, which is not the same as none.
type Count struct {
	n     int64
	known bool
	ours  Provenance // empty for what was reported
}

// Tokens is a count that was reported. A negative number, as odd upstream sums can give, counts as none.
func Tokens(n int64) Count { return Count{n: max(n, 0), known: true} }

// Estimate is a count that is estimated.
func Estimate(n int64) Count { return Count{max(n, 0), true, Estimated} }

// CountedAs is a count that we counted ourselves.
func CountedAs(n int64) Count { return Count{max(n, 0), true, Counted} }

// Provenance tells where the number is from.
func (c Count) Provenance() Provenance {
	switch {
	case !c.known:
		return Unknown
	case c.ours == "":
		return Reported
	}
	return c.ours
}

// Get gives the number and whether it is known.
func (c Count) Get() (int64, bool) { return c.n, c.known }

// Known tells whether there is a number.
func (c Count) Known() bool { return c.known }

// Or gives the number, or other where it is unknown.
func (c Count) Or(other int64) int64 {
	if c.known {
		return c.n
	}
	return other
}

// MarshalJSON writes the number, or null where it is unknown.
func (c Count) MarshalJSON() ([]byte, error) {
	if !c.known {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, c.n, 10), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Count) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		*c = Count{}
		return nil
	}
	var n int64
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*c = Tokens(n)
	return nil
}

// Usage is what a call consumed, in tokens, as disjoint numbers: input that came from or went into a cache is not in
// Input, whatever the dialect's own convention, and reasoning is part of Output (Reasoning says how much of it).
type Usage struct {
	Input        Count
	CacheRead    Count
	CacheWrite5m Count
	CacheWrite1h Count
	Output       Count
	Reasoning    Count
	// InputAudio, InputImage, CacheReadAudio, OutputAudio and OutputImage say how much of Input, CacheRead and Output was
	// sound or pictures, which have prices of their own.
	InputAudio     Count `json:",omitzero"`
	InputImage     Count `json:",omitzero"`
	CacheReadAudio Count `json:",omitzero"`
	OutputAudio    Count `json:",omitzero"`
	OutputImage    Count `json:",omitzero"`
	// Searches are web searches that the provider ran and bills one by one.
	Searches Count `json:",omitzero"`
	// Images are pictures that were made, VideoMs and AudioMs the length of film that was made and of sound that was
	// heard, in milliseconds, Characters what was spoken: what models cost that count no tokens.
	Images     Count `json:",omitzero"`
	VideoMs    Count `json:",omitzero"`
	AudioMs    Count `json:",omitzero"`
	Characters Count `json:",omitzero"`
	// Tier is the service tier that served the call, Region where it was served, in the source's words; empty where it
	// does not say.
	Tier   string `json:",omitzero"`
	Region string `json:",omitzero"`
	// Reported is what the source says that the call cost, Market what it says that it would cost at the maker's list
	// price, both in 1e-12 USD.
	Reported Count `json:",omitzero"`
	Market   Count `json:",omitzero"`
	// Raw is the source's own usage object.
	Raw json.RawMessage
}

// Provenance tells where the numbers are from that a call is billed by: the least certain one's.
func (u Usage) Provenance() Provenance {
	out := Unknown
	for _, c := range []Count{
		u.Input, u.CacheRead, u.CacheWrite5m, u.CacheWrite1h, u.Output, u.Images, u.VideoMs, u.AudioMs, u.Characters,
	} {
		switch from := c.Provenance(); {
		case from == Estimated:
			return Estimated
		case from != Unknown && out != Counted:
			out = from
		}
	}
	return out
}

// Known tells whether anything is known of what a call took.
func (u Usage) Known() bool {
	return u.Input.Known() || u.Output.Known() || u.Images.Known() || u.VideoMs.Known() || u.AudioMs.Known() || u.Characters.Known()
}

// FinishKind is why a model stopped.
type FinishKind string

// The reasons.
const (
	FinishStop          FinishKind = "stop"
	FinishStopSequence  FinishKind = "stop-sequence"
	FinishToolCalls     FinishKind = "tool-calls"
	FinishLength        FinishKind = "length"
	FinishContentFilter FinishKind = "content-filter"
	FinishRefusal       FinishKind = "refusal"
	FinishPause         FinishKind = "pause"
	FinishError         FinishKind = "error"
	FinishOther         FinishKind = "other"
)

// FinishReason is why a model stopped, with the source's own word beside ours.
type FinishReason struct {
	Kind FinishKind
	Raw  string
	// Sequence is the stop sequence that was met, empty where the source did not say which.
	Sequence string
}
