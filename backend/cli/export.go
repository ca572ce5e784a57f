package cli

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"gatehouse/backend/control"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

type usageExportCommand struct {
	Format   string   `help:"csv, json (an array, a request in each line) or parquet; by default what the file's name ends in, or csv." enum:",csv,json,parquet" default:""`
	Output   string   `short:"o" help:"The file to write. It must not be there yet. Without it, the table is printed."`
	By       string   `help:"Totals instead of requests: by model, provider, project, key, client, user, tag, credential, outcome, error or day." enum:",model,provider,project,key,client,user,tag,credential,outcome,error,day" default:""`
	Since    string   `help:"From then on: a day (2026-11-20), a time (2026-11-20T15:04) or how long ago (36h, 7d)."`
	Until    string   `help:"Up to then; a day is included."`
	Project  string   `help:"Only this project."`
	Model    string   `help:"Only this model."`
	Provider string   `help:"Only this provider."`
	Key      string   `help:"Only the API key with this name."`
	User     string   `help:"Only this user, as requests name one."`
	Tag      []string `help:"Only requests with one of these tags."`
	Outcome  string   `help:"Only these: ok, error, cancelled, interrupted or open." enum:",ok,error,cancelled,interrupted,open" default:""`
}

// Validate says what is wrong with the flags before anything is asked.
func (c usageExportCommand) Validate() error {
	_, err := c.query(time.Now())
	return err
}

func (c usageExportCommand) query(now time.Time) (control.UsageExport, error) {
	asked, err := usageCommand{
		Since: c.Since, Until: c.Until, Project: c.Project, Model: c.Model, Provider: c.Provider, Key: c.Key, User: c.User, Tag: c.Tag,
		Outcome: c.Outcome,
	}.query(now)
	if err != nil {
		return control.UsageExport{}, err
	}
	q := control.UsageExport{Format: c.format(), By: c.By, From: asked.From, To: asked.To, Filter: &asked.Filter, Model: c.Model}
	if c.By != "" && c.Model != "" { // of totals, a model is the one that served, as in `gatehouse usage --by`
		q.Filter.Models, q.Model = []string{c.Model}, ""
	}
	return q, nil
}

func (c usageExportCommand) format() string {
	if c.Format != "" {
		return c.Format
	}
	switch end := filepath.Ext(c.Output); end {
	case ".json", ".parquet":
		return end[1:]
	}
	return "csv"
}

func (c usageExportCommand) Run(s *session) error {
	q, err := c.query(time.Now())
	if err != nil {
		return err
	}
	if c.Output == "" {
		return s.export(q, s.stdout)
	}
	var size int64
	err = control.WriteNew(c.Output, func(w io.Writer) error { return s.export(q, &counting{w, &size}) })
	if err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "%s: %d bytes\n", c.Output, size)
	return nil
}

// counting counts what is written.
type counting struct {
	io.Writer
	bytes *int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	*c.bytes += int64(n)
	return n, err
}

// export streams a table from the running Gatehouse, else from one that is opened for it alone.
func (s *session) export(q control.UsageExport, w io.Writer) error {
	client, err := control.Dial(s.home)
	if err == nil {
		return client.Export(s.ctx, q, w)
	}
	core, err := s.open("", nil)
	if errors.Is(err, store.ErrLocked) {
		return llm.Errorf(llm.ErrOverloaded, "a Gatehouse is just starting or stopping; try again in a moment")
	}
	if err != nil {
		return err
	}
	defer closeCore(core)
	_, err = core.Service().Export(s.ctx, q, w)
	return err
}
