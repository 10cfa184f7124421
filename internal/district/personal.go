package district

import (
	"slices"
	"strings"
	"unicode"
)

// Columns that identify a person don't belong into a file about students, who
// are known by an opaque key only.
var (
	personalNames = []string{
		"name", "fullname", "givenname", "familyname", "middlename", "preferredname",
		"nickname", "studentname", "displayname", "legalname", "parentname", "guardianname",
		"mail", "dob", "studentdob", "phone", "phonenumber", "telephone", "mobile", "cellphone",
		"address", "homeaddress", "street", "streetaddress", "ssn", "socialsecuritynumber",
	}
	personalParts = []struct{ part, word string }{
		{"email", "e-mail"},
		{"birthd", "birth date"},
		{"dateofbirth", "birth date"},
		{"firstname", "first name"},
		{"lastname", "last name"},
		{"surname", "surname"},
	}
)

// identifies returns which of the names above the column's name amounts to.
// What it returns is one of our own words: in JSONL a field's name may be data.
func identifies(column string) (string, bool) {
	plain := lettersOf(column)
	if slices.Contains(personalNames, plain) {
		return plain, true
	}
	for _, p := range personalParts {
		if strings.Contains(plain, p.part) {
			return p.word, true
		}
	}
	return "", false
}

// personalName reports whether the column's name is just one of the names above, so
// that showing it shows no data.
func personalName(column string) bool {
	plain := lettersOf(column)
	return slices.Contains(personalNames, plain) || slices.ContainsFunc(personalParts, func(p struct{ part, word string }) bool {
		return p.part == plain || lettersOf(p.word) == plain
	})
}

// lettersOf leaves the letters and digits, all of them small.
func lettersOf(column string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, column)
}
