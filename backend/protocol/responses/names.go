package responses

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxName bounds a tool's name and a call's id, in characters (API reference, "Create a model response").
const maxName = 64

// toolKind is which item a call of the tool is.
type toolKind uint8

const (
	functionTool toolKind = iota
	customTool
	searchTool // tool_search that the client runs itself
)

// ownName is a tool as the client named it.
type ownName struct {
	namespace, name string
	kind            toolKind
}

// names are the client's own names of its tools, by the one name that the vocabulary has.
type names map[string]ownName

// add gives the flat name of a tool. Two tools can't have the same, so the second gets a hash.
func (n names) add(own ownName) string {
	flat := flatten(own.namespace, own.name)
	if have, taken := n[flat]; taken && (have.namespace != own.namespace || have.name != own.name) {
		flat = shorten(flat, own.namespace+"\x00"+own.name, true)
	}
	n[flat] = own
	return flat
}

// find gives the flat name of a tool that a call in the history names.
func (n names) find(namespace, name string) string {
	flat := flatten(namespace, name)
	if have, ok := n[flat]; ok && (have.namespace != namespace || have.name != name) {
		return shorten(flat, namespace+"\x00"+name, true)
	}
	return flat
}

// flatten joins a namespace and a name, since no other dialect has namespaces. Codex ends some of them with "__".
func flatten(namespace, name string) string {
	if namespace == "" {
		return name
	}
	if !strings.HasSuffix(namespace, "__") {
		namespace += "__"
	}
	return shorten(namespace+name, namespace+"\x00"+name, false)
}

// shorten brings a name to maxName characters, its end a hash of seed.
func shorten(name, seed string, always bool) string {
	if len(name) <= maxName && !always {
		return name
	}
	sum := sha256.Sum256([]byte(seed))
	const tail = 9
	cut := min(len(name), maxName-tail)
	for cut > 0 && cut < len(name) && name[cut]&0xC0 == 0x80 { // not inside a character
		cut--
	}
	return name[:cut] + "_" + hex.EncodeToString(sum[:4])
}

// hashed is an id that is too long for a field, shortened the same way each time.
func hashed(prefix, id string) string {
	if len(id) <= maxName {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return prefix + hex.EncodeToString(sum[:20])
}
