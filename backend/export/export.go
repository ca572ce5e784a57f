// Package export writes the usage history, or totals of it, as tables that other programs read: CSV, JSON and Parquet.
//
// A table is written as its rows come: what is held in memory does not grow with their number. The columns are the same in
// each format, by name and by order. Money is an integer of 1e-12 USD and, beside it, the exact decimal number of dollars;
// what is unknown is empty in CSV and null elsewhere, never 0.
//
// It must not know who asks, nor where the table goes.
package export

import (
	"context"
	"io"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/usage"
)

// Format is how a table is written.
type Format string

// The formats. JSON is one array, with a row in each line.
const (
	CSV     Format = "csv"
	JSON    Format = "json"
	Parquet Format = "parquet"
)

// MediaType is what HTTP calls the format; ok is false where there is no such format.
func (f Format) MediaType() (name string, ok bool) {
	switch f {
	case CSV:
		return "text/csv; charset=utf-8", true
	case JSON:
		return "application/json", true
	case Parquet:
		return "application/vnd.apache.parquet", true
	}
	return "", false
}

// Query says what to write: the requests that started at From or later and before To, or totals of them where By is given,
// as of usage.History.Totals. Model and Text are as in usage.Search, and for requests only.
type Query struct {
	Format   Format
	By       usage.By
	From, To time.Time
	Filter   usage.Filter
	Model    string
	Text     string
	// Zone is that of the days that totals are made by; nil is the machine's.
	Zone *time.Location
}

// Check tells what is wrong with the query, before anything is written.
func (q Query) Check() error {
	if _, known := q.Format.MediaType(); !known {
		return llm.Errorf(llm.ErrBadRequest, "the format %q is unknown; use csv, json or parquet", q.Format)
	}
	if q.By != "" && (q.Text != "" || q.Model != "") {
		return llm.Errorf(llm.ErrBadRequest, "a text and a requested model find requests; totals can't be made of them")
	}
	if !q.To.IsZero() && q.To.Before(q.From) {
		return llm.Errorf(llm.ErrBadRequest, "the end must not be before the start")
	}
	return nil
}

// History is what is exported.
type History interface {
	Search(ctx context.Context, q usage.Search) (usage.Found, error)
	Totals(ctx context.Context, q usage.ReportQuery) ([]usage.Total, error)
}

// pageSize is how many records are in memory at a time.
const pageSize = 1000

// Write writes what the query asks for and gives the number of rows. Requests come newest first; those that start while it
// goes on are not among them. After an error, what was written is no whole table.
func Write(ctx context.Context, w io.Writer, h History, q Query) (rows int64, err error) {
	if err := q.Check(); err != nil {
		return 0, err
	}
	if q.By != "" {
		return writeTotals(ctx, w, h, q)
	}
	out := newTable[Request](w, q.Format)
	search := usage.Search{Limit: pageSize, From: q.From, To: q.To, Filter: q.Filter, Model: q.Model, Text: q.Text}
	page := make([]Request, 0, pageSize)
	for {
		found, err := h.Search(ctx, search)
		if err != nil {
			return rows, err
		}
		page = page[:0]
		for i := range found.Records {
			page = append(page, requestOf(&found.Records[i]))
		}
		if err := out.write(page); err != nil {
			return rows, err
		}
		rows += int64(len(page))
		if found.Next == "" {
			return rows, out.close()
		}
		search.Before = found.Next
	}
}

func writeTotals(ctx context.Context, w io.Writer, h History, q Query) (int64, error) {
	totals, err := h.Totals(ctx, usage.ReportQuery{By: q.By, From: q.From, To: q.To, Filter: q.Filter, Zone: q.Zone, Quantiles: true})
	if err != nil {
		return 0, err
	}
	out := newTable[Total](w, q.Format)
	page := make([]Total, 0, len(totals))
	for i := range totals {
		page = append(page, totalOf(q.By, &totals[i]))
	}
	if err := out.write(page); err != nil {
		return 0, err
	}
	return int64(len(page)), out.close()
}
