package usage

import (
	"encoding/binary"
	"errors"
	"slices"

	"gatehouse/backend/gateway"
)

// Other stands in roll-ups for the names that came after an hour had too many of them.
const Other = "(other)"

// series is what the requests of one roll-up have in common. Requests with a user or tags are counted twice: without them
// among all others (labelled tells that they are elsewhere, too), and with them in series of their own (labels). So many
// users make no report slower that does not ask for them, and those that do find all requests in the labels and in
// what is not labelled.
type series struct {
	provider, model, project, keyID, key, client string
	// credential is what kind paid: own, gateway, request or none.
	credential, outcome, errorKind string
	labelled, labels               bool
	user                           string
	tags                           []string // sorted, each once
}

// seriesOf gives the series that a record counts in: one, or two where it has a user or tags.
func seriesOf(r *Record) (plain series, labels *series) {
	plain = series{
		provider: r.Provider, model: r.servedModel(), project: r.Project, keyID: r.KeyID, key: r.Key, client: r.Client,
		credential: r.CredentialType(), outcome: string(r.Outcome), errorKind: string(r.ErrorKind),
		labelled: r.User != "" || len(r.Tags) > 0,
	}
	if plain.labelled {
		with := plain
		with.labels, with.user = true, r.User
		with.tags = slices.Clone(r.Tags)
		slices.Sort(with.tags)
		with.tags = slices.Compact(with.tags)
		labels = &with
	}
	return plain, labels
}

// coarser leaves out what has no bound: first who asked, then what for. What is left (projects, keys, providers, outcomes)
// is as much as the user has set up.
func (s series) coarser(level int) series {
	s.client = Other
	if s.labels {
		s.user, s.tags = Other, nil
	}
	if level > 1 {
		s.model = Other
	}
	return s
}

const (
	flagLabelled = 1 << iota
	flagLabels
)

// append writes the series as a key: two series are equal where their keys are.
func (s *series) append(b []byte) []byte {
	var flags byte
	if s.labelled {
		flags |= flagLabelled
	}
	if s.labels {
		flags |= flagLabels
	}
	b = append(b, flags)
	for _, text := range s.texts() {
		b = binary.AppendUvarint(b, uint64(len(*text)))
		b = append(b, *text...)
	}
	for _, tag := range s.tags {
		b = binary.AppendUvarint(b, uint64(len(tag)))
		b = append(b, tag...)
	}
	return b
}

func (s *series) texts() [10]*string {
	return [10]*string{
		&s.provider, &s.model, &s.project, &s.keyID, &s.key, &s.client, &s.credential, &s.outcome, &s.errorKind, &s.user,
	}
}

var errSeries = errors.New("broken series")

// parseSeries reads what append wrote.
func parseSeries(b []byte) (s series, err error) {
	if len(b) == 0 || b[0]&^(flagLabelled|flagLabels) != 0 {
		return s, errSeries
	}
	s.labelled, s.labels = b[0]&flagLabelled != 0, b[0]&flagLabels != 0
	b = b[1:]
	for _, text := range s.texts() {
		if *text, b, err = cutText(b); err != nil {
			return s, err
		}
	}
	for len(b) > 0 {
		var tag string
		if tag, b, err = cutText(b); err != nil {
			return s, err
		}
		s.tags = append(s.tags, tag)
	}
	return s, nil
}

func cutText(b []byte) (text string, rest []byte, err error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return "", nil, errSeries
	}
	return string(b[size : size+int(n)]), b[size+int(n):], nil
}

// servedModel is the model that served, or the requested one where none did.
func (r *Record) servedModel() string {
	if r.Model != "" {
		return r.Model
	}
	return r.RequestedModel
}

// CredentialType is what kind of credential the last attempt had: own, gateway, request or none; empty where there was no
// attempt.
func (r *Record) CredentialType() string {
	if len(r.Attempts) == 0 {
		return ""
	}
	return r.Attempts[len(r.Attempts)-1].CredentialType
}

// Unpriced tells of a request that cost something nobody knows. One that runs may still tell, and one that failed before a
// provider counted any tokens cost nothing, as far as anybody can tell.
func (r *Record) Unpriced() bool {
	switch r.Outcome {
	case gateway.Open:
		return false
	case gateway.Failed:
		return r.CostPicoUSD == nil && (r.InputTokens != nil || r.OutputTokens != nil)
	}
	return r.CostPicoUSD == nil
}
