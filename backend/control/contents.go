package control

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/backend/contents"
	"gatehouse/backend/llm"
	"gatehouse/backend/settings"
)

// EventContents is the type of the event that says that what a request's client sent and got can be read now. It carries a
// UsageRef, and may get lost.
const EventContents = "contents"

// ContentsRule says how long a project's prompts and answers are kept ("" is the requests without a project): a length of time
// such as 24h or 7d. Empty turns it off, and removes what is kept.
type ContentsRule struct {
	Project string `json:"project"`
	Keep    string `json:"keep"`
}

// ContentsList is what is kept of prompts and answers.
type ContentsList struct {
	Projects []ProjectContents `json:"projects"`
	// Bytes are on the disk; beyond MaxBytes the oldest are removed.
	Bytes    int64 `json:"bytes"`
	MaxBytes int64 `json:"maxBytes"`
	// Lost counts the requests since the start that were not kept since there was no room in memory, and Problem says what is
	// wrong with the disk; empty if nothing is.
	Lost    int64  `json:"lost"`
	Problem string `json:"problem"`
}

// ProjectContents is what is kept of a project. Keep is empty where nothing new is.
type ProjectContents struct {
	Project  string `json:"project"`
	Keep     string `json:"keep"`
	Requests int64  `json:"requests"`
	Bytes    int64  `json:"bytes"`
}

// RequestContents is what a client sent and got. Where it is not kept, Kept is false and the rest is empty.
type RequestContents struct {
	Kept bool `json:"kept"`
	// Keep is for how long contents of the request's project are kept now; empty where they are not.
	Keep string `json:"keep"`
	// Until is when they expire.
	Until   *time.Time   `json:"until"`
	Request *ContentText `json:"request"`
	Answer  *ContentText `json:"answer"`
	// Messages are the request's turns and Answered the answer, to be read; empty where they can't be.
	Messages []ContentMessage `json:"messages"`
	Answered []ContentPart    `json:"answered"`
}

// ContentText is a body as it was sent, without the secrets in it. Bytes is how long it was.
type ContentText struct {
	Text      string `json:"text"`
	Bytes     int64  `json:"bytes"`
	Truncated bool   `json:"truncated"`
	// Missing says why nothing of it is kept; empty otherwise.
	Missing string `json:"missing"`
}

// ContentMessage is one turn.
type ContentMessage struct {
	Role  string        `json:"role"`
	Parts []ContentPart `json:"parts"`
}

// ContentPart is a piece of a turn. Name is the tool's, or says what a file is.
type ContentPart struct {
	Kind string `json:"kind" enum:"text,reasoning,refusal,call,result,media,other"`
	Name string `json:"name"`
	Text string `json:"text"`
}

// shown writes a length of time as people do: 7d, 24h, 90m.
func shown(keep settings.Duration) string {
	const day = settings.Duration(24 * time.Hour)
	if keep >= 2*day && keep%day == 0 {
		return strconv.FormatInt(int64(keep/day), 10) + "d"
	}
	text, err := keep.MarshalText()
	if err != nil { // it never fails
		return time.Duration(keep).String()
	}
	return string(text)
}

// contentsKept are the projects whose contents are kept, in order of name.
func (s *Service) contentsKept() []ContentsRule {
	out := []ContentsRule{}
	projects := s.Settings.Snapshot().Projects
	for _, name := range slices.Sorted(maps.Keys(projects)) {
		if keep := projects[name].KeepContents; keep > 0 {
			out = append(out, ContentsRule{name, shown(keep)})
		}
	}
	return out
}

func (s *Service) contentsList() ContentsList {
	state := s.Contents.State()
	out := ContentsList{Projects: []ProjectContents{}, MaxBytes: contents.MaxBytes, Lost: state.Lost, Problem: state.Problem}
	rules := map[string]string{}
	for _, r := range s.contentsKept() {
		rules[r.Project] = r.Keep
	}
	names := map[string]bool{}
	for name := range rules {
		names[name] = true
	}
	for name := range state.Projects {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		sum := state.Projects[name]
		out.Projects = append(out.Projects, ProjectContents{name, rules[name], sum.Requests, sum.Bytes})
		out.Bytes += sum.Bytes
	}
	return out
}

// setContents turns keeping a project's contents on or off. When it returns, what is not to be kept any more is gone.
func (s *Service) setContents(_ context.Context, r ContentsRule) (ContentsList, error) {
	keep, err := parseKeep(r.Keep)
	if err != nil {
		return ContentsList{}, err
	}
	err = s.Settings.Modify(func(set *settings.Settings) error {
		if set.Projects == nil {
			set.Projects = map[string]settings.Project{}
		}
		p := set.Projects[r.Project]
		p.KeepContents = keep
		if p == (settings.Project{}) {
			delete(set.Projects, r.Project)
		} else {
			set.Projects[r.Project] = p
		}
		return nil
	})
	if err != nil {
		return ContentsList{}, err
	}
	s.ContentsChanged()
	s.Changed()
	return s.contentsList(), nil
}

// parseKeep reads a length of time, which may be in days; empty is none. There is no way to say for good.
func parseKeep(text string) (settings.Duration, error) {
	if text == "" {
		return 0, nil
	}
	refused := llm.Errorf(llm.ErrBadRequest, "%q says not for how long to keep contents; say 24h or 7d, at most 90d", text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 90 {
			return 0, refused
		}
		return settings.Duration(n) * settings.Duration(24*time.Hour), nil
	}
	var keep settings.Duration
	if err := keep.UnmarshalText([]byte(text)); err != nil || keep == 0 {
		return 0, refused
	}
	return keep, nil
}

// contentsOf gives what a client sent and got.
func (s *Service) contentsOf(ctx context.Context, ref UsageRef) (RequestContents, error) {
	record, err := s.usageGet(ctx, ref)
	if err != nil {
		return RequestContents{}, err
	}
	out := RequestContents{Messages: []ContentMessage{}, Answered: []ContentPart{}}
	if keep := s.Settings.Snapshot().Projects[record.Project].KeepContents; keep > 0 {
		out.Keep = shown(keep)
	}
	kept, err := s.Contents.Get(ref.ID)
	if errors.Is(err, contents.ErrNotKept) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Kept, out.Until = true, &kept.Until
	out.Request, out.Answer = contentText(kept.Request, kept.RequestText), contentText(kept.Answer, kept.AnswerText)
	for _, m := range kept.Messages() {
		out.Messages = append(out.Messages, ContentMessage{m.Role, contentParts(m.Parts)})
	}
	out.Answered = append(out.Answered, contentParts(kept.Answered())...)
	return out, nil
}

func contentText(b contents.Body, text []byte) *ContentText {
	return &ContentText{Text: string(text), Bytes: b.Bytes, Truncated: b.Truncated, Missing: b.Missing}
}

func contentParts(parts []contents.Part) []ContentPart {
	out := []ContentPart{}
	for _, p := range parts {
		out = append(out, ContentPart(p))
	}
	return out
}
