package whole_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gatehouse/backend/protocol/whole"
)

func TestBatches(t *testing.T) {
	for body, want := range map[string][]whole.Batch{
		`{"id":"batch_1","object":"batch","created_at":7,"output_file_id":"file-o","error_file_id":"file-e"}`:         {{ID: "batch_1", Created: 7, Files: []string{"file-o", "file-e"}}},
		`{"object":"list","data":[{"id":"batch_1","output_file_id":null},{"id":"batch_2","error_file_id":"file-e"}]}`: {{ID: "batch_2", Files: []string{"file-e"}}},
		`{"id":"batch_1","created_at":7}`: nil, `{"output_file_id":"file-o"}`: nil, `[]`: nil,
	} {
		tap := whole.NewTap("application/json", -1)
		tap.Write([]byte(body))
		tap.Close()
		if got := tap.Batches(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", body, got)
		}
	}
}

// read gives what a tap tells of lines that come in pieces of a size.
func read(lines []byte, size int) (out []string, done int, tap *whole.Tap) {
	tap = whole.NewResults(int64(len(lines)), func(r whole.Result) {
		out = append(out, fmt.Sprintf("%s %d %q %s", r.ID, r.Status, r.Failure, r.Answer))
	}, func() { done++ })
	for piece := range slices.Chunk(lines, size) {
		tap.Write(piece)
	}
	tap.Close()
	tap.Close()
	return out, done, tap
}

func TestResults(t *testing.T) {
	for line, want := range map[string]string{
		`{"id":"x","custom_id":"a","response":{"status_code":200,"body":{"id":"c1"}},"error":null}`:                            `a 200 "" {"id":"c1"}`,
		`{"id":"x","custom_id":"a","response":{"status_code":400,"body":{"error":{"message":"no"}}},"error":null}`:             `a 400 "no" {"error":{"message":"no"}}`,
		`{"id":"x","custom_id":"a","response":null,"error":{"code":"batch_expired","message":"late"}}`:                         `a 0 "late" `,
		`{"id":"q","type":"text","status":"succeeded","result":{"content":[]}}`:                                                `q 200 "" {"content":[]}`,
		`{"id":"q","type":"text","status":"failed","error":{"message":"no"}}`:                                                  `q 0 "no" `,
		`{"id":"q","type":"text","status":"expired"}`:                                                                          `q 0 "it was expired" `,
		`{"custom_id":"big","response":{"status_code":200,"body":{"text":"` + strings.Repeat("x", 9<<20) + `"}},"error":null}`: `big 0 "its result is too large to look at" `,
	} {
		other := `{"id":"y","custom_id":"b"}`
		for _, end := range []string{"", "\n", "\r\n"} {
			out, done, tap := read([]byte("\n"+line+"\n[]\nno JSON\n"+other+end), 1<<20)
			if len(out) != 2 || out[0] != want || out[1] != `b 0 "" ` || done != 1 || tap.EndsWithConnection() == false {
				t.Errorf("%.80s: %.300q, %d, ends with its connection: %v", line, out, done, tap.EndsWithConnection())
			}
		}
	}
	if out, _, _ := read([]byte(`{"custom_id":"a"}`+"\n"+`{"custom_id":"b","respo`), 3); len(out) != 1 {
		t.Errorf("a line that was cut off is told: %q", out)
	}
}

// FuzzResults: whatever comes, in whatever pieces, tells the same.
func FuzzResults(f *testing.F) {
	f.Add([]byte(`{"custom_id":"a","response":{"status_code":200,"body":{}}}`+"\n{}\n"), 3)
	f.Add([]byte("\n\n\r\n{\"id\":1}\n{\"custom_id\":\"b\",\"result\":{}}"), 1)
	f.Fuzz(func(t *testing.T, lines []byte, size int) {
		at, done, _ := read(lines, max(len(lines), 1))
		pieces, again, _ := read(lines, max(size%64, 1))
		if !slices.Equal(at, pieces) || done != 1 || again != 1 {
			t.Errorf("whole %q, in pieces %q", at, pieces)
		}
		if n := bytes.Count(lines, []byte("\n")) + 1; len(at) > n {
			t.Errorf("%d results in %d lines", len(at), n)
		}
	})
}
