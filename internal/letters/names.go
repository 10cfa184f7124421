package letters

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// longest is how much of an id a file's name has.
const longest = 100

// Names names a file for each student. An id stays as it is where every file
// system takes it; else what it doesn't take becomes _, and a digest of the id
// follows. So it does for ids that differ in upper and lower case only.
func Names(ids []string) []string {
	folded := make(map[string]int, len(ids))
	for _, id := range ids {
		folded[strings.ToLower(id)]++
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		safe := strings.Map(portable, id)
		if len(safe) > longest {
			safe = safe[:longest]
		}
		if safe != id || strings.HasPrefix(id, ".") || reserved(id) || folded[strings.ToLower(id)] > 1 {
			digest := sha256.Sum256([]byte(id))
			safe = "_" + safe + "~" + hex.EncodeToString(digest[:8])
		}
		names[i] = safe + ".txt"
	}
	return names
}

func portable(c rune) rune {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		return c
	default:
		return '_'
	}
}

// reserved are the names of devices, whatever follows a dot.
func reserved(id string) bool {
	name, _, _ := strings.Cut(strings.ToUpper(id), ".")
	switch name {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(name) == 4 && (strings.HasPrefix(name, "COM") || strings.HasPrefix(name, "LPT")) && name[3] >= '0' && name[3] <= '9'
}
