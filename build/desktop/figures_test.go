package desktop_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/build/desktop/session"
)

// BenchmarkFirstPaint measures the time from the program's start to the first look at the window that shows a page.
func BenchmarkFirstPaint(b *testing.B) {
	s := session.Open(b)
	for b.Loop() {
		g := start(b, s)
		g.window.Await("the window shows a page", (*session.Picture).Painted)
		b.StopTimer()
		g.stop()
		b.StartTimer()
	}
}

// BenchmarkHidden measures the memory of a program that started hidden in the tray, with its web view's processes.
func BenchmarkHidden(b *testing.B) {
	s := session.Open(b)
	for b.Loop() {
		g := startWith(b, s, []string{"--hidden"})
		s.AwaitMenu(g.pid(), "the endpoint", has("Endpoint on: http://"+g.addr))
		own, views := settledMemory(b, g.pid())
		b.ReportMetric(float64(own)/1e6, "MB-program")
		b.ReportMetric(float64(views)/1e6, "MB-webview")
		b.StopTimer()
		g.stop()
		b.StartTimer()
	}
}

// settledMemory waits until the memory has stayed nearly the same for a second, and gives the program's own and that of the processes it
// started, in bytes.
func settledMemory(b *testing.B, pid int) (own, children int64) {
	b.Helper()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last := int64(0)
	for deadline := time.Now().Add(session.Patience); time.Now().Before(deadline); <-tick.C {
		own, children = memory(b, pid), 0
		for _, child := range descendants(pid) {
			children += memory(b, child)
		}
		if now := own + children; now-last < now/100 && last-now < now/100 {
			return own, children
		}
		last = own + children
	}
	b.Fatal("the memory never settled")
	return 0, 0
}

// memory is a process's share of the memory it has resident: what several processes share is divided among them (Linux's Pss). It is 0
// where the process has ended.
func memory(b *testing.B, pid int) int64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if fields := strings.Fields(string(line)); len(fields) > 1 && fields[0] == "Pss:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return kib * 1024
		}
	}
	b.Fatalf("process %d says nothing of its memory", pid)
	return 0
}

// descendants are the processes that a process started, and those that they did.
func descendants(pid int) []int {
	var all []int
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list) // a thread that ended has none
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(append(all, child), descendants(child)...)
			}
		}
	}
	return all
}
