package cli

import (
	"fmt"
	"strings"

	"gatehouse/backend/control"
)

type versionCommand struct{}

func (versionCommand) Run(s *session) error {
	s.print("gatehouse %s (%s)\n", s.program.Version, s.build())
	return nil
}

type pauseCommand struct{}

func (pauseCommand) Run(s *session) error {
	_, err := running[control.Empty](s, "endpoint.pause", control.Empty{})
	return err
}

type resumeCommand struct{}

func (resumeCommand) Run(s *session) error {
	_, err := running[control.Empty](s, "endpoint.resume", control.Empty{})
	return err
}

type autostartCommand struct {
	State string `arg:"" optional:"" enum:"on,off,\"\"" default:"" help:"on or off; leave it out to print which."`
}

func (c autostartCommand) Run(s *session) error {
	if c.State != "" {
		_, err := call[control.Empty](s, "autostart.set", control.Switch{On: c.State == "on"})
		return err
	}
	status, err := call[control.Status](s, "status.get", control.Empty{})
	if err != nil {
		return err
	}
	switch {
	case status.Autostart == nil:
		s.print("not here\n")
	case *status.Autostart:
		s.print("on\n")
	default:
		s.print("off\n")
	}
	return nil
}

type statusCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c statusCommand) Run(s *session) error {
	status, err := running[control.Status](s, "status.get", control.Empty{})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(status)
	}
	rows := [][]string{
		{"version", status.Version + " (" + status.Build + ")"},
		{"endpoint", status.Endpoint.State + "  " + status.Endpoint.URL},
		{"active model", status.ActiveModel},
		{"keychain", status.Keychain.State},
		{"settings", status.Settings.Path},
		{"history", status.History.Path},
	}
	for _, c := range status.Contents {
		rows = append(rows, []string{"contents kept", fmt.Sprintf("project %q for %s", c.Project, c.Keep)})
	}
	s.table(rows)
	for _, problem := range problemsOf(status) {
		s.print("! %s\n", problem)
	}
	return nil
}

func problemsOf(st control.Status) (out []string) {
	out = append(out, st.Warnings...)
	for _, b := range st.Budgets.News {
		out = append(out, b.Text)
	}
	if st.Endpoint.Problem != "" {
		out = append(out, st.Endpoint.Problem)
	}
	if st.Keychain.Reason != "" {
		out = append(out, "keychain: "+st.Keychain.Reason+". "+st.Keychain.Advice)
	}
	if p := st.Settings.Problem; p != nil {
		out = append(out, fmt.Sprintf("settings, line %d, column %d: %s", p.Line, p.Column, p.Message))
	}
	if st.History.SetAside != "" {
		out = append(out, "the database was corrupt and is kept as "+st.History.SetAside+"; a new one was made")
	}
	if st.History.Problem != "" {
		out = append(out, "history: "+st.History.Problem)
	}
	if st.History.Dropped > 0 {
		out = append(out, fmt.Sprintf("history: %d records were lost since the start", st.History.Dropped))
	}
	return out
}

type useCommand struct {
	Model string `arg:"" optional:"" help:"The model's id, creator/model."`
}

func (c useCommand) Run(s *session) error {
	name, params := "activeModel.get", any(control.Empty{})
	if c.Model != "" {
		name, params = "activeModel.set", control.ModelChoice{Model: c.Model}
	}
	choice, err := call[control.ModelChoice](s, name, params)
	if err != nil {
		return err
	}
	s.print("%s\n", choice.Model)
	return nil
}

// unknown stands where a number is not known.
const unknown = "-"

func number(n *int64) string {
	if n == nil {
		return unknown
	}
	return fmt.Sprint(*n)
}

func text(s *string) string {
	if s == nil {
		return unknown
	}
	return *s
}

type keyCommands struct {
	Create keyCreate `cmd:"" help:"Make an API key and print it, once."`
	List   keyList   `cmd:"" help:"List the API keys."`
	Revoke keyRevoke `cmd:"" help:"Revoke an API key, from the next request on."`
	Limit  keyLimit  `cmd:"" help:"Set an API key's rate limits; without any, it has none."`
	Found  keyFound  `cmd:"" help:"Find providers' keys that lie in files in plain text, and move them into the keychain."`
}

type keyLimit struct {
	Key string `arg:"" help:"The key's id or name; * is each key without its own."`
	rateFlags
}

func (c keyLimit) Run(s *session) error {
	_, err := call[control.Key](s, "keys.limit", control.KeyLimit{
		Key: c.Key, RequestsPerMinute: c.RPM, TokensPerMinute: c.TPM, Concurrency: c.Concurrency,
	})
	if err == nil {
		s.print("%s: %s\n", c.Key, rateLine(c.RPM, c.TPM, c.Concurrency))
	}
	return err
}

type keyCreate struct {
	Name    string   `arg:"" help:"What the key is for, such as the editor's name."`
	Project string   `help:"The project its requests count for." default:"default"`
	Models  []string `help:"The models it may use, as patterns such as anthropic/*; all if not given."`
	Expires string   `help:"When it ends, such as 12h, 30d or 1y; never if not given."`
	Budget  string   `help:"What it may spend, such as 20/month (US dollars), '2M tokens/day' or '500 requests/week'."`
	rateFlags
}

// rateFlags are a key's rate limits.
type rateFlags struct {
	RPM         int64 `name:"rpm" help:"How many requests it may make in a minute."`
	TPM         int64 `name:"tpm" help:"How many tokens its requests may use in a minute."`
	Concurrency int   `help:"How many of its requests may run at once."`
}

func (c keyCreate) Run(s *session) error {
	created, err := call[control.CreatedKey](s, "keys.create", control.NewKey{
		Name: c.Name, Project: c.Project, Models: c.Models, Expires: c.Expires, Budget: c.Budget,
		RequestsPerMinute: c.RPM, TokensPerMinute: c.TPM, Concurrency: c.Concurrency,
	})
	if err != nil {
		return err
	}
	s.print("%s\n", created.Secret)
	return nil
}

type keyList struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c keyList) Run(s *session) error {
	list, err := call[control.KeyList](s, "keys.list", control.Empty{})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(list.Keys)
	}
	const day = "2006-01-02 15:04"
	rows := [][]string{{"ID", "NAME", "PROJECT", "MODELS", "CREATED", "LAST USED", "STATE"}}
	for _, k := range list.Keys {
		models, last, state := "all", "never", "active"
		if len(k.Models) > 0 {
			models = strings.Join(k.Models, ",")
		}
		if k.LastUsedAt != nil {
			last = k.LastUsedAt.Local().Format(day)
		}
		if k.ExpiresAt != nil {
			state = "until " + k.ExpiresAt.Local().Format(day)
		}
		if k.RevokedAt != nil {
			state = "revoked"
		}
		rows = append(rows, []string{k.ID, k.Name, k.Project, models, k.CreatedAt.Local().Format(day), last, state})
	}
	s.table(rows)
	return nil
}

type keyRevoke struct {
	Key string `arg:"" help:"The key's id or name."`
}

func (c keyRevoke) Run(s *session) error {
	key, err := call[control.Key](s, "keys.revoke", control.KeyRef{Key: c.Key})
	if err == nil {
		s.print("revoked %s (%s)\n", key.Name, key.ID)
	}
	return err
}
