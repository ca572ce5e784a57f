package app

import (
	"context"
	"path/filepath"
	"time"

	"gatehouse/backend/contents"
	"gatehouse/backend/control"
	"gatehouse/backend/credential"
	"gatehouse/backend/settings"
)

// contentsFolder is where prompts and answers are kept, beside the database: they are in no backup of it.
const contentsFolder = "contents"

// openContents opens what is kept of prompts and answers. Settings that could not be read at the start say nothing of what is
// to be kept, and must not have it all removed.
func (c *Core) openContents() {
	rules := contentRules(c.settings.Snapshot())
	if c.settings.Problem() != nil {
		rules = nil
	}
	c.contents = contents.Open(contents.Options{
		Dir: filepath.Join(c.Home, contentsFolder), Now: time.Now, Rules: rules, Mask: credential.Mask, Logger: c.logger,
		Stored: func(id string) { c.broker.Publish(control.EventContents, control.UsageRef{ID: id}) },
	})
	c.onClose(func(ctx context.Context) { c.check("kept contents", c.contents.Close(ctx)) })
}

// setContents tells what settings say now. When it returns, what is not to be kept any more is gone.
func (c *Core) setContents() {
	if c.settings.Problem() == nil {
		c.contents.SetRules(contentRules(c.settings.Snapshot()))
	}
}

// contentRules is how long each project's contents are kept, and never longer than the requests themselves.
func contentRules(s *settings.Settings) map[string]time.Duration {
	rules := map[string]time.Duration{}
	longest := keepOf(s.History).Age
	for name, p := range s.Projects {
		keep := time.Duration(p.KeepContents)
		if longest > 0 {
			keep = min(keep, longest)
		}
		if keep > 0 {
			rules[name] = keep
		}
	}
	return rules
}
