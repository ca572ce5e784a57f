package tokens_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/gif"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/tokens"
)

// o200k is how many tokens the texts in testdata have by OpenAI's o200k_base, counted with tiktoken.
var o200k = map[string]int64{
	"english": 68, "french": 62, "german": 96, "spanish": 61, "russian": 69, "arabic": 52, "hindi": 53, "chinese": 88,
	"japanese": 99, "korean": 69, "emoji": 35, "code": 145, "json": 513, "log": 120, "schema": 95, "b64": 206, "hex": 137,
}

// TestTextIsCloseToARealTokenizer: within a third for every kind of text, and within a tenth for all of them together.
func TestTextIsCloseToARealTokenizer(t *testing.T) {
	var all, estimated int64
	for name, want := range o200k {
		text, err := os.ReadFile(filepath.Join("testdata", "texts", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		got := tokens.Text(string(text)) / 1000
		if got*3 < want*2 || got*3 > want*4 {
			t.Errorf("%s: %d, and a tokenizer says %d", name, got, want)
		}
		all, estimated = all+want, estimated+got
	}
	if estimated*10 < all*9 || estimated*10 > all*11 {
		t.Errorf("all together: %d, and a tokenizer says %d", estimated, all)
	}
}

func TestTextGrowsWithTheText(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "texts", "english.txt"))
	if err != nil {
		t.Fatal(err)
	}
	once := tokens.Text(string(text))
	if many := tokens.Text(strings.Repeat(string(text), 100)); many < 99*once || many > 101*once {
		t.Errorf("a hundred times %d is %d", once, many)
	}
	if tokens.Text("") != 0 {
		t.Error("an empty text has tokens")
	}
}

// pixels is an image of a size; a PNG's head is enough.
func pixels(t *testing.T, format string, w, h int) []byte {
	t.Helper()
	if format == "png" {
		head := binary.BigEndian.AppendUint32([]byte("IHDR"), uint32(w))
		head = append(binary.BigEndian.AppendUint32(head, uint32(h)), 8, 0, 0, 0, 0)
		out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
		return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
	}
	var b bytes.Buffer
	var err error
	switch i := image.NewGray(image.Rect(0, 0, w, h)); format {
	case "jpeg":
		err = jpeg.Encode(&b, i, nil)
	case "gif":
		err = gif.Encode(&b, i, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// webp is the head of a WebP image of 800 by 600 pixels.
func webp(kind string) []byte {
	b := append([]byte("RIFF\x00\x00\x00\x00WEBP"+kind), make([]byte, 20)...)
	switch kind {
	case "VP8 ":
		copy(b[26:], []byte{0x20, 0x03, 0x58, 0x02})
	case "VP8L":
		n := uint32(799) | 599<<14
		copy(b[20:], []byte{0x2f, byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)})
	case "VP8X":
		copy(b[24:], []byte{0x1f, 0x03, 0, 0x57, 0x02, 0})
	}
	return b
}

// TestImages holds the vendors' own examples.
func TestImages(t *testing.T) {
	for _, c := range []struct {
		name, model string
		data        []byte
		detail      string
		want        int64
	}{
		{"Anthropic's 200x200", "anthropic/claude", pixels(t, "png", 200, 200), "", 54},
		{"Anthropic's 1000x1000", "anthropic/claude", pixels(t, "png", 1000, 1000), "", 1334},
		{"a large one at Anthropic", "anthropic/claude", pixels(t, "png", 4000, 3000), "", 1600},
		{"through the hosted gateway", "gateway/anthropic/claude", pixels(t, "png", 200, 200), "", 54},
		{"OpenAI's 1024x1024", "openai/gpt", pixels(t, "png", 1024, 1024), "high", 765},
		{"OpenAI's 2048x4096", "openai/gpt", pixels(t, "png", 2048, 4096), "high", 1105},
		{"OpenAI's low detail", "openai/gpt", pixels(t, "png", 4096, 8192), "low", 85},
		{"Gemini's small one", "google/gemini", pixels(t, "png", 384, 384), "", 258},
		{"Gemini's 960x540", "google/gemini", pixels(t, "png", 960, 540), "", 6 * 258},
		{"a JPEG", "anthropic/claude", pixels(t, "jpeg", 300, 100), "", 40},
		{"a GIF", "anthropic/claude", pixels(t, "gif", 300, 100), "", 40},
		{"WebP, lossy", "anthropic/claude", webp("VP8 "), "", 640},
		{"WebP, lossless", "anthropic/claude", webp("VP8L"), "", 640},
		{"WebP, extended", "anthropic/claude", webp("VP8X"), "", 640},
		{"one that can't be read", "anthropic/claude", []byte("no image"), "", 1399},
		{"one that is elsewhere", "openai/gpt", nil, "", 765},
	} {
		req := &llm.Request{Messages: []llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{
			llm.Media{MediaType: "image/png", Data: c.data, Detail: c.detail},
		}}}}
		if got := tokens.Request(req, c.model) - 4; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestEverythingCounts(t *testing.T) {
	long := strings.Repeat("some words of text ", 50)
	pdf := []byte("%PDF-1.4\n1 0 obj <</Type /Pages /Count 2>>\n2 0 obj <</Type/Page>>\n3 0 obj <</Type /Page /Parent 1 0 R>>")
	for name, c := range map[string]struct {
		part   llm.Part
		lo, hi int64
	}{
		"text":              {llm.Text{Text: long}, 190, 220},
		"reasoning":         {llm.Reasoning{Text: long}, 190, 220},
		"a refusal":         {llm.Refusal{Text: long}, 190, 220},
		"a call":            {llm.ToolCall{Name: "f", Input: []byte(`{"a":"` + long + `"}`)}, 195, 240},
		"a result":          {llm.ToolResult{Parts: []llm.Part{llm.Text{Text: long}}}, 195, 240},
		"a text file":       {llm.Media{MediaType: "text/plain", Data: []byte(long)}, 190, 220},
		"a PDF's pages":     {llm.Media{MediaType: "application/pdf", Data: pdf}, 2400, 2410},
		"a file elsewhere":  {llm.Media{FileID: "file-1"}, 3600, 3610},
		"ten seconds":       {llm.Media{MediaType: "audio/wav", Data: make([]byte, 320_000)}, 100, 120},
		"a video":           {llm.Media{MediaType: "video/mp4", Data: make([]byte, 2_500_000)}, 2600, 2900},
		"what is not known": {llm.Opaque{Raw: []byte(`"` + strings.Repeat("a b ", 100_000) + `"`)}, 4000, 4010},
	} {
		req := &llm.Request{Messages: []llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{c.part}}}}
		if got := tokens.Request(req, "openai/gpt"); got < c.lo || got > c.hi {
			t.Errorf("%s: %d, want %d to %d", name, got, c.lo, c.hi)
		}
	}
	if n := tokens.Request(&llm.Request{}, "a/b"); n != 1 {
		t.Errorf("an empty request has %d", n)
	}
	if n := tokens.Embedding(&llm.EmbeddingRequest{Inputs: []llm.EmbeddingInput{{Text: long}, {Tokens: make([]int64, 100)}}}); n < 290 || n > 320 {
		t.Errorf("an embedding has %d", n)
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"hello wörld 世界 🙂", "\xff\xfe", "aB3/" + strings.Repeat("xY9+", 20), "  \n\t ", "e\u0301", "12345678901234567890123456789012345"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n := tokens.Text(s); n < 0 || n > int64(len(s)+1)*1100 {
			t.Fatalf("%q: %d", s, n)
		}
	})
}

func FuzzImage(f *testing.F) {
	for _, kind := range []string{"VP8 ", "VP8L", "VP8X"} {
		f.Add(webp(kind))
	}
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		req := &llm.Request{Messages: []llm.Message{{Parts: []llm.Part{llm.Media{MediaType: "image/webp", Data: data}}}}}
		for _, model := range []string{"anthropic/a", "openai/a", "google/a"} {
			if n := tokens.Request(req, model); n < 1 || n > 100_000 {
				t.Fatalf("%q: %d", data, n)
			}
		}
	})
}

func BenchmarkText(b *testing.B) {
	text, err := os.ReadFile(filepath.Join("testdata", "texts", "code.txt"))
	if err != nil {
		b.Fatal(err)
	}
	s := strings.Repeat(string(text), 2000)
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		tokens.Text(s)
	}
}
