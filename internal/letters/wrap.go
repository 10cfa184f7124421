package letters

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// width is how many characters a line has at most; a longer word stands alone.
const width = 72

// wrap wraps each line on its own. The lines that it goes on in are indented as
// it is, and by two more where it begins with "- ". Of several empty lines one
// stays, at the ends none.
func wrap(text string) string {
	var b strings.Builder
	blank := false
	for whole := range strings.SplitSeq(text, "\n") {
		words := strings.FieldsFunc(whole, separates)
		if len(words) == 0 {
			blank = b.Len() > 0
			continue
		}
		if blank {
			b.WriteByte('\n')
			blank = false
		}
		indent := whole[:len(whole)-len(strings.TrimLeft(whole, " "))]
		fill(&b, indent, words)
	}
	return b.String()
}

// separates is true of what may not stand in a line: a form feed, say, which
// ends a letter. A no-break space may.
func separates(c rune) bool {
	return c == ' ' || unicode.IsControl(c) || c == '\u2028' || c == '\u2029'
}

func fill(b *strings.Builder, indent string, words []string) {
	b.WriteString(indent)
	b.WriteString(words[0])
	column := len(indent) + utf8.RuneCountInString(words[0])
	if words[0] == "-" {
		indent += "  "
	}
	for _, w := range words[1:] {
		n := utf8.RuneCountInString(w)
		if column+1+n > width && column > len(indent) {
			b.WriteString("\n" + indent)
			column = len(indent)
		} else {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(w)
		column += n
	}
	b.WriteByte('\n')
}
