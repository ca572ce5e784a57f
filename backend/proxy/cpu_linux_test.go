package proxy

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// cpuOf is what a process used of the CPU, user and system (proc(5), /proc/PID/stat, fields 14 and 15, in ticks of 10 ms).
func cpuOf(b *testing.B, p process) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	check(b, err)
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	ticks := int64(0)
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(string(f), 10, 64)
		check(b, err)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
