package usage

import (
	"encoding/json"
	"strconv"
	"time"

	"gatehouse/backend/gateway"
)

// appendRecord writes a record as json.Marshal would, at a third of its cost: each request is written twice, as it opens
// and as it ends. A test holds the two to each other.
func appendRecord(b []byte, r *Record) ([]byte, error) {
	stamp, err := r.StartedAt.MarshalJSON() // a date outside of the years 0 to 9999 can't be written
	if err != nil {
		return b, err
	}
	b = appendString(append(b, `{"id":`...), r.ID)
	b = append(append(b, `,"startedAt":`...), stamp...)
	if r.KeyID != "" {
		b = appendString(append(b, `,"keyId":`...), r.KeyID)
	}
	b = appendString(append(b, `,"key":`...), r.Key)
	b = appendString(append(b, `,"project":`...), r.Project)
	b = appendString(append(b, `,"client":`...), r.Client)
	b = appendString(append(b, `,"dialect":`...), r.Dialect)
	if r.Surface != "" {
		b = appendString(append(b, `,"surface":`...), r.Surface)
	}
	b = strconv.AppendBool(append(b, `,"stream":`...), r.Stream)
	b = appendString(append(b, `,"requestedModel":`...), r.RequestedModel)
	b = appendString(append(b, `,"model":`...), r.Model)
	b = appendString(append(b, `,"provider":`...), r.Provider)
	if r.UpstreamID != "" {
		b = appendString(append(b, `,"upstreamId":`...), r.UpstreamID)
	}
	if r.User != "" {
		b = appendString(append(b, `,"user":`...), r.User)
	}
	b = appendStrings(b, `,"tags":[`, r.Tags)
	b = appendMember(b, `,"conversation":`, r.Conversation)
	if r.Prefix != nil { // it is rare
		broke, err := json.Marshal(r.Prefix)
		if err != nil {
			return b, err
		}
		b = append(append(b, `,"prefix":`...), broke...)
	}
	b = appendNumber(append(b, `,"inputTokens":`...), r.InputTokens)
	b = appendNumber(append(b, `,"cacheReadTokens":`...), r.CacheReadTokens)
	b = appendNumber(append(b, `,"cacheWrite5mTokens":`...), r.CacheWrite5mTokens)
	b = appendNumber(append(b, `,"cacheWrite1hTokens":`...), r.CacheWrite1hTokens)
	b = appendNumber(append(b, `,"outputTokens":`...), r.OutputTokens)
	b = appendNumber(append(b, `,"reasoningTokens":`...), r.ReasoningTokens)
	b = appendNumber(append(b, `,"costPicoUSD":`...), r.CostPicoUSD)
	if r.OtherCostPicoUSD != nil {
		b = appendNumber(append(b, `,"otherCostPicoUSD":`...), r.OtherCostPicoUSD)
	}
	if r.ReportedCostPicoUSD != nil {
		b = appendNumber(append(b, `,"reportedCostPicoUSD":`...), r.ReportedCostPicoUSD)
	}
	if r.MarketCostPicoUSD != nil {
		b = appendNumber(append(b, `,"marketCostPicoUSD":`...), r.MarketCostPicoUSD)
	}
	if r.CacheSavedPicoUSD != nil {
		b = appendNumber(append(b, `,"cacheSavedPicoUSD":`...), r.CacheSavedPicoUSD)
	}
	if r.Bill != nil {
		b = appendBill(append(b, `,"bill":`...), r.Bill)
	}
	b = appendStrings(b, `,"estimated":[`, r.Estimated)
	b = appendStrings(b, `,"counted":[`, r.Counted)
	if r.Reserved != nil {
		b = appendNumber(append(b, `,"reserved":{"picoUSD":`...), r.Reserved.PicoUSD)
		b = strconv.AppendInt(append(b, `,"tokens":`...), r.Reserved.Tokens, 10)
		b = append(strconv.AppendInt(append(b, `,"bytes":`...), r.Reserved.Bytes, 10), '}')
	}
	b = appendNumber(append(b, `,"timeToFirstTokenMs":`...), r.FirstTokenMs)
	b = appendNumber(append(b, `,"durationMs":`...), r.DurationMs)
	b = appendString(append(b, `,"outcome":`...), string(r.Outcome))
	b = strconv.AppendInt(append(b, `,"status":`...), int64(r.Status), 10)
	b = appendString(append(b, `,"errorKind":`...), string(r.ErrorKind))
	b = appendString(append(b, `,"error":`...), r.Error)
	b = appendString(append(b, `,"finishReason":`...), string(r.FinishReason))
	b = appendStrings(b, `,"notices":[`, r.Notices)
	if r.Rollout != "" {
		b = appendString(append(b, `,"rollout":`...), r.Rollout)
	}
	if r.Arm != "" {
		b = appendString(append(b, `,"arm":`...), r.Arm)
	}
	if r.ArmServed {
		b = append(b, `,"armServed":true`...)
	}
	b = append(b, `,"attempts":`...)
	if b, err = appendAttempts(b, r); err != nil {
		return b, err
	}
	return append(b, '}'), nil
}

// appendStrings writes a member that is a list, if there is anything in it. begin is its name up to the first bracket.
func appendStrings(b []byte, begin string, list []string) []byte {
	for i, text := range list {
		if i == 0 {
			b = append(b, begin...)
		} else {
			b = append(b, ',')
		}
		b = appendString(b, text)
	}
	if len(list) > 0 {
		b = append(b, ']')
	}
	return b
}

func appendAttempts(b []byte, r *Record) ([]byte, error) {
	if r.Attempts == nil {
		return append(b, "null"...), nil
	}
	b = append(b, '[')
	for i, a := range r.Attempts {
		if i > 0 {
			b = append(b, ',')
		}
		if y := a.At.Year(); y < 0 || y > 9999 {
			return b, &json.UnsupportedValueError{Str: a.At.String()}
		}
		b = appendString(append(b, `{"provider":`...), a.Provider)
		b = appendString(append(b, `,"model":`...), a.Model)
		b = appendMember(b, `,"credential":`, a.Credential)
		b = appendMember(b, `,"credentialType":`, a.CredentialType)
		b = appendString(append(b, `,"reason":`...), a.Reason)
		b = append(a.At.AppendFormat(append(b, `,"at":"`...), time.RFC3339Nano), '"')
		if a.Duration != 0 {
			b = strconv.AppendInt(append(b, `,"duration":`...), int64(a.Duration), 10)
		}
		b = appendMember(b, `,"outcome":`, string(a.Outcome))
		b = strconv.AppendInt(append(b, `,"status":`...), int64(a.Status), 10)
		b = appendMember(b, `,"errorKind":`, string(a.Kind))
		b = appendMember(b, `,"error":`, a.Error)
		if a.Used != (gateway.Used{}) {
			used, err := json.Marshal(a.Used)
			if err != nil {
				return b, err
			}
			b = append(append(b, `,"used":`...), used...)
		}
		if a.CostPicoUSD != nil {
			b = appendNumber(append(b, `,"costPicoUSD":`...), a.CostPicoUSD)
		}
		b = append(b, '}')
	}
	return append(b, ']'), nil
}

// appendMember writes a member that is left out where it is empty.
func appendMember(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendString(append(b, name...), value)
}

func appendNumber(b []byte, n *int64) []byte {
	if n == nil {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, *n, 10)
}

// appendString writes a string; one with anything but plain ASCII in it is left to encoding/json.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			text, err := json.Marshal(s)
			if err != nil { // strings always marshal
				return append(b, `""`...)
			}
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
