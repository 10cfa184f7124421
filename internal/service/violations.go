package service

import (
	"errors"
	"fmt"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

const (
	ruleID      = "must be 1 to 128 bytes of UTF-8 without control characters"
	ruleInteger = "must be an integer from 0 to 1,000,000"
	ruleGiven   = "must be given"
	ruleTwice   = "is listed twice"
)

// violation is a field, by its path in the request, and the rule that its value
// breaks. It never holds the value.
type violation struct{ field, rule string }

// violations collects findings: the first ones in full, the rest counted.
type violations struct {
	list  []violation
	count int
}

func (v *violations) add(field, rule string) {
	if v.count++; len(v.list) < maxViolations {
		v.list = append(v.list, violation{field, rule})
	}
}

func (v *violations) id(field, id string) {
	if !matcher.ValidID(id) {
		v.add(field, ruleID)
	}
}

func (v *violations) optionalID(field, id string) {
	if id != "" {
		v.id(field, id)
	}
}

// checkID is the error for a field that must be an id and isn't.
func checkID(field, id string) error {
	var v violations
	v.id(field, id)
	return v.err()
}

// under reports the fields of the message at path.
func (v *violations) under(path string) matcher.Report {
	return func(field, rule string) { v.add(path+"."+field, rule) }
}

// err is the error for all findings; nil if there are none.
func (v *violations) err() error {
	if v.count == 0 {
		return nil
	}
	message := v.list[0].field + ": " + v.list[0].rule
	if v.count > 1 {
		message += fmt.Sprintf(" (and %d more)", v.count-1)
	}
	return &failure{reason: reasonInvalidField, message: message, fields: v.list}
}

// located turns a violation that the store found in an item into one by the
// item's path in the request; other errors stay.
func located(err error, path func(index int) string) error {
	v, ok := errors.AsType[*store.Violation](err)
	if !ok || v.Index < 0 {
		return err
	}
	return invalid(path(v.Index)+"."+v.Field, v.Rule)
}
