package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"gatehouse/backend/connect"
	"gatehouse/backend/control"
	"gatehouse/backend/llm"
)

type connectCommand struct {
	Editor string `arg:"" optional:"" help:"The editor; without one, all are listed."`
	DryRun bool   `help:"Show what would change, and change nothing."`
	Revert bool   `help:"Take back what was changed, and revoke the editor's key."`
	Model  string `help:"The model the editor is to ask for; whatever is active, if not given."`
	Yes    bool   `short:"y" help:"Don't ask."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

func (c connectCommand) Run(s *session) error {
	if c.Editor == "" {
		return c.list(s)
	}
	plan, err := call[control.EditorPlan](s, "connect.plan", control.EditorChange{Editor: c.Editor, Model: c.Model, Revert: c.Revert, Place: ownPlace()})
	if err != nil {
		return err
	}
	if c.DryRun {
		return c.show(s, plan)
	}
	if !c.Yes {
		if err := c.ask(s, plan); err != nil {
			return err
		}
	}
	var done control.EditorPlan
	if c.Revert {
		done, err = call[control.EditorPlan](s, "connect.revert", control.EditorRef{Editor: c.Editor})
	} else {
		done, err = call[control.EditorPlan](s, "connect.apply", control.EditorChoice{Editor: c.Editor, Model: c.Model, Place: ownPlace()})
	}
	if err != nil {
		return err
	}
	if c.JSON || c.Yes {
		return c.show(s, done)
	}
	done.Diff, done.Notices = "", nil // they were shown
	return c.show(s, done)
}

// ownPlace is where whoever runs the command has editors: the server may run with another home and other variables.
func ownPlace() control.EditorPlace {
	p := control.EditorPlace{Variables: map[string]string{}}
	p.Home, _ = os.UserHomeDir() // without one the server's is taken
	for _, name := range connect.Variables {
		p.Variables[name] = os.Getenv(name)
	}
	return p
}

func (c connectCommand) list(s *session) error {
	list, err := call[control.EditorList](s, "connect.list", ownPlace())
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(list.Editors)
	}
	rows := [][]string{{"EDITOR", "NAME", "FOUND", "CONNECTED", "FILE"}}
	for _, e := range list.Editors {
		found, connected, file := "", "", "by hand"
		if e.Detected {
			found = "yes"
		}
		if e.Connected {
			connected = e.Model
		}
		if len(e.Files) > 0 {
			file = strings.Join(e.Files, ", ")
		}
		rows = append(rows, []string{e.ID, e.Name, found, connected, file})
	}
	s.table(rows)
	return nil
}

func (c connectCommand) show(s *session, p control.EditorPlan) error {
	if c.JSON {
		return s.json(p)
	}
	s.print("%s", p.Diff)
	if p.Diff == "" && c.DryRun && len(p.Files) == 0 {
		s.print("no file changes\n")
	}
	for _, step := range p.Steps {
		if step.Value != "" {
			step.Text += ": " + step.Value
		}
		s.print("%s\n", step.Text)
	}
	for _, notice := range p.Notices {
		s.print("! %s\n", notice)
	}
	return nil
}

// ask shows the change and asks whether to make it. No answer is no.
func (c connectCommand) ask(s *session, p control.EditorPlan) error {
	p.Steps = nil // they come with the key
	if s.terminal() == nil {
		return llm.Errorf(llm.ErrBadRequest, "nothing was changed: see the change with --dry-run, then say --yes")
	}
	c.JSON = false
	if err := c.show(s, p); err != nil {
		return err
	}
	fmt.Fprint(s.stderr, "Make this change? [y/N] ")
	line, err := bufio.NewReader(s.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return llm.Errorf(llm.ErrBadRequest, "nothing was changed")
	}
	return nil
}

type doctorCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c doctorCommand) Run(s *session) error {
	d, err := call[control.Diagnosis](s, "doctor.run", control.Empty{})
	if err != nil {
		return err
	}
	failed := 0
	for _, f := range d.Findings {
		if f.State == "failed" {
			failed++
		}
		if c.JSON {
			continue
		}
		s.print("%-8s %s: %s\n", f.State, f.Subject, f.Message)
		if f.Advice != "" {
			s.print("         -> %s\n", f.Advice)
		}
	}
	if c.JSON {
		if err := s.json(d.Findings); err != nil {
			return err
		}
	}
	if failed > 0 {
		return llm.Errorf(llm.ErrBadRequest, "%d of %d checks failed", failed, len(d.Findings))
	}
	return nil
}
