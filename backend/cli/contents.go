package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/backend/control"
)

type contentsCommands struct {
	List contentsListCommand `cmd:"" default:"1" help:"Show whose prompts and answers are kept, and how much there is."`
	Keep contentsKeepCommand `cmd:"" help:"Keep the prompts and answers of a project for a time."`
	Off  contentsOffCommand  `cmd:"" help:"Keep nothing of a project any more, and remove what there is."`
}

type contentsListCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c contentsListCommand) Run(s *session) error {
	list, err := call[control.ContentsList](s, "contents.list", control.Empty{})
	if err != nil {
		return err
	}
	return s.contents(list, c.JSON)
}

type contentsKeepCommand struct {
	Project string `arg:"" help:"The project; \"\" is the requests without one."`
	For     string `arg:"" help:"For how long, such as 24h or 7d; 90d at most."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// Validate says what is wrong with the arguments before anything is asked.
func (c contentsKeepCommand) Validate() error {
	if strings.TrimSpace(c.For) == "" {
		return errors.New("say for how long, such as 24h or 7d; nothing is kept for good")
	}
	return nil
}

func (c contentsKeepCommand) Run(s *session) error {
	list, err := call[control.ContentsList](s, "contents.set", control.ContentsRule{Project: c.Project, Keep: c.For})
	if err != nil {
		return err
	}
	return s.contents(list, c.JSON)
}

type contentsOffCommand struct {
	Project string `arg:"" help:"The project; \"\" is the requests without one."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

func (c contentsOffCommand) Run(s *session) error {
	list, err := call[control.ContentsList](s, "contents.set", control.ContentsRule{Project: c.Project})
	if err != nil {
		return err
	}
	return s.contents(list, c.JSON)
}

func (s *session) contents(list control.ContentsList, json bool) error {
	if json {
		return s.json(list)
	}
	if len(list.Projects) == 0 {
		s.print("no prompts and answers are kept\n")
		return nil
	}
	rows := [][]string{{"PROJECT", "KEPT FOR", "REQUESTS", "BYTES"}}
	for _, p := range list.Projects {
		rows = append(rows, []string{p.Project, p.Keep, fmt.Sprint(p.Requests), fmt.Sprint(p.Bytes)})
	}
	s.table(rows)
	if list.Problem != "" {
		s.print("! %s\n", list.Problem)
	}
	return nil
}

// one shows a request whole: what is known of it, and what the client sent and got where that is kept.
func (c usageCommand) one(s *session) error {
	r, err := call[control.UsageRecord](s, "usage.get", control.UsageRef{ID: c.ID})
	if err != nil {
		return err
	}
	kept, err := call[control.RequestContents](s, "contents.get", control.UsageRef{ID: c.ID})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(struct {
			Record   control.UsageRecord     `json:"record"`
			Contents control.RequestContents `json:"contents"`
		}{r, kept})
	}
	s.table([][]string{
		{"id", r.ID},
		{"started", r.StartedAt.Local().Format(time.DateTime)},
		{"outcome", strings.TrimSpace(r.Outcome + "  " + r.Error)},
		{"key", r.Key},
		{"project", r.Project},
		{"client", r.Client},
		{"model", r.RequestedModel + " -> " + r.Model + " (" + r.Provider + ")"},
		{"tokens", "in " + number(r.InputTokens) + ", cached " + number(r.CacheRead) + ", out " + number(r.OutputTokens)},
		{"cost", cost(r.CostPicoUSD)},
		{"times", millis(r.FirstTokenMs) + " to the first token, " + millis(r.DurationMs) + " in all"},
	})
	return s.exchange(r, kept)
}

// exchange prints the turns of a request and its answer, or their texts where they can't be read.
func (s *session) exchange(r control.UsageRecord, kept control.RequestContents) error {
	if !kept.Kept {
		s.print("\nThe prompt and the answer are not kept.")
		if kept.Keep == "" {
			s.print(" To keep those to come for a day: gatehouse contents keep %q 24h", r.Project)
		}
		s.print("\n")
		return nil
	}
	s.print("\nKept until %s\n", kept.Until.Local().Format(time.DateTime))
	for _, m := range kept.Messages {
		s.parts(m.Role, m.Parts)
	}
	if len(kept.Messages) == 0 {
		s.body("request", kept.Request)
	}
	s.parts("answer", kept.Answered)
	if len(kept.Answered) == 0 {
		s.body("answer", kept.Answer)
	}
	return nil
}

func (s *session) parts(who string, parts []control.ContentPart) {
	for _, p := range parts {
		title := who
		if p.Kind != "text" {
			title += ", " + p.Kind
		}
		if p.Name != "" {
			title += " " + p.Name
		}
		s.print("\n--- %s\n%s\n", title, strings.TrimRight(p.Text, "\n"))
	}
}

func (s *session) body(who string, text *control.ContentText) {
	switch {
	case text.Missing != "":
		s.print("\n--- %s: %d bytes, not kept: %s\n", who, text.Bytes, text.Missing)
	case text.Text != "":
		s.print("\n--- %s\n%s\n", who, strings.TrimRight(text.Text, "\n"))
	}
	if text.Truncated {
		s.print("(of %d bytes)\n", text.Bytes)
	}
}
