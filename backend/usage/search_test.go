package usage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// A search finds what a look at each record finds, page by page.
func TestSearchEqualsAScan(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	b := start(t, t.TempDir())
	for i := range 1500 {
		randomRequest(b, r, day0.Add(time.Duration(r.Int64N(int64(20*time.Hour)))))
		if i == 1300 {
			b.stored(t)
		}
	}
	odd := opening(day0, "Odd/\"Model\" é<1>")
	e := b.Begin(odd)
	s := settlement("")
	s.Model, s.Error = "", "Upstream said: NO\nway"
	e.Settle(s)
	all, _, err := b.List(t.Context(), Query{Limit: maxLimit})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []Search{
		{},
		{From: day0.Add(5 * time.Hour), To: day0.Add(7*time.Hour + 13*time.Minute)},
		{Filter: Filter{Models: []string{"b/2"}, Outcomes: []string{"ok", "cancelled"}}},
		{Filter: Filter{Users: []string{"ann", ""}, Projects: []string{""}}},
		{Filter: Filter{Tags: []string{"red", "blue"}, AllTags: true}},
		{Filter: Filter{Tags: []string{"red", "blue"}}, Text: "ZED"},
		{Filter: Filter{Credentials: []string{"own"}}, Text: "free/"},
		{Text: "\"model\" É"},
		{Text: "no\nway"},
		{Text: "said: no"},
		{Text: "nowhere"},
		{Text: odd.ID[10:]},
	} {
		match := q.matcher()
		var want, got []string
		for _, r := range all {
			if match(&r) {
				want = append(want, r.ID)
			}
		}
		if (len(want) == 0) != (q.Text == "nowhere") {
			t.Errorf("%+v finds %d", q, len(want))
		}
		q.Limit = 1 + len(want)/3
		for pages := 0; ; pages++ {
			page, err := b.Search(t.Context(), q)
			if err != nil || page.Partial || pages > 3 {
				t.Fatalf("%+v: %v, page %d, partial %v", q, err, pages, page.Partial)
			}
			for _, r := range page.Records {
				got = append(got, r.ID)
			}
			if q.Before = page.Next; page.Next == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: %d found, want %d:\n%s\n%s", q, len(got), len(want), strings.Join(got, " "), fmt.Sprint(want))
		}
	}
}

// A search through very much stops in between and goes on where it did.
func TestSearchStops(t *testing.T) {
	t.Parallel()
	b := start(t, t.TempDir())
	b.step = 10
	for i := range 35 {
		o := opening(day0.Add(time.Duration(i)*time.Second), "x")
		if i == 3 {
			o.Project = "rare"
		}
		b.Begin(o).Settle(settlement("x"))
	}
	b.stored(t)
	q := Search{Filter: Filter{Projects: []string{"rare"}}}
	partial, found := 0, 0
	for {
		page, err := b.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		found += len(page.Records)
		if page.Partial {
			partial++
		}
		if q.Before = page.Next; page.Next == "" {
			break
		}
	}
	if found != 1 || partial != 3 {
		t.Errorf("%d found after %d stops", found, partial)
	}
}
