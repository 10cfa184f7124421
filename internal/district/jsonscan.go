package district

import (
	"encoding/json"
	"strings"
)

// jsonScanner walks over a text that json.Valid has accepted, so that it need
// not expect anything else. encoding/json would take the last of two equal
// names in silence, where a row must be refused.
type jsonScanner struct {
	in string
	at int
}

// peek returns the first byte of the next token.
func (s *jsonScanner) peek() byte {
	for s.at < len(s.in) {
		switch b := s.in[s.at]; b {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return b
		}
	}
	return 0
}

// enter passes the bracket that opens an object or an array.
func (s *jsonScanner) enter() {
	s.peek()
	s.at++
}

// more reports whether another element follows before the closing bracket,
// which it passes, as it does with the comma.
func (s *jsonScanner) more(closing byte) bool {
	switch s.peek() {
	case closing:
		s.at++
		return false
	case ',':
		s.at++
		s.peek()
		return true
	case 0:
		return false
	default:
		return true
	}
}

// name reads the name of an object's element and passes the colon.
func (s *jsonScanner) name() string {
	s.peek()
	name := s.str()
	s.peek()
	s.at++
	return name
}

// scalar reads a string, or a literal as it is written.
func (s *jsonScanner) scalar() string {
	if s.peek() == '"' {
		return s.str()
	}
	l := s.literal()
	s.at += len(l)
	return l
}

// literal returns the number, true, false or null that comes next, and stays
// before it; of anything else, nothing.
func (s *jsonScanner) literal() string {
	s.peek()
	end := s.at
	for end < len(s.in) && strings.IndexByte(" \t\r\n,:\"{}[]", s.in[end]) < 0 {
		end++
	}
	return s.in[s.at:end]
}

func (s *jsonScanner) str() string {
	start := s.at
	escaped := s.passString()
	raw := s.in[start:s.at]
	if !escaped {
		return raw[1 : len(raw)-1]
	}
	var v string
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		return "" // not for a string that is valid
	}
	return v
}

// passString passes a string and reports whether it has escapes.
func (s *jsonScanner) passString() (escaped bool) {
	for s.at++; s.at < len(s.in); s.at++ {
		switch s.in[s.at] {
		case '\\':
			escaped = true
			s.at++
		case '"':
			s.at++
			return escaped
		}
	}
	return escaped
}

// skip passes a value, whatever it is.
func (s *jsonScanner) skip() {
	for depth := 0; ; {
		switch s.peek() {
		case 0:
			return
		case '"':
			s.passString()
		case '{', '[':
			depth++
			s.at++
			continue
		case '}', ']':
			depth--
			s.at++
		case ',', ':':
			s.at++
			continue
		default:
			s.at += len(s.literal())
		}
		if depth <= 0 {
			return
		}
	}
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// isInteger reports whether s is digits only.
func isInteger(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}
