// Package jsonc helps to edit JSON that people write, with comments and trailing commas, without touching what they wrote.
//
// It must not know what the text is for.
package jsonc

import "bytes"

// FirstLine is the part of white space and comments before its first line break outside block comments, without the break.
func FirstLine(extra []byte) []byte {
	for i := 0; i < len(extra); i++ {
		switch {
		case extra[i] == '\n':
			if i > 0 && extra[i-1] == '\r' {
				i--
			}
			return extra[:i]
		case bytes.HasPrefix(extra[i:], []byte("//")):
			end := bytes.IndexByte(extra[i:], '\n')
			if end < 0 {
				return extra
			}
			i += end - 1
		case bytes.HasPrefix(extra[i:], []byte("/*")):
			end := bytes.Index(extra[i+2:], []byte("*/"))
			if end < 0 {
				return extra
			}
			i += 2 + end + 1
		}
	}
	return extra
}
