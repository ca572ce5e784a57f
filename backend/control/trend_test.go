package control

import (
	"reflect"
	"testing"
)

func TestPercentMore(t *testing.T) {
	n := func(n int64) *int64 { return &n }
	for _, c := range []struct{ now, before, want *int64 }{
		{n(150), n(100), n(50)},
		{n(50), n(100), n(-50)},
		{n(100), n(100), n(0)},
		{n(1000), n(3), n(33233)},
		{n(-50), n(-100), n(50)}, // cost half as much as it did
		{n(50), n(-100), n(150)},
		{n(5), n(0), nil},
		{n(5), nil, nil},
		{nil, n(5), nil},
	} {
		if got := percentMore(c.now, c.before); !reflect.DeepEqual(got, c.want) {
			t.Errorf("from %v to %v: %v, want %v", c.before, c.now, got, c.want)
		}
	}
}

// What a chart does not draw on its own is one more part of each bar.
func TestOthers(t *testing.T) {
	group := func(requests ...int64) (g UsageGroup) {
		for _, n := range requests {
			g.Cells = append(g.Cells, UsageCell{Requests: n, Errors: n / 10, Tokens: n * 2, CostPicoUSD: n * 3})
		}
		return g
	}
	rest := group(1, 2)
	r := &UsageReport{Buckets: make([]UsageBucket, 2), Groups: []UsageGroup{group(100, 200), group(10, 20), group(30, 0)}, Rest: &rest}
	for from, want := range map[int][]UsageCell{
		0: {{141, 14, 282, 423}, {222, 22, 444, 666}},
		1: {{41, 4, 82, 123}, {22, 2, 44, 66}},
		6: {{1, 0, 2, 3}, {2, 0, 4, 6}},
	} {
		if got := othersOf(r, from); !reflect.DeepEqual(got, want) {
			t.Errorf("from %d on: %v, want %v", from, got, want)
		}
	}
}
