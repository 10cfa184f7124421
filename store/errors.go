package store

import (
	"errors"
	"fmt"
)

// What a store's errors wrap. Anything else is a failure of the machine.
var (
	ErrNotFound      = errors.New("not found")
	ErrInvalid       = errors.New("invalid")
	ErrConflict      = errors.New("changed since it was read")
	ErrInUse         = errors.New("in use")
	ErrRequestReused = errors.New("the request id was used for another request")
	ErrEpoch         = errors.New("the epoch has not been issued")
	ErrTruncated     = errors.New("the change log no longer reaches back that far")
	ErrNotOffered    = errors.New("the opportunity is not published")
	ErrFull          = errors.New("no seat left")
	ErrAlreadyHeld   = errors.New("the student already holds a seat there")
	ErrAlreadyPlaced = errors.New("already placed")
	ErrOutOfDate     = errors.New("the draft is out of date")
	ErrErased        = errors.New("a student was erased meanwhile")
	ErrLocked        = errors.New("the store is in use by another process")
	ErrClosed        = errors.New("the store is closed")
	ErrDiskFull      = errors.New("the disk is full") // nothing was changed
)

// Violation is an ErrInvalid that says where: the place of the mutation, put
// or row in its batch (-1: the request as a whole, its settings included), the
// field, and the rule that it breaks.
type Violation struct {
	Index       int
	Field, Rule string
}

func (v *Violation) Error() string {
	if v.Index < 0 {
		return v.Field + ": " + v.Rule
	}
	return fmt.Sprintf("item %d: %s: %s", v.Index+1, v.Field, v.Rule)
}

// Unwrap makes errors.Is(v, ErrInvalid) hold.
func (v *Violation) Unwrap() error { return ErrInvalid }
