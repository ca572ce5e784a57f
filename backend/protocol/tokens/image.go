package tokens

import (
	"bytes"
	"encoding/binary"
	"image"
	_ "image/gif" // the formats that models take
	_ "image/jpeg"
	_ "image/png"
	"math"
	"strings"

	"gatehouse/backend/llm"
)

// vendor is how a vendor counts what is no text.
type vendor struct {
	// ofImage counts an image by its size in pixels.
	ofImage func(w, h float64, detail string) int64
	// page is a page of a document, the others a second of a recording.
	page, audioSecond, videoSecond int64
}

// vendors are the rules by the prefix of the models' ids (Anthropic, "Vision" and "PDF support"; OpenAI, "Images and
// vision"; Google, "Understand and count tokens"). Who is not listed counts about as OpenAI does.
var vendors = map[string]vendor{
	"anthropic": {ofImage: byArea, page: 2200, audioSecond: 32, videoSecond: 263},
	"google":    {ofImage: byCrops, page: 258, audioSecond: 32, videoSecond: 263},
	"openai":    {ofImage: byTiles, page: 1200, audioSecond: 10, videoSecond: 263},
}

func vendorOf(model string) vendor {
	for rest := model; rest != ""; { // gateway/anthropic/claude is Anthropic's
		creator, behind, _ := strings.Cut(rest, "/")
		if v, ok := vendors[creator]; ok {
			return v
		}
		rest = behind
	}
	return vendors["openai"]
}

// What an image is taken for that can't be measured.
const unknownSide = 1024

func (v vendor) image(m llm.Media) int64 {
	w, h, ok := sizeOf(m.Data)
	if !ok {
		w, h = unknownSide, unknownSide
	}
	return v.ofImage(float64(max(w, 1)), float64(max(h, 1)), m.Detail)
}

// byArea is a token for each 750 pixels, of what is left when the longer side is at most 1568 pixels and the whole no more
// than 1600 tokens.
func byArea(w, h float64, _ string) int64 {
	scale := min(1, 1568/max(w, h))
	return int64(min(math.Ceil(w*scale*h*scale/750), 1600))
}

// byTiles is 85 tokens and 170 for each tile of 512 pixels, of what is left within 2048 pixels with a shorter side of 768.
func byTiles(w, h float64, detail string) int64 {
	if detail == "low" {
		return 85
	}
	scale := min(1, 2048/max(w, h))
	w, h = w*scale, h*scale
	scale = min(1, 768/min(w, h))
	return 85 + 170*int64(math.Ceil(w*scale/512)*math.Ceil(h*scale/512))
}

// byCrops is 258 tokens for a small image, else for each crop.
func byCrops(w, h float64, _ string) int64 {
	const each = 258
	if w <= 384 && h <= 384 {
		return each
	}
	unit := min(max(math.Floor(min(w, h)/1.5), 256), 768)
	return each * min(int64(math.Ceil(w/unit)*math.Ceil(h/unit)), 64)
}

// sizeOf reads an image's size in pixels from its head.
func sizeOf(data []byte) (w, h int, ok bool) {
	if w, h, ok = webpSize(data); ok {
		return w, h, true
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	return c.Width, c.Height, err == nil
}

// webpSize reads the size of a WebP image (RFC 9649): lossy, lossless or extended.
func webpSize(b []byte) (w, h int, ok bool) {
	if len(b) < 30 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WEBP" {
		return 0, 0, false
	}
	switch string(b[12:16]) {
	case "VP8 ":
		return int(binary.LittleEndian.Uint16(b[26:]) & 0x3fff), int(binary.LittleEndian.Uint16(b[28:]) & 0x3fff), true
	case "VP8L":
		bits := binary.LittleEndian.Uint32(b[21:])
		return int(bits&0x3fff) + 1, int(bits>>14&0x3fff) + 1, true
	case "VP8X":
		return int(b[24]) | int(b[25])<<8 | int(b[26])<<16 + 1, int(b[27]) | int(b[28])<<8 | int(b[29])<<16 + 1, true
	}
	return 0, 0, false
}
