package sqlstore

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// A cursor is, in base64, the version, the kind's name and the parts of the
// last key, each with its length before it.

const cursorVersion = 1

func encodeCursor(t *rowTable, last encodedRow) string {
	b := appendPart([]byte{cursorVersion}, t.name)
	for i := range t.key {
		part, _ := last[i].(string)
		b = appendPart(b, part)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func appendPart(b []byte, part string) []byte {
	b = binary.AppendUvarint(b, uint64(len(part)))
	return append(b, part...)
}

// decodeCursor returns the key that the cursor holds, if it is one of a list of
// these rows under this filter.
func decodeCursor(cursor string, t *rowTable, f store.RowFilter) ([]string, error) {
	refused := violation(-1, "cursor", "must be one that this list gave")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) == 0 || b[0] != cursorVersion {
		return nil, refused
	}
	b = b[1:]
	var parts []string
	for len(b) > 0 {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > matcher.MaxIDBytes || n > uint64(len(b)-size) {
			return nil, refused
		}
		parts = append(parts, string(b[size:size+int(n)]))
		b = b[size+int(n):]
	}
	if len(parts) != 1+len(t.key) || parts[0] != t.name {
		return nil, refused
	}
	last := make(encodedRow, len(t.key))
	for i, column := range t.key {
		part := parts[1+i]
		last[i] = part
		if !matcher.ValidID(part) ||
			column == "student" && f.Student != "" && f.Student != part ||
			column == "opportunity" && f.Opportunity != "" && f.Opportunity != part {
			return nil, refused
		}
	}
	if encodeCursor(t, last) != cursor { // a length can be written in several ways
		return nil, refused
	}
	return parts[1:], nil
}
