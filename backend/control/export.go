package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"gatehouse/backend/export"
	"gatehouse/backend/llm"
	"gatehouse/backend/usage"
)

// exportPath is where a table is streamed from, to the command line and to pages.
const exportPath = "/api/usage.export"

// Export writes the requests, or the totals, that the query asks for, newest first; its Path does not count. It gives the
// number of rows. After an error what was written is no whole table.
func (s *Service) Export(ctx context.Context, q UsageExport, w io.Writer) (rows int64, err error) {
	return export.Write(ctx, w, s.History, exportQuery(q))
}

func exportQuery(q UsageExport) export.Query {
	out := export.Query{Format: export.Format(q.Format), By: usage.By(q.By), From: timeOr(q.From), To: timeOr(q.To), Model: q.Model, Text: q.Text}
	if q.Filter != nil {
		out.Filter = filterOf(*q.Filter)
	}
	return out
}

// serveExport streams a table. Its query is that of the call usage.export, as JSON in the URL's query, so that a page's link
// can ask for it. One that fails on the way is cut off: the client must not take a part for the whole.
func (s *Service) serveExport(w http.ResponseWriter, r *http.Request) {
	var q UsageExport
	err := json.Unmarshal([]byte(r.URL.Query().Get("query")), &q)
	if err != nil {
		writeFailure(w, llm.Errorf(llm.ErrBadRequest, "the export's query can't be read: %w", err))
		return
	}
	query := exportQuery(q)
	if err := query.Check(); err != nil {
		writeFailure(w, err)
		return
	}
	kind, _ := query.Format.MediaType()
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", exportName(q, s.Now())))
	out := &begun{Writer: w}
	if _, err := s.Export(r.Context(), q, out); err != nil {
		if !out.yes {
			h.Del("Content-Disposition")
			writeFailure(w, err)
			return
		}
		s.Logger.Warn("an export was not finished", "error", err)
		panic(http.ErrAbortHandler)
	}
}

// begun tells whether anything was written.
type begun struct {
	io.Writer
	yes bool
}

func (b *begun) Write(p []byte) (int, error) {
	b.yes = true
	return b.Writer.Write(p)
}

// exportName is what the file is called where nobody says so.
func exportName(q UsageExport, now time.Time) string {
	what := "requests"
	if q.By != "" {
		what = "by-" + q.By
	}
	return fmt.Sprintf("gatehouse-%s-%s.%s", what, now.Format("20060102-150405"), q.Format)
}

// exportUsage writes a table to a file of this machine.
func (s *Service) exportUsage(ctx context.Context, q UsageExport) (UsageExported, error) {
	if err := exportQuery(q).Check(); err != nil {
		return UsageExported{}, err
	}
	if !filepath.IsAbs(q.Path) {
		return UsageExported{}, llm.Errorf(llm.ErrBadRequest, "say where to with an absolute path; %q is none", q.Path)
	}
	done := UsageExported{Path: q.Path}
	err := WriteNew(q.Path, func(w io.Writer) (err error) {
		done.Rows, err = s.Export(ctx, q, w)
		return err
	})
	if err != nil {
		return UsageExported{}, err
	}
	if info, err := os.Stat(q.Path); err == nil {
		done.Bytes = info.Size()
	}
	return done, nil
}

// WriteNew makes a file that only the user can read of what fill writes. One that is there already is left alone, and none
// is left where fill fails.
func WriteNew(path string, fill func(w io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return llm.Errorf(llm.ErrBadRequest, "%s is there already; choose another name, or remove it first", path)
	case err != nil:
		return llm.Errorf(llm.ErrBadRequest, "the file can't be made: %w", err)
	}
	if err = errors.Join(fill(f), f.Close()); err != nil {
		_ = os.Remove(path) // it is no whole table
	}
	return err
}

// Export streams a running Gatehouse's table to w. Its errors are *llm.Error.
func (c *Client) Export(ctx context.Context, q UsageExport, w io.Writer) error {
	text, err := json.Marshal(q)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://gatehouse"+exportPath, http.NoBody)
	if err != nil {
		return err
	}
	query := req.URL.Query()
	query.Set("query", string(text))
	req.URL.RawQuery = query.Encode()
	resp, err := c.http.Do(req)
	if err != nil {
		return llm.Errorf(llm.ErrInternal, "the running Gatehouse does not answer: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // reading is over
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, callLimit)) // what is there says what it can
		return failureOf(resp.StatusCode, text)
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		return llm.Errorf(llm.ErrInternal, "the export broke off: %w", err)
	}
	return nil
}

// failureOf reads what serveCall wrote of an error.
func failureOf(status int, text []byte) error {
	var f Failure
	if json.Unmarshal(text, &f) != nil || f.Message == "" {
		return llm.Errorf(llm.ErrInternal, "the running Gatehouse answered %d", status)
	}
	return &llm.Error{Kind: llm.ErrorKind(f.Kind), Message: f.Message, Status: status}
}
