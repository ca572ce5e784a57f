package calibration_test

import (
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/backend/calibration"
	"gatehouse/backend/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open gives a Calibration over a database at path, and a clock to move.
func open(t *testing.T, path string) (c *calibration.Calibration, now *time.Time, closeAll func()) {
	t.Helper()
	db, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	clock := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	c = calibration.Open(db, calibration.Options{Logger: slog.New(slog.DiscardHandler), Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return clock
	}})
	return c, &clock, func() {
		c.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestCorrect(t *testing.T) {
	c, _, done := open(t, filepath.Join(t.TempDir(), "db"))
	defer done()
	if n := c.Correct("p", "m", 1000); n != 1000 {
		t.Errorf("a model of which nothing is known: %d", n)
	}
	if n := c.Correct("p", "m", 0); n != 1 {
		t.Errorf("nothing estimated gives %d, and 0 is never an answer", n)
	}
	for range 100 {
		c.Learn("p", "m", 10_000, 13_000)
	}
	if n := c.Correct("p", "m", 1_000_000); n < 1_290_000 || n > 1_300_000 {
		t.Errorf("a million tokens of a model that has 1.3 times as many: %d", n)
	}
	for _, other := range [][2]string{{"p", "other"}, {"q", "m"}} {
		if n := c.Correct(other[0], other[1], 1000); n != 1000 {
			t.Errorf("%v learned from another: %d", other, n)
		}
	}
	c.Learn("p", "short", 10, 300) // mostly a frame, which says nothing of long prompts
	if n := c.Correct("p", "short", 100_000); n > 115_000 {
		t.Errorf("one short request made %d of 100000", n)
	}
	if n := c.Correct("p", "m", math.MaxInt64/8); n < 1 {
		t.Errorf("overflow: %d", n)
	}
	for range 100 {
		c.Learn("p", "odd", 1_000_000, 10)
		c.Learn("p", "odd", 10, 1_000_000)
		c.Learn("p", "odd", -5, 100)
	}
	if n := c.Correct("p", "odd", 1000); n != 1000 {
		t.Errorf("what can't be true was learned: %d", n)
	}
}

func TestItFollowsWhatChanges(t *testing.T) {
	c, _, done := open(t, filepath.Join(t.TempDir(), "db"))
	defer done()
	for range 10_000 {
		c.Learn("p", "m", 10_000, 20_000)
	}
	for range 2_000 {
		c.Learn("p", "m", 10_000, 10_000)
	}
	if n := c.Correct("p", "m", 1000); n > 1100 {
		t.Errorf("after 20 million tokens of another kind: %d", n)
	}
}

func TestWants(t *testing.T) {
	c, now, done := open(t, filepath.Join(t.TempDir(), "db"))
	defer done()
	learned := 0
	for range 100 {
		if c.Wants("p", "m") {
			c.Learn("p", "m", 1000, 1100)
			learned++
		}
	}
	if learned != 16 {
		t.Errorf("learned from %d of 100 requests at once", learned)
	}
	*now = now.Add(2 * time.Minute)
	if !c.Wants("p", "m") {
		t.Error("it never wants to learn again")
	}
}

func TestItOutlivesTheProgramWithinBounds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	c, now, done := open(t, path)
	for i := range 600 {
		*now = now.Add(time.Second)
		for range 20 {
			c.Learn("p", fmt.Sprint("m", i), 10_000, 20_000)
		}
	}
	done()
	c, _, done = open(t, path)
	defer done()
	kept := 0
	for i := range 600 {
		if c.Correct("p", fmt.Sprint("m", i), 1000) > 1500 {
			kept++
		}
	}
	if kept != 512 || c.Correct("p", "m0", 1000) != 1000 || c.Correct("p", "m599", 1000) < 1900 {
		t.Errorf("kept %d, the oldest %d, the newest %d", kept, c.Correct("p", "m0", 1000), c.Correct("p", "m599", 1000))
	}
}

func TestConcurrentUse(t *testing.T) {
	c, _, done := open(t, filepath.Join(t.TempDir(), "db"))
	defer done()
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 500 {
				model := fmt.Sprint(i % 7 * g)
				if c.Wants("p", model) {
					c.Learn("p", model, 1000, 1200)
				}
				if c.Correct("p", model, 1000) < 1000 {
					t.Error("it went the wrong way")
				}
			}
		})
	}
	all.Wait()
}
