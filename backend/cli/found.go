package cli

import (
	"fmt"
	"path/filepath"

	"gatehouse/backend/control"
	"gatehouse/backend/llm"
)

type keyFound struct {
	Files  []string `arg:"" optional:"" type:"path" help:"Files to look into, such as .env, besides editors' and shells' settings."`
	Move   bool     `help:"Move the keys of the one file into the keychain, and leave a local key in their place." xor:"what"`
	Revert bool     `help:"Put the keys of the one file back, and revoke the local key." xor:"what"`
	DryRun bool     `help:"Show what would change, and change nothing."`
	Yes    bool     `short:"y" help:"Don't ask."`
	JSON   bool     `name:"json" help:"Print JSON."`
}

func (c keyFound) Run(s *session) error {
	if !c.Move && !c.Revert {
		return c.list(s)
	}
	if len(c.Files) != 1 {
		return llm.Errorf(llm.ErrBadRequest, "name one file: `gatehouse key found FILE --move`, or --revert")
	}
	path, err := filepath.Abs(c.Files[0])
	if err != nil {
		return err
	}
	change := control.StrayChange{Path: path, Revert: c.Revert}
	plan, err := call[control.StrayPlan](s, "stray.plan", change)
	if err != nil || c.DryRun {
		return c.show(s, plan, err)
	}
	if !c.Yes {
		err := connectCommand{}.ask(s, control.EditorPlan{Diff: plan.Diff, Files: []string{path}, Notices: plan.Notices})
		if err != nil {
			return err
		}
	}
	method := "stray.move"
	if c.Revert {
		method = "stray.revert"
	}
	done, err := call[control.StrayPlan](s, method, change)
	if !c.Yes && !c.JSON {
		done.Diff, done.Notices = "", nil // they were shown
	}
	return c.show(s, done, err)
}

func (c keyFound) show(s *session, p control.StrayPlan, err error) error {
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(p)
	}
	s.print("%s", p.Diff)
	for _, notice := range p.Notices {
		s.print("! %s\n", notice)
	}
	return nil
}

func (c keyFound) list(s *session) error {
	q := control.StrayQuery{Place: ownPlace()}
	for _, name := range c.Files {
		path, err := filepath.Abs(name)
		if err != nil {
			return err
		}
		q.Files = append(q.Files, path)
	}
	found, err := call[control.StrayList](s, "stray.list", q)
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(found.Files)
	}
	rows := [][]string{{"FILE", "LINE", "NAME", "PROVIDER", "KEY", "STATE"}}
	for _, f := range found.Files {
		state := "in plain text"
		if f.Moved {
			state = "moved"
		}
		for _, k := range f.Keys {
			rows = append(rows, []string{f.Path, fmt.Sprint(k.Line), k.Name, k.ProviderName, k.Hint, state})
		}
		if f.Problem != "" {
			fmt.Fprintf(s.stderr, "%s\n", f.Problem)
		}
	}
	if len(rows) == 1 {
		s.print("no provider's key was found\n")
		return nil
	}
	s.table(rows)
	return nil
}
